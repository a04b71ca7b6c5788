#include "cli/session.h"

#include <fmt/format.h>

#include "cli/text.h"
#include "spec/suggest.h"

namespace croft::cli {

Session::Session(Io& io, GlobalOptions options)
    : io_(io), options_(std::move(options)), out_(io, options_.json, options_.no_color) {
  out_.set_quiet(options_.quiet);
}

Outcome<const Connection*> Session::connection() {
  if (!connection_) {
    CLI_LET(resolved, resolve_connection(io_, options_.context));
    connection_ = std::move(resolved);
  }
  return &*connection_;
}

Outcome<Api*> Session::api_without_login() {
  if (api_) return api_.get();
  CLI_LET(found, connection());
  if (found->url.empty()) {
    return stop({Error(ErrorCode::kUnauthenticated, "no server chosen"), kExitAuth,
                 "croft login URL, or set CROFT_URL and CROFT_TOKEN"});
  }
  api_ = std::make_unique<Api>(*found);
  return api_.get();
}

Outcome<Api*> Session::api() {
  CLI_LET(client, api_without_login());
  CLI_LET(found, connection());
  if (found->token.empty()) {
    return stop({Error(ErrorCode::kUnauthenticated, fmt::format("{}: not logged in", found->url)),
                 kExitAuth, fmt::format("croft login {}, or set CROFT_TOKEN", found->url)});
  }
  return client;
}

Outcome<std::string> Session::project() {
  if (!options_.project.empty()) return options_.project;
  CLI_LET(found, connection());
  if (!found->project.empty()) return found->project;
  CLI_LET(client, api());
  CLI_LET(projects, client->list("/projects", {}, 2));
  if (projects.size() == 1) {
    CLI_LET(only, decode<ApiProject>(projects.front()));
    return only.name;
  }
  if (projects.empty()) {
    return stop_usage("no project chosen, and there is none yet",
                      "croft project create NAME, or croft project import FILE");
  }
  return stop_usage("no project chosen",
                    "croft context use PROJECT, or give --project NAME (croft project list)");
}

Outcome<ServiceName> Session::service_name(const std::string& text) {
  const auto slash = text.find('/');
  if (slash != std::string::npos) {
    ServiceName name{text.substr(0, slash), text.substr(slash + 1)};
    if (name.project.empty() || name.hostname.empty() ||
        name.hostname.find('/') != std::string::npos) {
      return stop_usage(fmt::format("{}: not a service; give hostname or project/hostname", text));
    }
    return name;
  }
  if (text.empty()) return stop_usage("the service's name is empty");
  auto chosen = project();
  if (chosen) return ServiceName{*chosen, text};
  Failure failure = std::move(chosen).error();
  const std::string hint = hint_for_project(text);
  if (!hint.empty()) failure.hint = hint;
  return stop(std::move(failure));
}

std::string Session::hint_for_project(const std::string& text) {
  auto client = api();
  if (!client || !(*client)->get(project_path(text))) return {};
  return fmt::format("{0} is a project: give --project {0}, or {0}/SERVICE", text);
}

std::vector<std::string> Session::service_hostnames(const std::string& project) {
  std::vector<std::string> names;
  auto client = api();
  if (!client) return names;
  auto items = (*client)->list(project_path(project, "/services"));
  if (!items) return names;
  for (const auto& item : *items) {
    if (auto service = decode<ApiService>(item)) names.push_back(service->hostname);
  }
  return names;
}

Outcome<ApiService> Session::service(const ServiceName& name, boost::json::value* raw) {
  CLI_LET(client, api());
  auto found = client->get(service_path(name));
  if (!found) {
    Failure failure = std::move(found).error();
    if (failure.exit == kExitNotFound) {
      const auto names = service_hostnames(name.project);
      const std::string near = spec::nearest(name.hostname, names);
      const std::string other = near.empty() ? hint_for_project(name.hostname) : "";
      if (!other.empty()) {
        failure.hint = other;
      } else if (!near.empty()) {
        failure.hint = fmt::format("did you mean {}/{}?", name.project, near);
      } else {
        failure.hint = names.empty() ? "croft project list"
                                     : fmt::format("croft service list --project {}", name.project);
      }
    }
    return stop(std::move(failure));
  }
  if (raw != nullptr) *raw = *found;
  return decode<ApiService>(*found);
}

std::string Session::time_text(const std::optional<std::string>& rfc3339) const {
  if (!rfc3339 || rfc3339->empty()) return "-";
  const auto time = parse_rfc3339(*rfc3339);
  if (!time || !io_.out_is_terminal) return *rfc3339;
  return relative_time(*time, now());
}

std::string project_path(std::string_view project, std::string_view rest) {
  return path_of({"projects", project}) + std::string(rest);
}

std::string service_path(const ServiceName& name, std::string_view rest) {
  return path_of({"projects", name.project, "services", name.hostname}) + std::string(rest);
}

}  // namespace croft::cli
