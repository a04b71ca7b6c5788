// Who asks, and the one place that says what they may do.
#pragma once

#include <string>
#include <string_view>

#include "model/user.h"
#include "store/scope.h"
#include "store/tx.h"

namespace croft {

// One authenticated request.
struct Actor {
  User user;
  Token token;
  Scope scope;             // what the user may see, limited by the token
  std::string peer;        // address the request came from
  std::string request_id;  // names it in log and audit
};

enum class Action : std::uint8_t {
  kRead,           // look
  kDeploy,         // deploy, roll back, restart, cancel that
  kWrite,          // change, exec, reveal values
  kCreateProject,  // kWrite, with a token that is not limited to a project
  kAdmin,          // platform-wide: an owner with an unlimited token
};

// kNotFound when `project` (empty: none in particular) is not the actor's to see, exactly as for a
// missing one; kForbidden when the token's scopes do not allow it.
Status authorize(const Actor& actor, Action action, const ProjectId& project);

// The highest scope of a token; each includes those below.
TokenScope highest_scope(const Token& token);

// An audit entry of what `actor` did, in the transaction that did it.
Status audit_done(Tx& tx, const Actor& actor, std::string_view action, const ProjectId& project,
                  std::string_view object);

}  // namespace croft
