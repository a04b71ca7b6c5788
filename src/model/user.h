// People, and the tokens that act for them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json_codec.h"
#include "model/ids.h"

namespace croft {

// kOwner sees and may do everything; kMember sees the projects they are a member of.
BOOST_DEFINE_ENUM_CLASS(UserRole, kOwner, kMember)

struct User {
  UserId id;
  std::string name;  // unique regardless of case; see valid_user_name
  UserRole role = UserRole::kMember;
  Timestamp created_at;
};
BOOST_DESCRIBE_STRUCT(User, (), (id, name, role, created_at))

// kSession: made by a login, ended by a logout. kPersonal: made by its user for a program.
BOOST_DEFINE_ENUM_CLASS(TokenKind, kSession, kPersonal)
// Each includes those before it. kDeploy: deploy, roll back, restart. kWrite: change, exec, reveal
// values. kAdmin: everything its user may do.
BOOST_DEFINE_ENUM_CLASS(TokenScope, kRead, kDeploy, kWrite, kAdmin)

inline constexpr const char* kTokenPrefix = "croft_";  // what secret scanners look for

struct Token {
  TokenId id;
  UserId user_id;
  TokenKind kind = TokenKind::kPersonal;
  std::string name;
  std::string hint;  // the first characters of the token, to recognise it: "croft_3fA9…"
  std::vector<TokenScope> scopes;
  ProjectId project_id;  // empty: every project of its user
  Timestamp created_at;
  std::optional<Timestamp> expires_at;
  std::optional<Timestamp> last_used_at;  // to the minute
  std::optional<Timestamp> revoked_at;
};
BOOST_DESCRIBE_STRUCT(Token, (),
                      (id, user_id, kind, name, hint, scopes, project_id, created_at, expires_at,
                       last_used_at, revoked_at))

// [a-z0-9._@+-], case-insensitive, starting with a letter or digit, 1..64 characters: a name or an
// e-mail address.
bool valid_user_name(std::string_view name);

}  // namespace croft
