#include "api/dto.h"

namespace croft {
namespace {

constexpr Millis kNodeSilence{20'000};  // an agent reports every 5 s

boost::json::value error_json(const std::optional<ProcessError>& error) {
  if (!error) return nullptr;
  return {{"code", error->code},
          {"message", error->message},
          {"step", error->step},
          {"command", error->command},
          {"exit_code", to_json(error->exit_code)},
          {"last_lines", to_json(error->last_lines)}};
}

boost::json::array steps_json(const std::vector<ProcessStep>& steps) {
  boost::json::array array;
  for (const ProcessStep& step : steps) {
    array.push_back({{"name", step.name},
                     {"status", enum_to_string(step.status)},
                     {"started_at", time_json(step.started_at)},
                     {"finished_at", time_json(step.finished_at)}});
  }
  return array;
}

// Step names of deployments whose lines come from what runs in build containers.
bool is_build_step(const std::string& step) {
  return step == "build" || step == "image";
}

std::string node_status(const Node& node, Timestamp now) {
  if (!node.last_seen_at) return "unknown";
  return now - *node.last_seen_at <= kNodeSilence ? "ready" : "down";
}

}  // namespace

boost::json::value time_json(const std::optional<Timestamp>& time) {
  if (!time) return nullptr;
  return boost::json::string(format_rfc3339(*time));
}

boost::json::object user_json(const User& user) {
  return {{"id", user.id.str()},
          {"name", user.name},
          {"role", enum_to_string(user.role)},
          {"created_at", format_rfc3339(user.created_at)}};
}

boost::json::object token_json(const Token& token) {
  return {{"id", token.id.str()},
          {"user_id", token.user_id.str()},
          {"kind", enum_to_string(token.kind)},
          {"name", token.name},
          {"hint", token.hint},
          {"scopes", to_json(token.scopes)},
          {"project_id", token.project_id.str()},
          {"created_at", format_rfc3339(token.created_at)},
          {"expires_at", time_json(token.expires_at)},
          {"last_used_at", time_json(token.last_used_at)},
          {"revoked_at", time_json(token.revoked_at)}};
}

boost::json::object project_json(const ProjectView& view) {
  const Project& project = view.project;
  return {{"id", project.id.str()},
          {"name", project.name},
          {"description", project.description},
          {"status", enum_to_string(project.status)},
          {"tags", to_json(project.tags)},
          {"env_isolation", enum_to_string(project.env_isolation)},
          {"network_number", project.network_number},
          {"generation", project.generation},
          {"created_at", format_rfc3339(project.created_at)},
          {"service_count", view.service_count}};
}

boost::json::object service_json(const ServiceView& view) {
  const Service& service = view.service;
  return {{"id", service.id.str()},
          {"project_id", service.project_id.str()},
          {"project", view.project},
          {"hostname", service.hostname},
          {"type", service.type},
          {"category", enum_to_string(service.category)},
          {"status", enum_to_string(service.status)},
          {"status_detail", view.status_detail},
          {"index", service.index},
          {"min_containers", service.min_containers},
          {"max_containers", service.max_containers},
          {"containers", service.containers},
          {"ready_containers", view.ready_containers},
          {"subdomain_enabled", service.subdomain_enabled},
          {"env_isolation", enum_to_string(service.env_isolation)},
          {"ports", to_json(service.ports)},
          {"active_version_id", service.active_version_id.str()},
          {"active_version", view.active_version},
          {"urls", to_json(view.urls)},
          {"generation", service.generation},
          {"created_at", format_rfc3339(service.created_at)}};
}

boost::json::object version_json(const VersionView& view) {
  const Version& version = view.version;
  return {{"id", version.id.str()},
          {"service_id", version.service_id.str()},
          {"project_id", version.project_id.str()},
          {"number", version.number},
          {"name", version.name},
          {"status", enum_to_string(version.status)},
          {"source", enum_to_string(version.source)},
          {"setup", version.setup},
          {"source_bytes", version.source_bytes},
          {"bundle_bytes", version.bundle_bytes},
          {"generation", version.generation},
          {"created_by", view.created_by},
          {"created_at", format_rfc3339(version.created_at)},
          {"activated_at", time_json(version.activated_at)}};
}

boost::json::object process_json(const ProcessView& view) {
  const Process& process = view.process;
  return {{"id", process.id.str()},
          {"number", process.number},
          {"kind", process.kind},
          {"status", enum_to_string(process.status)},
          {"step", process.step},
          {"steps", steps_json(process.steps)},
          {"progress", process.progress},
          {"error", error_json(process.error)},
          {"result", process.result},
          {"project_id", process.project_id.str()},
          {"project", view.project},
          {"service_id", process.service_id.str()},
          {"service", view.service},
          {"version_id", view.version_id},
          {"parent_id", process.parent_id.str()},
          {"cancellable", process.cancellable && !is_finished(process.status)},
          {"actor", view.actor},
          {"request_id", process.request_id},
          {"created_at", format_rfc3339(process.created_at)},
          {"started_at", time_json(process.started_at)},
          {"finished_at", time_json(process.finished_at)}};
}

boost::json::object variable_json(const VariableView& view) {
  const Variable& variable = view.variable;
  boost::json::object object{{"key", variable.key},
                             {"value", nullptr},
                             {"kind", enum_to_string(variable.kind)},
                             {"editable", variable.editable},
                             {"deletable", variable.deletable},
                             {"updated_at", format_rfc3339(variable.updated_at)}};
  if (!view.masked) object["value"] = variable.value.reveal();
  return object;
}

boost::json::object changed_json(const VariablesChanged& changed) {
  return {{"changed", to_json(changed.changed)},
          {"removed", to_json(changed.removed)},
          {"restart_needed", to_json(changed.restart_needed)}};
}

boost::json::object event_json(const Event& event) {
  return {{"id", event.id},
          {"type", event.type},
          {"at", format_rfc3339(event.at)},
          {"project_id", event.project_id.str()},
          {"data", event.data}};
}

boost::json::object audit_json(const AuditEntry& entry) {
  return {{"number", entry.number},
          {"at", format_rfc3339(entry.at)},
          {"actor", entry.actor},
          {"user_id", entry.user_id.str()},
          {"token_id", entry.token_id.str()},
          {"action", entry.action},
          {"project_id", entry.project_id.str()},
          {"object", entry.object},
          {"result", enum_to_string(entry.result)},
          {"reason", entry.reason},
          {"peer", entry.peer},
          {"request_id", entry.request_id},
          {"hash", entry.hash}};
}

boost::json::object node_json(const Node& node, Timestamp now) {
  return {{"id", node.id.str()},
          {"name", node.name},
          {"zone", node.zone},
          {"address", node.address},
          {"status", node_status(node, now)},
          {"last_seen_at", time_json(node.last_seen_at)}};
}

boost::json::object log_line_json(const ProcessLogLine& line) {
  return {{"id", std::to_string(line.seq)},
          {"ts", format_rfc3339(line.at)},
          {"stream", is_build_step(line.step) ? "build" : "system"},
          {"step", line.step},
          {"line", line.text}};
}

}  // namespace croft
