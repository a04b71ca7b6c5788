// The chain over the audit trail: each entry's hash (BLAKE2b) covers the entry and the hash before
// it, with a key that is itself encrypted with the master key, so that whoever can only write the
// database cannot change, remove or insert an entry unnoticed. One row keeps where the chain starts
// (the anchor: the last pruned entry) and ends (the head), under a seal of its own, so that a
// cut-off end shows too. What it cannot show: the whole database put back to an older state; note
// the head's hash elsewhere for that.
#pragma once

#include <optional>

#include "model/audit.h"
#include "store/tx.h"

namespace croft {

inline constexpr Millis kAuditKept{400ll * 24 * 3600 * 1000};

struct AuditChain {
  std::int64_t anchor_number = 0;  // entries up to it are pruned, or older than the chain
  std::string anchor_hash;         // empty: of the beginning
  std::int64_t head_number = 0;    // the newest entry; the anchor's when there is none
  std::string head_hash;
  std::string seal;  // empty: nothing was appended yet
  Secret key;        // empty: the same
};

struct AuditVerdict {
  bool intact = true;
  std::int64_t entries = 0;  // found good, from the anchor on
  std::int64_t first = 0;    // number after the anchor
  std::int64_t last = 0;     // number of the head
  std::string head_hash;
  std::optional<std::int64_t> broken;  // number of the first entry that is not as it was appended
  std::string reason;                  // "entry 7 is missing"; empty when intact
};
BOOST_DESCRIBE_STRUCT(AuditVerdict, (), (intact, entries, first, last, head_hash, broken, reason))

Result<AuditChain> read_audit_chain(const Tx& tx);

// For append_audit(): links `entry`, whose time is set, to the chain: sets its number and hash and
// moves the head. Makes the key at the first entry.
Status link_audit(Tx& tx, AuditEntry& entry);

// Walks the whole chain; only for scopes that see all projects. An error only when it cannot be
// read or a key is missing.
Result<AuditVerdict> verify_audit(const Tx& tx, const Scope& scope);

// Removes entries older than `before`, at most `at_most` of them, oldest first, and moves the
// anchor; appends an entry that says so. How many went. kForbidden for a user's scope; kFailed when
// what is to go is not intact: then it stays, as evidence.
Result<std::int64_t> prune_audit(Tx& tx, const Scope& scope, Timestamp before, int at_most);

}  // namespace croft
