// What one run of a command has at hand.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "cli/api_types.h"
#include "cli/client.h"
#include "cli/command.h"
#include "cli/context.h"
#include "cli/io.h"
#include "cli/output.h"

namespace croft::cli {

// Values of the options that every command takes.
struct GlobalOptions {
  bool json = false;
  bool no_color = false;
  bool no_input = false;
  bool quiet = false;
  std::string project;
  std::string context;
};

// A service by project and hostname (or ids).
struct ServiceName {
  std::string project;
  std::string hostname;

  std::string text() const { return project + "/" + hostname; }
};

class Session {
 public:
  Session(Io& io, GlobalOptions options);

  Io& io() { return io_; }
  Output& out() { return out_; }
  const GlobalOptions& options() const { return options_; }
  // May ask questions: standard input is a terminal and --no-input was not given.
  bool interactive() const { return io_.in_is_terminal && !options_.no_input; }
  Timestamp now() const { return system_now(); }

  Outcome<const Connection*> connection();
  // Fails with exit 3 when there is no server or no token.
  Outcome<Api*> api();
  // The same without the need for a token.
  Outcome<Api*> api_without_login();

  // --project, CROFT_PROJECT, the context's, or the only one there is; a usage failure otherwise.
  Outcome<std::string> project();
  // "hostname" in project(), or "project/hostname".
  Outcome<ServiceName> service_name(const std::string& text);
  // The service as the server knows it; one that does not exist is answered with the nearest.
  Outcome<ApiService> service(const ServiceName& name, boost::json::value* raw = nullptr);
  std::vector<std::string> service_hostnames(const std::string& project);

  // What to type instead of `text`, which names a project where a service was meant; empty when it
  // names none.
  std::string hint_for_project(const std::string& text);

  // RFC 3339 text as "5m ago" on a terminal, as it is elsewhere.
  std::string time_text(const std::optional<std::string>& rfc3339) const;

 private:
  Io& io_;
  GlobalOptions options_;
  Output out_;
  std::optional<Connection> connection_;
  std::unique_ptr<Api> api_;
};

// /projects/P/services/H plus `rest` ("/logs"; may be empty).
std::string service_path(const ServiceName& name, std::string_view rest = {});
std::string project_path(std::string_view project, std::string_view rest = {});

}  // namespace croft::cli
