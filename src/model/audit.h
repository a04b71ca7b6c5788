// An audit entry: who did, or was refused, what. Append-only.
#pragma once

#include <cstdint>
#include <string>

#include "base/json_codec.h"
#include "model/ids.h"

namespace croft {

BOOST_DEFINE_ENUM_CLASS(AuditResult, kDone, kDenied, kFailed)

struct AuditEntry {
  std::int64_t number = 0;  // ascending
  Timestamp at;
  UserId user_id;        // empty: nobody known (a failed login) or croft itself
  std::string actor;     // the user's name at that time; "croft" for itself
  TokenId token_id;      // empty: none
  std::string action;    // "project.delete", "login"…
  ProjectId project_id;  // empty: none
  std::string object;    // what it was done to: "service shop/api"
  AuditResult result = AuditResult::kDone;
  std::string reason;  // of a refusal or failure
  std::string peer;    // address of the caller
  std::string request_id;
  std::string hash;  // links it to the entry before (store/audit_chain.h); set when it is appended
};
BOOST_DESCRIBE_STRUCT(AuditEntry, (),
                      (number, at, user_id, actor, token_id, action, project_id, object, result,
                       reason, peer, request_id, hash))

}  // namespace croft
