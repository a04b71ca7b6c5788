#include "app/resolve.h"

#include <fmt/format.h>

#include "model/variable.h"
#include "store/projects.h"
#include "store/services.h"

namespace croft {
namespace {

// What a caller wrote, fit for a message.
std::string shown(std::string_view text) {
  const std::string part(text.substr(0, 64));
  return is_valid_utf8(part) ? part : "?";
}

}  // namespace

Result<Project> find_project(const Tx& tx, const Scope& scope, std::string_view name_or_id) {
  if (valid_project_name(name_or_id)) {
    auto by_name = get_project_by_name(tx, scope, name_or_id);
    if (by_name || by_name.error().code() != ErrorCode::kNotFound) return by_name;
  }
  if (const auto id = ProjectId::parse(name_or_id)) return get_project(tx, scope, *id);
  return fail(ErrorCode::kNotFound,
              fmt::format("project {}: there is no such project; `croft project list` shows yours",
                          shown(name_or_id)));
}

Result<Service> find_service(const Tx& tx, const Scope& scope, const Project& project,
                             std::string_view hostname_or_id) {
  if (valid_hostname(hostname_or_id)) {
    auto by_name = get_service_by_hostname(tx, scope, project.id, hostname_or_id);
    if (by_name || by_name.error().code() != ErrorCode::kNotFound) return by_name;
  }
  if (const auto id = ServiceId::parse(hostname_or_id)) {
    auto by_id = get_service(tx, scope, *id);
    if (!by_id && by_id.error().code() != ErrorCode::kNotFound) return by_id;
    if (by_id && by_id->project_id == project.id) return by_id;
  }
  return fail(ErrorCode::kNotFound,
              fmt::format("service {}/{}: there is no such service; `croft service list` shows "
                          "those of the project",
                          project.name, shown(hostname_or_id)));
}

}  // namespace croft
