#include "app/auth/actor.h"

#include <fmt/format.h>

#include <algorithm>

#include "store/audit.h"

namespace croft {
namespace {

TokenScope needed_scope(Action action) {
  switch (action) {
    case Action::kRead:
      return TokenScope::kRead;
    case Action::kDeploy:
      return TokenScope::kDeploy;
    case Action::kWrite:
    case Action::kCreateProject:
      return TokenScope::kWrite;
    case Action::kAdmin:
      return TokenScope::kAdmin;
  }
  return TokenScope::kAdmin;
}

}  // namespace

TokenScope highest_scope(const Token& token) {
  TokenScope highest = TokenScope::kRead;
  for (const TokenScope scope : token.scopes) highest = std::max(highest, scope);
  return highest;
}

Status authorize(const Actor& actor, Action action, const ProjectId& project) {
  if (!project.empty() && !actor.scope.sees(project)) {
    return fail(
        ErrorCode::kNotFound,
        fmt::format("project {}: there is no such project; `croft project list` shows yours",
                    project.str()));
  }
  const TokenScope needed = needed_scope(action);
  if (actor.token.scopes.empty() || highest_scope(actor.token) < needed) {
    return fail(ErrorCode::kForbidden,
                fmt::format("the token \"{}\" lacks the scope {}; use one that has it",
                            actor.token.name, enum_to_string(needed)));
  }
  if (action == Action::kCreateProject && !actor.token.project_id.empty()) {
    return fail(ErrorCode::kForbidden,
                fmt::format("the token \"{}\" is limited to one project and cannot create another; "
                            "use one that is not",
                            actor.token.name));
  }
  if (action == Action::kAdmin &&
      (actor.user.role != UserRole::kOwner || !actor.token.project_id.empty())) {
    return fail(ErrorCode::kForbidden,
                "only an owner of the platform may do this, with a token that is not limited to a "
                "project");
  }
  return {};
}

Status audit_done(Tx& tx, const Actor& actor, std::string_view action, const ProjectId& project,
                  std::string_view object) {
  return append_audit(tx, actor.scope,
                      {.user_id = actor.user.id,
                       .actor = actor.user.name,
                       .token_id = actor.token.id,
                       .action = std::string(action),
                       .project_id = project,
                       .object = std::string(object),
                       .result = AuditResult::kDone,
                       .peer = actor.peer,
                       .request_id = actor.request_id});
}

}  // namespace croft
