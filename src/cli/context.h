// Which server, as whom, in which project: the contexts file and the environment over it.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/json_codec.h"
#include "base/secret.h"
#include "cli/failure.h"
#include "cli/io.h"

namespace croft::cli {

// One server that somebody logged in to.
struct StoredContext {
  std::string name;   // unique in the file
  std::string url;    // http(s)://host[:port], without a trailing slash
  std::string token;  // empty after logout, or when CROFT_TOKEN is used with this server
  std::string user;
  std::string project;  // name; empty: none chosen
  std::string ca_file;  // to trust instead of the system's; empty: the system's
};
BOOST_DESCRIBE_STRUCT(StoredContext, (), (name, url, token, user, project, ca_file))

struct ContextFile {
  std::string current;
  std::vector<StoredContext> contexts;

  StoredContext* find(std::string_view name);
  StoredContext* find_url(std::string_view url);
};
BOOST_DESCRIBE_STRUCT(ContextFile, (), (current, contexts))

// $XDG_CONFIG_HOME/croft/contexts.json, else ~/.config/croft/contexts.json.
Outcome<std::filesystem::path> context_path(const Io& io);
// Empty when the file does not exist.
Outcome<ContextFile> load_contexts(const Io& io);
// Mode 0600, in a directory of mode 0700.
Outcome<void> save_contexts(const Io& io, const ContextFile& file);

// What a command works with.
struct Connection {
  std::string context;  // name of the stored context; empty: only the environment
  std::string url;
  Secret token;  // empty: not logged in
  std::string user;
  std::string project;  // empty: none chosen
  std::string ca_file;
};

// `context`: --context, may be empty. CROFT_URL, CROFT_TOKEN, CROFT_PROJECT and CROFT_CA_FILE win
// over the file. A token of the file is only ever sent to the URL it belongs to.
Outcome<Connection> resolve_connection(const Io& io, const std::string& context);

// "https://host:8443/" -> "https://host:8443"; a bare host gets https (http for a loopback one).
Outcome<std::string> normalise_url(std::string_view text);

}  // namespace croft::cli
