#include "daemon/retention.h"

#include "store/audit.h"
#include "store/audit_chain.h"
#include "store/events.h"
#include "store/idempotency.h"
#include "store/processes.h"
#include "store/projects.h"
#include "store/store_fixture.h"
#include "store/tokens.h"
#include "store/users.h"

namespace croft {
namespace {

class RetentionTest : public StoreTest {
 protected:
  RetentionTest() : StoreTest(StoreKind::kInline) {
    project_ = must(write([](Tx& tx) { return create_project(tx, kAll, {.name = "shop"}); })).id;
    user_ = must(write([](Tx& tx) {
              return create_user(tx, kAll, {.name = "ann", .role = UserRole::kOwner});
            })).id;
  }
  void clean() { must(runtime_.run_until_done(retention_.reconcile())); }
  std::size_t events() {
    return must(read([](const Tx& tx) { return list_events(tx, kAll, {}, 0, 1000); })).size();
  }
  std::size_t processes() {
    return must(read([](const Tx& tx) { return list_processes(tx, kAll, {}, {}); })).items.size();
  }
  Process process(ProcessStatus status) {
    Process made = must(write([&](Tx& tx) {
      return create_process(tx, kAll, {.project_id = project_, .kind = "deploy"});
    }));
    if (status == ProcessStatus::kPending) return made;
    made.status = status;
    return must(write([&](Tx& tx) { return update_process(tx, kAll, made); }));
  }
  Status begin_request(const char* key) {
    const Scope ann = Scope::owner(user_);
    const auto begun = write([&](Tx& tx) { return begin_idempotent(tx, ann, key, "hash"); });
    return begun ? Status() : fail(begun.error());
  }

  inline static const Scope kAll = Scope::platform();
  Retention retention_{store(), clock_};
  ProjectId project_;
  UserId user_;
};

TEST_F(RetentionTest, EventsGoAfterAWeek) {
  const std::size_t before = events();
  ASSERT_GT(before, 0U);
  clock_.advance(kEventsKept);
  clean();
  EXPECT_EQ(events(), before) << "not before its time";
  process(ProcessStatus::kPending);
  clock_.advance(Millis(1));
  clean();
  EXPECT_EQ(events(), 1U) << "that of the new process stays";
}

TEST_F(RetentionTest, ProcessesThatEndedGoAfterAMonthWithTheirLogs) {
  const Process ended = process(ProcessStatus::kFailed);
  must(write([&](Tx& tx) { return append_process_log(tx, kAll, ended.id, {{.text = "line"}}); }));
  process(ProcessStatus::kRunning);
  process(ProcessStatus::kPending);
  clock_.advance(kProcessesKept);
  clean();
  EXPECT_EQ(processes(), 3U);
  clock_.advance(Millis(1));
  clean();
  EXPECT_EQ(processes(), 2U) << "what runs or waits stays, however old";
  EXPECT_FALSE(read([&](const Tx& tx) { return process_log(tx, kAll, ended.id, 0, 10); }));
}

TEST_F(RetentionTest, TokensGoAMonthAfterTheyEnded) {
  for (const bool ends : {true, false}) {
    const auto expires = ends ? std::optional(clock_.now()) : std::nullopt;
    must(write([&](Tx& tx) {
      return create_token(tx, kAll,
                          {.user_id = user_, .hash = ends ? "a" : "b", .expires_at = expires});
    }));
  }
  clock_.advance(kTokensKept + Millis(1));
  clean();
  EXPECT_FALSE(read([](const Tx& tx) { return get_token_by_hash(tx, kAll, "a"); }));
  EXPECT_TRUE(read([](const Tx& tx) { return get_token_by_hash(tx, kAll, "b"); }));
}

TEST_F(RetentionTest, RequestsThatNobodyAnswersAreForgottenAtTheStartOnly) {
  must(begin_request("k"));
  clean();
  EXPECT_EQ(begin_request("k").error().code(), ErrorCode::kConflict) << "it may still run";
  must(runtime_.run_until_done(retention_.begin()));
  EXPECT_TRUE(begin_request("k"));
}

TEST_F(RetentionTest, AClockThatJumpsRemovesNothing) {
  const std::size_t before = events();
  clock_.jump_wall_clock(Millis(365ll * 24 * 3'600'000));
  clean();
  EXPECT_EQ(events(), before);
  clock_.advance(ClockWatch::kQuarantine);  // a day later it is taken for right
  clean();
  EXPECT_EQ(events(), 0U);
}

TEST_F(RetentionTest, AuditEntriesGoAfterTheirTimeAndTheChainStaysWhole) {
  const auto append = [&](const char* action) {
    must(write([&](Tx& tx) { return append_audit(tx, kAll, {.action = action}); }));
  };
  append("old");
  append("old");
  clock_.advance(kAuditKept);
  append("young");
  clock_.advance(Millis(1));
  clean();
  const auto left = must(read([](const Tx& tx) { return list_audit(tx, kAll, {}, {}); })).items;
  ASSERT_EQ(left.size(), 2U);
  EXPECT_EQ(left[0].action, "audit.prune");
  EXPECT_EQ(left[1].action, "young");
  EXPECT_TRUE(must(read([](const Tx& tx) { return verify_audit(tx, kAll); })).intact);
}

TEST_F(RetentionTest, ATamperedTrailIsKeptAndSaid) {
  must(write([](Tx& tx) -> Status {
    CROFT_TRY(append_audit(tx, kAll, {.action = "old"}));
    CROFT_TRY(tx.execute("DROP TRIGGER audit_is_append_only_1", {}));
    CROFT_TRY(tx.execute("UPDATE audit SET actor = 'eve'", {}));
    return {};
  }));
  clock_.advance(kAuditKept + Millis(1));
  EXPECT_FALSE(runtime_.run_until_done(retention_.reconcile()));
}

}  // namespace
}  // namespace croft
