#include "store/audit_chain.h"

#include <sodium.h>

#include <algorithm>

#include "store/audit.h"
#include "store/columns.h"

namespace croft {
namespace {

constexpr std::string_view kEntryPurpose = "audit entry";
constexpr std::string_view kSealPurpose = "audit chain";
constexpr SecretPlace kKeyPlace{"audit_chain", "key_sealed", "1"};
constexpr int kAtOnce = 1000;

// Of different purposes: no hash of one is one of the other.
std::string keyed_hash(const Secret& key, std::string_view purpose, std::string_view text) {
  const auto bytes = [](std::string_view part) {
    return reinterpret_cast<const unsigned char*>(part.data());
  };
  crypto_generichash_state state;
  ::crypto_generichash_init(&state, bytes(key.reveal()), key.reveal().size(),
                            crypto_generichash_BYTES);
  ::crypto_generichash_update(&state, bytes(purpose), purpose.size());
  ::crypto_generichash_update(&state, bytes(":"), 1);
  ::crypto_generichash_update(&state, bytes(text), text.size());
  std::string digest(crypto_generichash_BYTES, '\0');
  ::crypto_generichash_final(&state, reinterpret_cast<unsigned char*>(digest.data()),
                             digest.size());
  return to_hex(digest);
}

// JSON lists: no two entries give the same text, wherever one field ends and the next starts.
std::string text_of(std::string_view before, const AuditEntry& entry) {
  return boost::json::serialize(
      boost::json::array{before, entry.number, entry.at.ms, entry.user_id.str(), entry.actor,
                         entry.token_id.str(), entry.action, entry.project_id.str(), entry.object,
                         enum_to_string(entry.result), entry.reason, entry.peer, entry.request_id});
}

// The same of a row as it lies in the database, whatever somebody wrote there.
constexpr std::string_view kSelectRows =
    "SELECT number, at, user_id, actor, token_id, action, project_id, object, result, reason, "
    "peer, request_id, hash FROM audit WHERE number > ?1 ORDER BY number LIMIT ?2";
constexpr std::size_t kHashColumn = 12;

std::string text_of(std::string_view before, const SqlRow& row) {
  boost::json::array fields{before, row.integer(0), row.integer(1)};
  for (std::size_t i = 2; i < kHashColumn; ++i) fields.emplace_back(row.text(i));
  return boost::json::serialize(fields);
}

Result<std::vector<SqlRow>> rows_after(const Tx& tx, std::int64_t number, int limit) {
  return tx.query(kSelectRows, {column(number), column(limit)});
}

std::string text_of(const AuditChain& chain) {
  return boost::json::serialize(boost::json::array{chain.anchor_number, chain.anchor_hash,
                                                   chain.head_number, chain.head_hash});
}

AuditVerdict broken_at(AuditVerdict verdict, std::int64_t number, std::string_view what) {
  verdict.intact = false;
  verdict.broken = number;
  verdict.reason = fmt::format("entry {} {}", number, what);
  return verdict;
}

// Checks the entries of (anchor, last]; `hash` becomes that of the last good one.
Result<AuditVerdict> walk(const Tx& tx, const AuditChain& chain, std::int64_t last,
                          std::string& hash) {
  AuditVerdict verdict{.first = chain.anchor_number + 1, .last = last};
  hash = chain.anchor_hash;
  for (std::int64_t number = chain.anchor_number; number < last;) {
    const auto rows = rows_after(tx, number, kAtOnce);
    if (!rows) return fail(rows.error());
    if (rows->empty()) return broken_at(std::move(verdict), number + 1, "is missing");
    for (const SqlRow& row : *rows) {
      if (number == last) break;
      if (row.integer(0) != ++number) return broken_at(std::move(verdict), number, "is missing");
      const std::string& stored = row.text(kHashColumn);
      if (stored != keyed_hash(chain.key, kEntryPurpose, text_of(hash, row))) {
        return broken_at(std::move(verdict), number, "is not as it was written");
      }
      hash = stored;
      ++verdict.entries;
    }
  }
  return verdict;
}

}  // namespace

Result<AuditChain> read_audit_chain(const Tx& tx) {
  const auto row = tx.query_one(
      "SELECT anchor_number, anchor_hash, head_number, head_hash, seal, key_sealed "
      "FROM audit_chain",
      {});
  if (!row) return fail(row.error());
  if (!*row) {
    return fail(ErrorCode::kFailed,
                "the audit trail has lost its chain; restore the store from a backup");
  }
  AuditChain chain{.anchor_number = (*row)->integer(0),
                   .anchor_hash = (*row)->text(1),
                   .head_number = (*row)->integer(2),
                   .head_hash = (*row)->text(3),
                   .seal = (*row)->text(4),
                   .key = {}};
  if ((*row)->is_null(5)) return chain;
  auto key = tx.cipher().decrypt(kKeyPlace, (*row)->blob(5));
  if (!key) return fail(std::move(key).error());
  chain.key = std::move(*key);
  return chain;
}

namespace {

Status write_chain(Tx& tx, AuditChain chain) {
  chain.seal = keyed_hash(chain.key, kSealPurpose, text_of(chain));
  CROFT_TRY(
      tx.execute("UPDATE audit_chain SET anchor_number = ?1, anchor_hash = ?2, "
                 "head_number = ?3, head_hash = ?4, seal = ?5",
                 {column(chain.anchor_number), column(chain.anchor_hash), column(chain.head_number),
                  column(chain.head_hash), column(chain.seal)}));
  return {};
}

Status make_key(Tx& tx, AuditChain& chain) {
  std::string key(crypto_generichash_KEYBYTES, '\0');
  tx.random().fill(std::as_writable_bytes(std::span(key.data(), key.size())));
  chain.key = Secret(std::move(key));
  CROFT_TRY(tx.execute("UPDATE audit_chain SET key_sealed = ?1",
                       {SqlBlob{tx.cipher().encrypt(kKeyPlace, chain.key)}}));
  return {};
}

}  // namespace

Status link_audit(Tx& tx, AuditEntry& entry) {
  auto chain = read_audit_chain(tx);
  if (!chain) return fail(chain.error());
  if (chain->key.empty()) CROFT_TRY(make_key(tx, *chain));
  entry.number = ++chain->head_number;
  entry.hash = keyed_hash(chain->key, kEntryPurpose, text_of(chain->head_hash, entry));
  chain->head_hash = entry.hash;
  return write_chain(tx, std::move(*chain));
}

Result<AuditVerdict> verify_audit(const Tx& tx, const Scope& scope) {
  if (!scope.all_projects()) {
    return fail(ErrorCode::kForbidden, "the whole audit trail is for owners of the platform");
  }
  const auto chain = read_audit_chain(tx);
  if (!chain) return fail(chain.error());
  std::string hash;
  auto verdict = walk(tx, *chain, chain->head_number, hash);
  if (!verdict) return verdict;
  verdict->head_hash = chain->head_hash;
  if (!verdict->intact) return verdict;
  const auto beyond = rows_after(tx, chain->head_number, 1);
  if (!beyond) return fail(beyond.error());
  if (!beyond->empty()) {
    return broken_at(std::move(*verdict), beyond->front().integer(0), "was not written by croft");
  }
  const bool fresh =
      chain->key.empty() && chain->seal.empty() && chain->head_number == chain->anchor_number;
  const bool sealed =
      !chain->key.empty() && chain->seal == keyed_hash(chain->key, kSealPurpose, text_of(*chain));
  if (!fresh && (!sealed || hash != chain->head_hash)) {
    return broken_at(std::move(*verdict), chain->head_number + 1,
                     "may be missing: the end of the trail was changed");
  }
  return verdict;
}

Result<std::int64_t> prune_audit(Tx& tx, const Scope& scope, Timestamp before, int at_most) {
  if (!scope.is_platform()) {
    return fail(ErrorCode::kForbidden, "only croft itself prunes the audit trail");
  }
  auto chain = read_audit_chain(tx);
  if (!chain) return fail(chain.error());
  const auto kept = tx.query_one("SELECT MIN(number) FROM audit WHERE number > ?1 AND at >= ?2",
                                 {column(chain->anchor_number), column(before)});
  if (!kept) return fail(kept.error());
  const std::int64_t oldest_kept = (*kept)->optional_integer(0).value_or(chain->head_number + 1);
  const std::int64_t last = std::min(oldest_kept - 1, chain->anchor_number + at_most);
  if (last <= chain->anchor_number) return 0;
  std::string hash;
  const auto verdict = walk(tx, *chain, last, hash);
  if (!verdict) return fail(verdict.error());
  if (!verdict->intact) {
    return fail(ErrorCode::kFailed,
                fmt::format("the audit trail is not pruned: {}; see `croft audit --verify`",
                            verdict->reason));
  }
  const std::int64_t first = chain->anchor_number + 1;
  chain->anchor_number = last;
  chain->anchor_hash = hash;
  CROFT_TRY(write_chain(tx, *chain));
  const auto gone = tx.execute("DELETE FROM audit WHERE number <= ?1", {column(last)});
  if (!gone) return gone;
  CROFT_TRY(append_audit(tx, scope,
                         {.actor = "croft",
                          .action = "audit.prune",
                          .object = fmt::format("entries {} to {}", first, last)}));
  return *gone;
}

}  // namespace croft
