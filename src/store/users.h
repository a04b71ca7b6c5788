// Users. A user's scope sees that user only; owners and the platform see all.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/secret.h"
#include "model/user.h"
#include "store/tx.h"

namespace croft {

struct NewUser {
  std::string name;  // valid_user_name
  UserRole role = UserRole::kMember;
  Secret password_hash;  // argon2id, libsodium's string form
};

struct UserWithPassword {
  User user;
  Secret password_hash;
};

// kConflict: the name is taken.
Result<User> create_user(Tx& tx, const Scope& scope, const NewUser& wanted);
Result<User> get_user(const Tx& tx, const Scope& scope, const UserId& id);
// Regardless of case.
Result<UserWithPassword> get_user_by_name(const Tx& tx, const Scope& scope, std::string_view name);
// By name; `after` is a folded name.
Result<Paged<User>> list_users(const Tx& tx, const Scope& scope, const Page& page);
Result<std::int64_t> count_users(const Tx& tx, const Scope& scope);
// Also ends the user's sessions (rule A14 of the abuse cases).
Status set_password(Tx& tx, const Scope& scope, const UserId& id, const Secret& password_hash);
// With tokens and memberships. kConflict: the last owner.
Status delete_user(Tx& tx, const Scope& scope, const UserId& id);

}  // namespace croft
