#include "cli/context.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/file.h"
#include "net/url.h"

namespace croft::cli {
namespace {

bool is_loopback(std::string_view host) {
  return host == "localhost" || host == "::1" || host.starts_with("127.") ||
         host.ends_with(".localhost");
}

}  // namespace

StoredContext* ContextFile::find(std::string_view name) {
  const auto found = std::ranges::find(contexts, name, &StoredContext::name);
  return found == contexts.end() ? nullptr : &*found;
}

StoredContext* ContextFile::find_url(std::string_view url) {
  // The current one first: two contexts may be two users of one server.
  StoredContext* chosen = find(current);
  if (chosen != nullptr && chosen->url == url) return chosen;
  const auto found = std::ranges::find(contexts, url, &StoredContext::url);
  return found == contexts.end() ? nullptr : &*found;
}

Outcome<std::filesystem::path> context_path(const Io& io) {
  std::filesystem::path base = io.variable("XDG_CONFIG_HOME");
  if (base.empty() && !io.variable("HOME").empty()) {
    base = std::filesystem::path(io.variable("HOME")) / ".config";
  }
  // The XDG rule: a relative path there is to be ignored.
  if (base.empty() || base.is_relative()) {
    return stop_usage("no place for the contexts file: neither XDG_CONFIG_HOME nor HOME is set",
                      "set HOME, or use CROFT_URL and CROFT_TOKEN without a login");
  }
  return base / "croft" / "contexts.json";
}

Outcome<ContextFile> load_contexts(const Io& io) {
  const auto path = context_path(io);
  if (!path) return ContextFile{};
  auto text = read_file(*path, 1u << 20);
  if (!text && text.error().code() == ErrorCode::kNotFound) return ContextFile{};
  CLI_TRY(text);
  auto file = from_json_text<ContextFile>(*text);
  if (file) return std::move(*file);
  return stop(
      {Error(ErrorCode::kFailed, fmt::format("{}: {}", path->string(), file.error().message())),
       kExitFailure, "repair or delete that file, then log in again"});
}

Outcome<void> save_contexts(const Io& io, const ContextFile& file) {
  CLI_LET(path, context_path(io));
  CLI_TRY(make_directories(path.parent_path(), 0700));
  CLI_TRY(write_file_atomically(path, to_json_text(file) + "\n", 0600));
  return {};
}

Outcome<Connection> resolve_connection(const Io& io, const std::string& context) {
  CLI_LET(file, load_contexts(io));
  Connection connection;
  std::string env_url = io.variable("CROFT_URL");
  StoredContext* stored = nullptr;
  if (!context.empty()) {
    stored = file.find(context);
    if (stored == nullptr) {
      return stop({Error(ErrorCode::kNotFound, fmt::format("context {}: no such context", context)),
                   kExitNotFound, "croft context list"});
    }
    env_url.clear();  // a flag is nearer than the environment
  } else if (!env_url.empty()) {
    CLI_LET(url, normalise_url(env_url));
    env_url = url;
    stored = file.find_url(env_url);
  } else {
    stored = file.find(file.current);
  }
  if (stored != nullptr) {
    connection = {stored->name, stored->url,     Secret(stored->token),
                  stored->user, stored->project, stored->ca_file};
  }
  if (!env_url.empty()) connection.url = env_url;
  const std::string token = context.empty() ? io.variable("CROFT_TOKEN") : "";
  if (!token.empty()) connection.token = Secret(token);
  const std::string project = io.variable("CROFT_PROJECT");
  if (!project.empty()) connection.project = project;
  const std::string ca_file = io.variable("CROFT_CA_FILE");
  if (!ca_file.empty()) connection.ca_file = ca_file;
  return connection;
}

Outcome<std::string> normalise_url(std::string_view text) {
  std::string url(text);
  if (url.find("://") == std::string::npos) {
    const auto bare = Url::parse("https://" + url);
    url = (bare && is_loopback(bare->host) ? "http://" : "https://") + url;
  }
  const auto parsed = Url::parse(url);
  if (!parsed || (parsed->scheme != "http" && parsed->scheme != "https")) {
    return stop_usage(fmt::format("{}: not the address of a croft server", text),
                      "give it like https://croft.example.com or http://127.0.0.1:8080");
  }
  while (url.ends_with('/')) url.pop_back();
  return url;
}

}  // namespace croft::cli
