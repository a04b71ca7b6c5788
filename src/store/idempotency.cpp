#include "store/idempotency.h"

#include "store/columns.h"

namespace croft {
namespace {

// A response may show a new token: it is kept like any secret.
struct Row {
  std::string text;
  SecretPlace place() const { return {"idempotency_keys", "response", text}; }
};

Row row_of(const Scope& scope, std::string_view key) {
  return {fmt::format("{}:{}", scope.user().str(), key)};
}

}  // namespace

Result<std::optional<SavedResponse>> begin_idempotent(Tx& tx, const Scope& scope,
                                                      std::string_view key,
                                                      std::string_view request_hash) {
  const SqlValue user = column(scope.user());
  CROFT_TRY(
      tx.execute("DELETE FROM idempotency_keys WHERE user_id = ?1 AND key = ?2 AND created_at < ?3",
                 {user, column(key), column(tx.now() + -kIdempotencyKept)}));
  const auto known = tx.query_one(
      "SELECT request_hash, response_sealed FROM idempotency_keys WHERE user_id = ?1 AND key = ?2",
      {user, column(key)});
  if (!known) return fail(known.error());
  if (!*known) {
    CROFT_TRY(tx.execute(
        "INSERT INTO idempotency_keys (user_id, key, request_hash, response_sealed, created_at) "
        "VALUES (?1,?2,?3,NULL,?4)",
        {user, column(key), column(request_hash), column(tx.now())}));
    return std::optional<SavedResponse>();
  }
  if ((*known)->text(0) != request_hash) {
    return fail(ErrorCode::kUnsupported,
                "the Idempotency-Key was used for another request; send a new one");
  }
  if ((*known)->is_null(1)) {
    return fail(ErrorCode::kConflict,
                "the first request with this Idempotency-Key is still being worked on; ask again "
                "in a moment");
  }
  const auto text = tx.cipher().decrypt(row_of(scope, key).place(), (*known)->blob(1));
  if (!text) return fail(text.error());
  auto response = from_json_text<SavedResponse>(text->reveal());
  if (!response) return fail(std::move(response).error());
  return std::optional<SavedResponse>(std::move(*response));
}

Status finish_idempotent(Tx& tx, const Scope& scope, std::string_view key,
                         const SavedResponse& response) {
  const std::string sealed =
      tx.cipher().encrypt(row_of(scope, key).place(), Secret(to_json_text(response)));
  CROFT_TRY(
      tx.execute("UPDATE idempotency_keys SET response_sealed = ?3 WHERE user_id = ?1 AND key = ?2",
                 {column(scope.user()), column(key), SqlBlob{sealed}}));
  return {};
}

Status abandon_idempotent(Tx& tx, const Scope& scope, std::string_view key) {
  CROFT_TRY(tx.execute(
      "DELETE FROM idempotency_keys WHERE user_id = ?1 AND key = ?2 AND response_sealed IS NULL",
      {column(scope.user()), column(key)}));
  return {};
}

Status prune_idempotent(Tx& tx, const Scope& scope, bool also_unfinished) {
  if (!scope.is_platform()) return fail(ErrorCode::kForbidden, "only croft itself cleans up");
  CROFT_TRY(tx.execute("DELETE FROM idempotency_keys WHERE created_at < ?1",
                       {column(tx.now() + -kIdempotencyKept)}));
  if (also_unfinished) {
    CROFT_TRY(tx.execute("DELETE FROM idempotency_keys WHERE response_sealed IS NULL", {}));
  }
  return {};
}

}  // namespace croft
