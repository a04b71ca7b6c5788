#include "app/service_rows.h"

#include <fmt/format.h>

#include <algorithm>

#include "model/variable.h"
#include "store/services.h"
#include "store/variables.h"

namespace croft {
namespace {

Status add_generated(Tx& tx, const Scope& scope, const Service& service,
                     const catalog::ServiceType& type) {
  for (const catalog::VariableTemplate& wanted : type.variables) {
    std::string value = wanted.value;
    if (wanted.generate > 0) {
      value = tx.random().base62(static_cast<std::size_t>(wanted.generate));
    }
    CROFT_TRY(set_variable(tx, scope,
                           {.project_id = service.project_id,
                            .service_id = service.id,
                            .key = wanted.name,
                            .value = Secret(std::move(value)),
                            .kind = VariableKind::kGenerated,
                            // Passwords may be changed, though the database is not told (A3).
                            .editable = wanted.generate > 0,
                            .deletable = false}));
  }
  return {};
}

Status add_given(Tx& tx, const Scope& scope, const Service& service, const std::string& key,
                 const Secret& value, VariableKind kind) {
  CROFT_TRY(check_variable_key(key));
  CROFT_TRY(check_variable_value(key, value.reveal()));
  CROFT_TRY(set_variable(tx, scope,
                         {.project_id = service.project_id,
                          .service_id = service.id,
                          .key = key,
                          .value = value,
                          .kind = kind}));
  return {};
}

}  // namespace

Result<Service> create_service_rows(Tx& tx, const Scope& scope, const Project& project,
                                    const ServiceWish& wish) {
  if (!valid_hostname(wish.hostname)) {
    return fail(
        ErrorCode::kInvalid,
        fmt::format("hostname '{}' is not allowed: lower-case letters and digits, beginning "
                    "with a letter, at most {}",
                    wish.hostname, kMaxHostname));
  }
  const catalog::ServiceType& type = *wish.type.type;
  const bool managed = is_managed(type.category);
  NewService row;
  row.project_id = project.id;
  row.hostname = wish.hostname;
  row.type = wish.type.canonical();
  row.category = type.category;
  row.status = managed ? ServiceStatus::kCreating : ServiceStatus::kReadyToDeploy;
  row.min_containers = managed ? 1 : wish.min_containers;
  row.max_containers = managed ? 1 : std::max(wish.min_containers, wish.max_containers);
  row.containers = row.min_containers;
  row.subdomain_enabled = !managed && wish.subdomain_enabled;
  row.env_isolation = wish.env_isolation;
  if (!managed) row.ports = wish.ports;
  if (row.ports.empty()) {
    for (const catalog::TypePort& port : type.ports) row.ports.push_back(port.port);
  }
  auto service = create_service(tx, scope, row);
  if (!service) return service;
  CROFT_TRY(add_generated(tx, scope, *service, type));
  for (const auto& [key, value] : wish.variables) {
    CROFT_TRY(add_given(tx, scope, *service, key, Secret(value), VariableKind::kUser));
  }
  for (const auto& [key, value] : wish.secrets) {
    CROFT_TRY(add_given(tx, scope, *service, key, value, VariableKind::kSecret));
  }
  return service;
}

}  // namespace croft
