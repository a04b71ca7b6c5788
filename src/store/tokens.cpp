#include "store/tokens.h"

#include "store/columns.h"
#include "store/users.h"

namespace croft {
namespace {

#define CROFT_TOKEN_COLUMNS                                                                   \
  "id, user_id, kind, name, hint, scopes, project_id, created_at, expires_at, last_used_at, " \
  "revoked_at, number"

Token token_at(const SqlRow& row) {
  return {.id = id_at<TokenId>(row, 0),
          .user_id = id_at<UserId>(row, 1),
          .kind = enum_at<TokenKind>(row, 2),
          .name = row.text(3),
          .hint = row.text(4),
          .scopes = json_at<std::vector<TokenScope>>(row, 5),
          .project_id = id_at<ProjectId>(row, 6),
          .created_at = time_at(row, 7),
          .expires_at = optional_time_at(row, 8),
          .last_used_at = optional_time_at(row, 9),
          .revoked_at = optional_time_at(row, 10)};
}

Result<Token> found(const Result<std::optional<SqlRow>>& row, const Scope& scope,
                    const std::string& which) {
  if (!row) return fail(row.error());
  if (*row) {
    Token token = token_at(**row);
    if (scope.sees_user(token.user_id)) return token;
  }
  return fail(ErrorCode::kNotFound, fmt::format("token {}: there is no such token", which));
}

tl::unexpected<Error> platform_only() {
  return fail(ErrorCode::kForbidden, "only croft itself handles the setup token");
}

}  // namespace

Result<Token> create_token(Tx& tx, const Scope& scope, const NewToken& wanted) {
  CROFT_TRY(get_user(tx, scope, wanted.user_id));
  const TokenId id = TokenId::generate(tx.random());
  CROFT_TRY(tx.execute(
      "INSERT INTO tokens (id, user_id, kind, name, hint, hash, scopes, project_id, created_at, "
      "expires_at) VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9,?10)",
      {column(id), column(wanted.user_id), column(wanted.kind), column(wanted.name),
       column(wanted.hint), column(wanted.hash), json_column(wanted.scopes),
       column(wanted.project_id), column(tx.now()), column(wanted.expires_at)}));
  return get_token(tx, scope, id);
}

Result<Token> get_token(const Tx& tx, const Scope& scope, const TokenId& id) {
  return found(
      tx.query_one("SELECT " CROFT_TOKEN_COLUMNS " FROM tokens WHERE id = ?1", {column(id)}), scope,
      id.str());
}

Result<Token> get_token_by_hash(const Tx& tx, const Scope& scope, std::string_view hash) {
  return found(
      tx.query_one("SELECT " CROFT_TOKEN_COLUMNS " FROM tokens WHERE hash = ?1", {column(hash)}),
      scope, "with this hash");
}

Result<Paged<Token>> list_tokens(const Tx& tx, const Scope& scope, const UserId& user,
                                 const Page& page) {
  CROFT_TRY(get_user(tx, scope, user));
  const auto after = page_number(page);
  if (!after) return fail(after.error());
  const int limit = page_limit(page);
  SelectQuery query("SELECT " CROFT_TOKEN_COLUMNS " FROM tokens WHERE revoked_at IS NULL");
  query.where("user_id = ?", column(user));
  if (*after > 0) query.where("number < ?", *after);
  const auto rows = query.then("ORDER BY number DESC").limit(limit + 1).run(tx);
  if (!rows) return fail(rows.error());
  Paged<Token> tokens;
  for (const SqlRow& row : *rows) {
    if (tokens.items.size() == static_cast<std::size_t>(limit)) break;
    tokens.items.push_back(token_at(row));
    if (rows->size() > static_cast<std::size_t>(limit)) {
      tokens.next = std::to_string(row.integer(11));
    }
  }
  return tokens;
}

Status revoke_token(Tx& tx, const Scope& scope, const TokenId& id) {
  CROFT_TRY(get_token(tx, scope, id));
  CROFT_TRY(tx.execute("UPDATE tokens SET revoked_at = ?2 WHERE id = ?1 AND revoked_at IS NULL",
                       {column(id), column(tx.now())}));
  return {};
}

Status touch_token(Tx& tx, const Scope& scope, const TokenId& id, Timestamp used_at) {
  CROFT_TRY(get_token(tx, scope, id));
  CROFT_TRY(tx.execute("UPDATE tokens SET last_used_at = ?2 WHERE id = ?1",
                       {column(id), column(used_at)}));
  return {};
}

Result<std::int64_t> prune_tokens(Tx& tx, const Scope& scope, Timestamp before) {
  if (!scope.is_platform()) return fail(ErrorCode::kForbidden, "only croft itself cleans up");
  return tx.execute(
      "DELETE FROM tokens WHERE (expires_at IS NOT NULL AND expires_at < ?1) "
      "OR (revoked_at IS NOT NULL AND revoked_at < ?1)",
      {column(before)});
}

Status set_setup_token(Tx& tx, const Scope& scope, std::string_view hash, Timestamp expires_at) {
  if (!scope.is_platform()) return platform_only();
  CROFT_TRY(tx.execute(
      "INSERT INTO setup_token (only_one, hash, expires_at) VALUES (1, ?1, ?2) "
      "ON CONFLICT (only_one) DO UPDATE SET hash = excluded.hash, expires_at = excluded.expires_at",
      {column(hash), column(expires_at)}));
  return {};
}

Result<bool> use_setup_token(Tx& tx, const Scope& scope, std::string_view hash) {
  if (!scope.is_platform()) return platform_only();
  const auto used = tx.execute("DELETE FROM setup_token WHERE hash = ?1 AND expires_at > ?2",
                               {column(hash), column(tx.now())});
  if (!used) return fail(used.error());
  return *used == 1;
}

}  // namespace croft
