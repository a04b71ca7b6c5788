// The queue is looked at every second and at every event: how long that takes must not depend on
// how many processes there were.
#include <gtest/gtest.h>

#include "store/migrations.h"
#include "store/processes.h"
#include "store/sqlite/sqlite_database.h"

namespace croft {
namespace {

// Notes what is asked.
class NotingConnection final : public SqlConnection {
 public:
  explicit NotingConnection(SqlConnection& real) : real_(real) {}

  std::vector<std::pair<std::string, SqlParams>> asked;

  SqlDialect dialect() const override { return real_.dialect(); }
  Result<std::vector<SqlRow>> query(std::string_view sql, const SqlParams& params) override {
    asked.emplace_back(sql, params);
    return real_.query(sql, params);
  }
  Result<std::int64_t> execute(std::string_view sql, const SqlParams& params) override {
    return real_.execute(sql, params);
  }
  Status run_script(std::string_view sql) override { return real_.run_script(sql); }
  Status begin(Access access) override { return real_.begin(access); }
  Status commit() override { return real_.commit(); }
  void rollback() override { real_.rollback(); }

 private:
  SqlConnection& real_;
};

TEST(ProcessQueuePlan, FinishedProcessesAreNotWalkedOver) {
  auto real = sqlite_memory()->open_writer();
  ASSERT_TRUE(real);
  ASSERT_TRUE(migrate(**real, migrations_for(SqlDialect::kSqlite), {}));
  NotingConnection noting(**real);
  SeededRandom random(1);
  const Cipher cipher(MasterKeys::generate(random), random);
  const Tx tx(noting, cipher, {}, random);
  ASSERT_TRUE(open_processes(tx, Scope::platform()));
  ASSERT_TRUE(active_processes(tx, Scope::platform()));
  ASSERT_TRUE(next_runnable(tx, Scope::platform(), 8));
  ASSERT_EQ(noting.asked.size(), 3u);
  for (const auto& [sql, params] : noting.asked) {
    const auto plan = (*real)->query("EXPLAIN QUERY PLAN " + sql, params);
    ASSERT_TRUE(plan);
    ASSERT_FALSE(plan->empty());
    for (const SqlRow& row : *plan) {
      const std::string& step = row.text(3);
      EXPECT_TRUE(!step.starts_with("SCAN") || step.find("USING INDEX processes_open") != step.npos)
          << sql << "\n"
          << step;
    }
  }
}

}  // namespace
}  // namespace croft
