#include "app/export_project.h"

#include <fmt/format.h>

#include "spec/import_config.h"
#include "store/projects.h"
#include "store/services.h"
#include "store/variables.h"

namespace croft {
namespace {

constexpr const char* kRedacted = "REDACTED";

spec::ImportService service_of(const Service& service, const std::vector<Variable>& variables,
                               bool reveal) {
  spec::ImportService out;
  out.hostname = service.hostname;
  out.type.text = service.type;
  out.type.type = spec::parse_type_ref(service.type).value_or(spec::TypeRef{});
  if (is_managed(service.category)) out.mode = spec::Mode::kSingle;
  out.enable_subdomain_access = service.subdomain_enabled;
  if (!is_managed(service.category)) {
    if (service.min_containers != 1) out.min_containers = service.min_containers;
    if (service.max_containers != service.min_containers)
      out.max_containers = service.max_containers;
  }
  if (service.env_isolation == EnvIsolation::kNone) out.env_isolation = spec::Isolation::kNone;
  for (const Variable& variable : variables) {
    if (variable.service_id != service.id) continue;
    if (variable.kind == VariableKind::kUser) {
      out.env_variables[variable.key] = variable.value.reveal();
    } else if (variable.kind == VariableKind::kSecret) {
      out.env_secrets[variable.key] = reveal ? variable.value : Secret(kRedacted);
    }
  }
  return out;
}

}  // namespace

Task<Result<std::string>> export_project(AppContext& context, Scope scope, ProjectId project,
                                         bool reveal) {
  co_return co_await context.store.read([&](const Tx& tx) -> Result<std::string> {
    auto row = get_project(tx, scope, project);
    if (!row) return fail(std::move(row).error());
    auto services = list_services(tx, scope, project);
    if (!services) return fail(std::move(services).error());
    auto variables = all_variables(tx, scope, project);
    if (!variables) return fail(std::move(variables).error());
    spec::ImportFile file;
    file.project.emplace();
    file.project->name = row->name;
    file.project->description = row->description;
    file.project->tags = row->tags;
    if (row->env_isolation == EnvIsolation::kNone) {
      file.project->env_isolation = spec::Isolation::kNone;
    }
    for (const Variable& variable : *variables) {
      if (!variable.service_id.empty()) continue;
      const bool hidden = variable.kind == VariableKind::kSecret && !reveal;
      file.project->env_variables[variable.key] = hidden ? kRedacted : variable.value.reveal();
    }
    for (const Service& service : *services) {
      file.services.push_back(service_of(service, *variables, reveal));
    }
    return spec::write_import(file);
  });
}

}  // namespace croft
