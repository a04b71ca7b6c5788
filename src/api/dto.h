// Objects as the API shows them: exactly the members that api/openapi.json lists (rule S4: nothing
// is serialised whole).
#pragma once

#include "app/auth/auth.h"
#include "app/variable_read.h"
#include "app/views.h"
#include "model/audit.h"
#include "model/event.h"
#include "model/node.h"

namespace croft {

boost::json::object user_json(const User& user);
boost::json::object token_json(const Token& token);
boost::json::object project_json(const ProjectView& view);
boost::json::object service_json(const ServiceView& view);
boost::json::object version_json(const VersionView& view);
boost::json::object process_json(const ProcessView& view);
boost::json::object variable_json(const VariableView& view);
boost::json::object changed_json(const VariablesChanged& changed);
boost::json::object event_json(const Event& event);
boost::json::object audit_json(const AuditEntry& entry);
boost::json::object node_json(const Node& node, Timestamp now);
// One line of a process's log, as a LogLine.
boost::json::object log_line_json(const ProcessLogLine& line);

// "2026-11-21T08:00:00.123Z", or null.
boost::json::value time_json(const std::optional<Timestamp>& time);

}  // namespace croft
