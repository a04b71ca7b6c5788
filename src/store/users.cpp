#include "store/users.h"

#include "model/variable.h"
#include "store/columns.h"

namespace croft {
namespace {

#define CROFT_USER_COLUMNS "id, name, role, created_at"

User user_at(const SqlRow& row) {
  return {.id = id_at<UserId>(row, 0),
          .name = row.text(1),
          .role = enum_at<UserRole>(row, 2),
          .created_at = time_at(row, 3)};
}

tl::unexpected<Error> no_user(std::string_view which) {
  return fail(ErrorCode::kNotFound, fmt::format("user {}: there is no such user", which));
}

}  // namespace

Result<User> create_user(Tx& tx, const Scope& scope, const NewUser& wanted) {
  if (!scope.all_projects()) {
    return fail(ErrorCode::kForbidden,
                fmt::format("user {}: only owners may create users", wanted.name));
  }
  const std::string folded = folded_key(wanted.name);
  const auto taken = tx.query_one("SELECT 1 FROM users WHERE name_folded = ?1", {folded});
  if (!taken) return fail(taken.error());
  if (*taken) {
    return fail(ErrorCode::kConflict,
                fmt::format("user {}: the name is taken; choose another one", wanted.name));
  }
  const User user{.id = UserId::generate(tx.random()),
                  .name = wanted.name,
                  .role = wanted.role,
                  .created_at = tx.now()};
  CROFT_TRY(tx.execute("INSERT INTO users (" CROFT_USER_COLUMNS
                       ", name_folded, password_hash) VALUES (?1,?2,?3,?4,?5,?6)",
                       {column(user.id), column(user.name), column(user.role),
                        column(user.created_at), folded, wanted.password_hash.reveal()}));
  return user;
}

Result<User> get_user(const Tx& tx, const Scope& scope, const UserId& id) {
  const auto row =
      tx.query_one("SELECT " CROFT_USER_COLUMNS " FROM users WHERE id = ?1", {column(id)});
  if (!row) return fail(row.error());
  if (!*row || !scope.sees_user(id)) return no_user(id.str());
  return user_at(**row);
}

Result<UserWithPassword> get_user_by_name(const Tx& tx, const Scope& scope, std::string_view name) {
  const auto row =
      tx.query_one("SELECT " CROFT_USER_COLUMNS ", password_hash FROM users WHERE name_folded = ?1",
                   {folded_key(name)});
  if (!row) return fail(row.error());
  if (!*row) return no_user(name);
  UserWithPassword found{user_at(**row), Secret((*row)->text(4))};
  if (!scope.sees_user(found.user.id)) return no_user(name);
  return found;
}

Result<Paged<User>> list_users(const Tx& tx, const Scope& scope, const Page& page) {
  const int limit = page_limit(page);
  SelectQuery query("SELECT " CROFT_USER_COLUMNS " FROM users WHERE 1 = 1");
  if (!scope.all_projects()) query.where("id = ?", column(scope.user()));
  query.where("name_folded > ?", column(page.after)).then("ORDER BY name_folded").limit(limit + 1);
  return page_of(query.run(tx), user_at, limit,
                 [](const User& user) { return folded_key(user.name); });
}

Result<std::int64_t> count_users(const Tx& tx, const Scope& scope) {
  if (!scope.all_projects()) return std::int64_t{1};
  const auto row = tx.query_one("SELECT COUNT(*) FROM users", {});
  if (!row) return fail(row.error());
  return (*row)->integer(0);
}

Status set_password(Tx& tx, const Scope& scope, const UserId& id, const Secret& password_hash) {
  CROFT_TRY(get_user(tx, scope, id));
  CROFT_TRY(tx.execute("UPDATE users SET password_hash = ?2 WHERE id = ?1",
                       {column(id), password_hash.reveal()}));
  CROFT_TRY(
      tx.execute("UPDATE tokens SET revoked_at = ?2 WHERE user_id = ?1 AND kind = 'session' "
                 "AND revoked_at IS NULL",
                 {column(id), column(tx.now())}));
  return {};
}

Status delete_user(Tx& tx, const Scope& scope, const UserId& id) {
  const auto user = get_user(tx, scope, id);
  if (!user) return fail(user.error());
  if (user->role == UserRole::kOwner) {
    const auto owners = tx.query_one("SELECT COUNT(*) FROM users WHERE role = 'owner'", {});
    if (!owners) return fail(owners.error());
    if ((*owners)->integer(0) <= 1) {
      return fail(ErrorCode::kConflict,
                  fmt::format("user {}: the last owner cannot be deleted; make another owner first",
                              user->name));
    }
  }
  CROFT_TRY(tx.execute("DELETE FROM users WHERE id = ?1", {column(id)}));
  return {};
}

}  // namespace croft
