// Whoever can write the database cannot change the audit trail unnoticed.
#include "store/audit_chain.h"

#include "store/audit.h"
#include "store/store_fixture.h"

namespace croft {
namespace {

const Scope kAll = Scope::platform();

class AuditChainTest : public StoreTest {
 protected:
  AuditChainTest() : StoreTest(StoreKind::kInline) {}

  void append(int count) {
    for (int i = 0; i < count; ++i) {
      clock_.advance(Millis(1000));
      must(write([&](Tx& tx) {
        return append_audit(tx, kAll, {.actor = "ann", .action = "login", .object = "user ann"});
      }));
    }
  }
  AuditVerdict verify() {
    return must(read([](const Tx& tx) { return verify_audit(tx, kAll); }));
  }
  // As somebody with the file in their hands: no trigger holds them up.
  void tamper(const std::string& sql) {
    must(write([&](Tx& tx) -> Status {
      for (const char* name :
           {"audit_is_append_only_1", "audit_is_append_only_2", "audit_chain_stays"}) {
        CROFT_TRY(tx.execute(std::string("DROP TRIGGER IF EXISTS ") + name, {}));
      }
      CROFT_TRY(tx.execute(sql, {}));
      return {};
    }));
  }
  Result<std::int64_t> prune(Timestamp before, int at_most = 1000) {
    return write([&](Tx& tx) { return prune_audit(tx, kAll, before, at_most); });
  }
};

TEST_F(AuditChainTest, AnEmptyAndAGrownTrailAreIntact) {
  EXPECT_TRUE(verify().intact);
  append(2500);  // more than one piece of the walk
  const AuditVerdict verdict = verify();
  EXPECT_TRUE(verdict.intact) << verdict.reason;
  EXPECT_EQ(verdict.entries, 2500);
  EXPECT_EQ(verdict.first, 1);
  EXPECT_EQ(verdict.last, 2500);
  EXPECT_FALSE(verdict.head_hash.empty());
}

TEST_F(AuditChainTest, EveryFieldIsCovered) {
  append(3);
  for (const char* change :
       {"at = at + 1", "user_id = 'x'", "actor = 'bob'", "token_id = 'x'", "action = 'x'",
        "project_id = 'x'", "object = 'x'", "result = 'denied'", "reason = 'x'", "peer = 'x'",
        "request_id = 'x'", "hash = '00'", "hash = ''"}) {
    reopen();  // in memory: empty again
    append(3);
    tamper(std::string("UPDATE audit SET ") + change + " WHERE number = 2");
    const AuditVerdict verdict = verify();
    EXPECT_FALSE(verdict.intact) << change;
    EXPECT_EQ(verdict.broken, 2) << change;
    EXPECT_EQ(verdict.reason, "entry 2 is not as it was written") << change;
    // It can still be read.
    EXPECT_EQ(must(read([](const Tx& tx) { return list_audit(tx, kAll, {}, {}); })).items.size(),
              3u);
  }
}

TEST_F(AuditChainTest, ARemovedEntryIsNamed) {
  append(5);
  tamper("DELETE FROM audit WHERE number = 3");
  EXPECT_EQ(verify().broken, 3);
  EXPECT_EQ(verify().reason, "entry 3 is missing");
  EXPECT_EQ(verify().entries, 2);
}

TEST_F(AuditChainTest, ACutOffEndIsNoticedAlsoWhenTheHeadIsMovedBack) {
  append(5);
  tamper("DELETE FROM audit WHERE number >= 4");
  EXPECT_EQ(verify().broken, 4);
  tamper(
      "UPDATE audit_chain SET head_number = 3, head_hash = (SELECT hash FROM audit WHERE number = "
      "3)");
  EXPECT_EQ(verify().broken, 4);
}

TEST_F(AuditChainTest, APutInEntryIsNamed) {
  append(2);
  tamper(
      "INSERT INTO audit SELECT 3, at, user_id, actor, token_id, action, project_id, object, "
      "result, reason, peer, request_id, hash FROM audit WHERE number = 2");
  EXPECT_EQ(verify().broken, 3);
}

TEST_F(AuditChainTest, AMovedAnchorIsNoticed) {
  append(4);
  tamper(
      "UPDATE audit_chain SET anchor_number = 2, anchor_hash = (SELECT hash FROM audit WHERE "
      "number = 2)");
  tamper("DELETE FROM audit WHERE number <= 2");
  EXPECT_FALSE(verify().intact);
}

TEST_F(AuditChainTest, ALostOrForeignKeyIsNoticed) {
  append(3);
  tamper("UPDATE audit_chain SET key_sealed = NULL");
  EXPECT_FALSE(verify().intact);
  append(1);  // goes on, with another key
  EXPECT_EQ(verify().broken, 1);
  tamper("UPDATE audit_chain SET key_sealed = x'00'");
  EXPECT_FALSE(read([](const Tx& tx) { return verify_audit(tx, kAll); }));
}

TEST_F(AuditChainTest, PruningKeepsTheRestVerifiable) {
  append(10);
  const Timestamp half = clock_.now() + Millis(-4500);  // entries 6 to 10 are younger
  EXPECT_EQ(must(prune(half, 3)), 3);
  EXPECT_EQ(must(prune(half)), 2);
  EXPECT_EQ(must(prune(half)), 0);
  AuditVerdict verdict = verify();
  EXPECT_TRUE(verdict.intact) << verdict.reason;
  EXPECT_EQ(verdict.first, 6);
  EXPECT_EQ(verdict.last, 12);  // two more say what went
  append(1);
  tamper("UPDATE audit SET actor = 'bob' WHERE number = 7");
  verdict = verify();
  EXPECT_EQ(verdict.broken, 7);
  const auto page = must(read([](const Tx& tx) { return list_audit(tx, kAll, {}, {}); }));
  EXPECT_EQ(page.items.at(2).object, "entries 1 to 3");
}

TEST_F(AuditChainTest, WhatIsBrokenIsNotPruned) {
  append(4);
  tamper("UPDATE audit SET actor = 'bob' WHERE number = 2");
  const auto pruned = prune(clock_.now() + Millis(1));
  ASSERT_FALSE(pruned);
  EXPECT_NE(pruned.error().message().find("entry 2"), std::string::npos);
  EXPECT_EQ(verify().broken, 2);
}

TEST_F(AuditChainTest, WithTheTriggersInPlaceNothingGoes) {
  append(3);
  EXPECT_FALSE(write([](Tx& tx) { return tx.execute("DELETE FROM audit WHERE number = 1", {}); }));
  EXPECT_FALSE(write([](Tx& tx) { return tx.execute("DELETE FROM audit_chain", {}); }));
}

TEST_F(AuditChainTest, AFailedTransactionLeavesNoGap) {
  append(1);
  EXPECT_FALSE(write([](Tx& tx) -> Status {
    CROFT_TRY(append_audit(tx, kAll, {.action = "x"}));
    return fail(ErrorCode::kConflict, "no");
  }));
  append(1);
  EXPECT_EQ(verify().entries, 2);
  EXPECT_TRUE(verify().intact);
}

TEST_F(AuditChainTest, OnlyOwnersVerifyAndOnlyCroftPrunes) {
  const Scope member = Scope::of(UserId::generate(random_), {ProjectId::generate(random_)});
  const auto verdict = read([&](const Tx& tx) { return verify_audit(tx, member); });
  EXPECT_EQ(verdict.error().code(), ErrorCode::kForbidden);
  const Scope owner = Scope::owner(UserId::generate(random_));
  const auto pruned = write([&](Tx& tx) { return prune_audit(tx, owner, clock_.now(), 10); });
  EXPECT_EQ(pruned.error().code(), ErrorCode::kForbidden);
}

}  // namespace
}  // namespace croft
