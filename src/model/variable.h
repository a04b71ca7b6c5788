// Environment variables of projects and services (zerops-30loops.md A4).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/json_codec.h"
#include "base/secret.h"
#include "model/ids.h"

namespace croft {

// kUser: set and read by users. kSecret: set by users, read by containers only. kGenerated: made by
// croft for a service (password, connectionString). kSystem: facts about the service (hostname,
// projectId). kYaml: from run.envVariables of the active version.
BOOST_DEFINE_ENUM_CLASS(VariableKind, kUser, kSecret, kGenerated, kSystem, kYaml)

inline constexpr std::size_t kMaxVariableKey = 255;
inline constexpr std::size_t kMaxVariableBytes = 64u << 10;  // one value
inline constexpr int kMaxVariables = 500;                    // of one project or service

struct Variable {
  VariableId id;
  ProjectId project_id;
  ServiceId service_id;  // empty: of the project
  std::string key;
  VariableKind kind = VariableKind::kUser;
  bool editable = true;   // false: a user cannot change the value
  bool deletable = true;  // false: a user cannot remove it
  std::int64_t generation = 1;
  Timestamp updated_at;
  Secret value;  // template with ${references}; not described, so no codec can write it
};
BOOST_DESCRIBE_STRUCT(Variable, (),
                      (id, project_id, service_id, key, kind, editable, deletable, generation,
                       updated_at))

// [a-zA-Z_][a-zA-Z0-9_]*, at most kMaxVariableKey; not PATH and not zerops… in any case (A4).
// kInvalid names the key and the rule.
Status check_variable_key(std::string_view key);
// UTF-8 without NUL, at most kMaxVariableBytes. Wider than A4's ASCII: newlines and Unicode arrive
// byte for byte. kInvalid or kTooLarge names the key, never the value.
Status check_variable_value(std::string_view key, std::string_view value);
// How two keys are compared for uniqueness: ASCII lower case.
std::string folded_key(std::string_view key);
bool is_valid_utf8(std::string_view text);

}  // namespace croft
