#include "database.h"

#include "base/check.h"
#include "store/migrations.h"
#include "store/sqlite/sqlite_database.h"

namespace croft::sim {

class Disk::Connection final : public SqlConnection {
 public:
  Connection(Disk& disk, Client client) : disk_(disk), client_(std::move(client)) {}

  SqlDialect dialect() const override { return disk_.raw_->dialect(); }
  Result<std::vector<SqlRow>> query(std::string_view sql, const SqlParams& params) override {
    disk_.note(sql);
    return disk_.raw_->query(sql, params);
  }
  Result<std::int64_t> execute(std::string_view sql, const SqlParams& params) override {
    disk_.note(sql);
    return disk_.raw_->execute(sql, params);
  }
  Status run_script(std::string_view sql) override { return disk_.raw_->run_script(sql); }

  Status begin(Access access) override {
    if (!client_.alive()) return fail(ErrorCode::kUnavailable, "the program is dead");
    writes_ = access == SqlConnection::Access::kWrite;
    return disk_.raw_->begin(access);
  }
  Status commit() override {
    if (writes_ && disk_.full) {
      disk_.raw_->rollback();
      return fail(ErrorCode::kExhausted, "the store cannot write: the disk is full");
    }
    Status done = disk_.raw_->commit();
    if (!done || !writes_) return done;
    ++disk_.commits_;
    client_.committed();
    return done;
  }
  void rollback() override { disk_.raw_->rollback(); }

 private:
  Disk& disk_;
  Client client_;
  bool writes_ = false;
};

class Disk::Database final : public SqlDatabase {
 public:
  Database(Disk& disk, Client client) : disk_(disk), client_(std::move(client)) {}
  Result<std::unique_ptr<SqlConnection>> open_writer() override {
    return std::make_unique<Connection>(disk_, client_);
  }
  Result<std::unique_ptr<SqlConnection>> open_reader() override {
    return fail(ErrorCode::kUnsupported, "one connection only");
  }

 private:
  Disk& disk_;
  Client client_;
};

namespace {

// Of this process; made once.
SqlConnection& migrated_database() {
  static const std::unique_ptr<SqlDatabase> kDatabase = sqlite_memory();
  static const std::unique_ptr<SqlConnection> kConnection = [] {
    auto opened = kDatabase->open_writer();
    check(opened.has_value(), "a database in memory opens");
    const Status done = migrate(**opened, migrations_for((*opened)->dialect()), {});
    check(done.has_value(), "an empty database can be migrated");
    return std::move(*opened);
  }();
  return *kConnection;
}

}  // namespace

Disk::Disk(std::uint64_t seed, bool migrated)
    : random_(seed),
      keys_(MasterKeys::generate(random_)),
      cipher_(keys_, random_),
      database_(migrated ? sqlite_memory_copy(migrated_database()) : sqlite_memory()) {
  auto opened = database_->open_writer();
  check(opened.has_value(), "a database in memory opens");
  raw_ = std::move(*opened);
}

// A statement that a program runs: which tables it may change.
void Disk::note(std::string_view sql) {
  if (sql.starts_with("SELECT")) return;
  const bool cascades = sql.starts_with("DELETE");
  for (std::size_t i = 0; i < kTables.size(); ++i) {
    if (cascades || sql.find(kTables[i]) != std::string_view::npos) changed_[i] = true;
  }
}

std::unique_ptr<SqlDatabase> Disk::open(Client client) {
  return std::make_unique<Database>(*this, std::move(client));
}

}  // namespace croft::sim
