// Objects of the API: users, projects, services, versions, instances, variables.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/json_codec.h"

namespace croft::cli {

struct ApiField {
  std::string pointer, message, file;
  int line = 0, column = 0;
};
BOOST_DESCRIBE_STRUCT(ApiField, (), (pointer, message, file, line, column))

struct ApiProblem {
  std::string title, detail, code, request_id;
  std::vector<ApiField> errors;
};
BOOST_DESCRIBE_STRUCT(ApiProblem, (), (title, detail, code, request_id, errors))

struct ApiUser {
  std::string id, name, role;
};
BOOST_DESCRIBE_STRUCT(ApiUser, (), (id, name, role))

struct ApiLogin {
  std::string token;
  ApiUser user;
};
BOOST_DESCRIBE_STRUCT(ApiLogin, (), (token, user))

struct ApiToken {
  std::string id, name, hint;
  std::vector<std::string> scopes;
  std::optional<std::string> expires_at;
};
BOOST_DESCRIBE_STRUCT(ApiToken, (), (id, name, hint, scopes, expires_at))

struct ApiWhoami {
  ApiUser user;
  ApiToken token;
  std::string install_id, server_version;
};
BOOST_DESCRIBE_STRUCT(ApiWhoami, (), (user, token, install_id, server_version))

struct ApiProject {
  std::string id, name, description, status, created_at, env_isolation;
  std::vector<std::string> tags;
  int service_count = 0;
};
BOOST_DESCRIBE_STRUCT(ApiProject, (),
                      (id, name, description, status, created_at, env_isolation, tags,
                       service_count))

struct ApiPort {
  int port = 0;
  std::string protocol;
  bool http = false;
};
BOOST_DESCRIBE_STRUCT(ApiPort, (), (port, protocol, http))

struct ApiService {
  std::string id, project_id, project, hostname, type, category, status, status_detail, created_at;
  int containers = 0, ready_containers = 0, min_containers = 0, max_containers = 0;
  int active_version = 0;
  std::string active_version_id;
  std::vector<ApiPort> ports;
  std::vector<std::string> urls;
};
BOOST_DESCRIBE_STRUCT(ApiService, (),
                      (id, project_id, project, hostname, type, category, status, status_detail,
                       created_at, containers, ready_containers, min_containers, max_containers,
                       active_version, active_version_id, ports, urls))

struct ApiVersion {
  std::string id, name, status, source, setup, created_at, created_by;
  std::optional<std::string> activated_at;
  int number = 0;
};
BOOST_DESCRIBE_STRUCT(ApiVersion, (),
                      (id, name, status, source, setup, created_at, created_by, activated_at,
                       number))

struct ApiInstance {
  std::string id, service, name, node, state, duty, detail;
  std::optional<std::string> started_at;
  int version = 0, restarts = 0;
  bool in_rotation = false;
};
BOOST_DESCRIBE_STRUCT(ApiInstance, (),
                      (id, service, name, node, state, duty, detail, started_at, version, restarts,
                       in_rotation))

struct ApiNode {
  std::string id, name, zone, address, status;
  std::optional<std::string> last_seen_at;
};
BOOST_DESCRIBE_STRUCT(ApiNode, (), (id, name, zone, address, status, last_seen_at))

struct ApiTypeVersion {
  std::string version;
};
BOOST_DESCRIBE_STRUCT(ApiTypeVersion, (), (version))

struct ApiServiceType {
  std::string name, description;
  std::vector<ApiTypeVersion> versions;
};
BOOST_DESCRIBE_STRUCT(ApiServiceType, (), (name, description, versions))

struct ApiVariable {
  std::string key, kind;
  std::optional<std::string> value;
};
BOOST_DESCRIBE_STRUCT(ApiVariable, (), (key, kind, value))

struct ApiVariablesChanged {
  std::vector<std::string> changed, removed, restart_needed;
};
BOOST_DESCRIBE_STRUCT(ApiVariablesChanged, (), (changed, removed, restart_needed))

}  // namespace croft::cli
