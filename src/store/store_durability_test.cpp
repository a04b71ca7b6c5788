// Migrations, reopening, encryption at rest, bounded queues.
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <condition_variable>
#include <fstream>
#include <thread>

#include "base/file.h"
#include "base/spawn.h"
#include "store/columns.h"
#include "store/migrations.h"
#include "store/processes.h"
#include "store/projects.h"
#include "store/services.h"
#include "store/state_dir.h"
#include "store/store_fixture.h"
#include "store/variables.h"
#include "task/group.h"

namespace croft {
namespace {

const Scope kPlatform = Scope::platform();
constexpr const char* kCanary = "canary-7f3a9c-plaintext";

class StoreDurability : public StoreTest {};

TEST_F(StoreDurability, ReopeningGoesOnWhereItWas) {
  const Project p =
      must(write([](Tx& tx) { return create_project(tx, kPlatform, {.name = "shop"}); }));
  const Process running = must(write([&](Tx& tx) -> Result<Process> {
    auto made = create_process(tx, kPlatform, {.project_id = p.id, .kind = "deploy"});
    if (!made) return made;
    made->status = ProcessStatus::kRunning;
    made->step = "build";
    return update_process(tx, kPlatform, *made);
  }));
  reopen();
  const auto open = must(read([](const Tx& tx) { return active_processes(tx, kPlatform); }));
  ASSERT_EQ(open.size(), 1u);
  EXPECT_EQ(open[0].id, running.id);
  EXPECT_EQ(open[0].step, "build");
}

// A killed process leaves the files as they are at that instant: a copy of database and log taken
// while the store is open is what a restart would find.
TEST_F(StoreDurability, WhatWasCommittedIsThereAfterACrashAndWhatWasNotIsNot) {
  must(write([](Tx& tx) { return create_project(tx, kPlatform, {.name = "kept"}); }));
  const auto copy = directory_ / "crash";
  std::filesystem::create_directory(copy);
  must(write([&](Tx& tx) -> Status {
    CROFT_TRY(create_project(tx, kPlatform, {.name = "uncommitted"}));
    std::filesystem::copy_file(file(), copy / "croft.db");
    std::filesystem::copy_file(file().string() + "-wal", copy / "croft.db-wal");
    return {};
  }));
  auto after = must(Store::open(sqlite_file(copy / "croft.db"), keys_, clock_, random_, {}));
  const auto names = must(runtime_.run_until_done(
      after->read([](const Tx& tx) { return all_projects(tx, kPlatform); })));
  ASSERT_EQ(names.size(), 1u);
  EXPECT_EQ(names[0].name, "kept");
}

// As `croft platform backup` does beside croftd: the log that this store writes to must stay.
TEST_F(StoreDurability, AnotherProcessThatLooksIntoItTakesNothingAway) {
  reopen();  // a database that was there already is opened otherwise than a new one
  must(write([](Tx& tx) { return create_project(tx, kPlatform, {.name = "before"}); }));
  const std::string log = file().string() + "-wal";
  struct stat mine{};
  ASSERT_EQ(::stat(log.c_str(), &mine), 0);
  const char* look =
      "import sqlite3, sys\n"
      "other = sqlite3.connect(sys.argv[1])\n"
      "print(other.execute('SELECT name FROM projects').fetchall())\n"
      "other.close()\n";
  const auto looked =
      run_program({.argv = {"python3", "-c", look, file().string()}, .timeout = Millis(30'000)});
  ASSERT_TRUE(looked) << looked.error().describe();
  EXPECT_EQ(looked->output, "[('before',)]\n");
  must(write([](Tx& tx) { return create_project(tx, kPlatform, {.name = "after"}); }));
  struct stat now{};
  ASSERT_EQ(::stat(log.c_str(), &now), 0)
      << "the log is gone, and with it what was committed since";
  EXPECT_EQ(now.st_ino, mine.st_ino);
}

// Power loss cannot be tried here; SQLite says what it does about it.
TEST_F(StoreDurability, ACommitIsSyncedToTheDisk) {
  const auto database = sqlite_file(directory_ / "synced.db");
  const auto writer = must(database->open_writer());
  constexpr std::int64_t kFull = 2;
  EXPECT_EQ(must(writer->query("PRAGMA synchronous", {})).at(0).integer(0), kFull);
  EXPECT_EQ(must(writer->query("PRAGMA journal_mode", {})).at(0).text(0), "wal");
}

TEST_F(StoreDurability, TheFileIsForItsOwnerOnly) {
  struct stat info{};
  ASSERT_EQ(::stat(file().c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600u);
}

TEST_F(StoreDurability, NoSecretIsInTheFiles) {
  const Project p =
      must(write([](Tx& tx) { return create_project(tx, kPlatform, {.name = "shop"}); }));
  must(write([&](Tx& tx) {
    return set_variable(tx, kPlatform,
                        {.project_id = p.id, .key = "TOKEN", .value = Secret(kCanary)});
  }));
  store_.reset();
  for (const auto& entry : std::filesystem::directory_iterator(directory_)) {
    const std::string content = must(read_file(entry.path()));
    EXPECT_EQ(content.find(kCanary), std::string::npos) << entry.path();
    if (entry.path() == file()) EXPECT_NE(content.find("TOKEN"), std::string::npos);
  }
}

TEST_F(StoreDurability, AnotherMasterKeyIsRefusedAtTheStart) {
  store_.reset();
  keys_ = MasterKeys::generate(random_);
  const auto opened = open();
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code(), ErrorCode::kFailed);
  EXPECT_NE(opened.error().message().find("master key"), std::string::npos);
}

TEST_F(StoreDurability, ASecretCopiedIntoAnotherRowDoesNotOpen) {
  const Project p =
      must(write([](Tx& tx) { return create_project(tx, kPlatform, {.name = "shop"}); }));
  for (const char* key : {"MINE", "THEIRS"}) {
    must(write([&](Tx& tx) {
      return set_variable(tx, kPlatform, {.project_id = p.id, .key = key, .value = Secret(key)});
    }));
  }
  must(write([](Tx& tx) {
    return tx.execute(
        "UPDATE variables SET value_sealed = (SELECT value_sealed FROM variables WHERE key = "
        "'THEIRS') WHERE key = 'MINE'",
        {});
  }));
  const auto moved =
      read([&](const Tx& tx) { return get_variable(tx, kPlatform, p.id, {}, "MINE"); });
  ASSERT_FALSE(moved);
  EXPECT_EQ(moved.error().code(), ErrorCode::kFailed);
  EXPECT_TRUE(read([&](const Tx& tx) { return get_variable(tx, kPlatform, p.id, {}, "THEIRS"); }));
}

TEST(Cipher, BindsEveryPartOfThePlaceAndTheHeader) {
  SystemRandom random;
  const Cipher cipher(MasterKeys::generate(random), random);
  const SecretPlace place{"ab", "c", "d"};
  const std::string sealed = cipher.encrypt(place, Secret("x"));
  EXPECT_EQ(must(cipher.decrypt(place, sealed)).reveal(), "x");
  EXPECT_NE(cipher.encrypt(place, Secret("x")), sealed);
  for (const SecretPlace& other :
       {SecretPlace{"a", "bc", "d"}, SecretPlace{"ab", "c", "e"}, SecretPlace{"ab", "d", "c"}}) {
    EXPECT_FALSE(cipher.decrypt(other, sealed));
  }
  for (std::size_t i = 0; i < sealed.size(); ++i) {
    std::string damaged = sealed;
    damaged[i] = static_cast<char>(damaged[i] ^ 1);
    EXPECT_FALSE(cipher.decrypt(place, damaged)) << i;
  }
  for (std::size_t size = 0; size < sealed.size(); ++size) {
    EXPECT_FALSE(cipher.decrypt(place, sealed.substr(0, size)));
  }
}

TEST(Cipher, OldKeysStillOpenAndTheNewestSeals) {
  SystemRandom random;
  MasterKeys keys = MasterKeys::generate(random);
  const SecretPlace place{"t", "c", "r"};
  const std::string old = Cipher(keys, random).encrypt(place, Secret("old"));
  keys.add(2, Secret(std::string(MasterKeys::kKeyBytes, 'k')));
  const Cipher rotated(keys, random);
  EXPECT_EQ(must(rotated.decrypt(place, old)).reveal(), "old");
  const std::string fresh = rotated.encrypt(place, Secret("new"));
  EXPECT_EQ(must(rotated.decrypt(place, fresh)).reveal(), "new");
  MasterKeys first_only;
  first_only.add(1, *keys.find(1));
  EXPECT_FALSE(Cipher(first_only, random).decrypt(place, fresh));
}

class StateDir : public StoreTest {
 protected:
  std::filesystem::path state() const { return directory_ / "state"; }
  Result<std::unique_ptr<Store>> open_state() {
    return open_state_dir(state(), clock_, random_, {});
  }
};

TEST_F(StateDir, MakesAKeyOnceAndKeepsIt) {
  ASSERT_TRUE(open_state());
  const std::string key = must(read_file(state() / "master.key"));
  struct stat info{};
  ASSERT_EQ(::stat((state() / "master.key").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600u);
  ASSERT_TRUE(open_state());
  EXPECT_EQ(must(read_file(state() / "master.key")), key);
}

TEST_F(StateDir, ALostKeyIsNotReplaced) {
  ASSERT_TRUE(open_state());
  std::filesystem::remove(state() / "master.key");
  const auto opened = open_state();
  ASSERT_FALSE(opened);
  EXPECT_NE(opened.error().message().find("master.key"), std::string::npos);
  EXPECT_FALSE(std::filesystem::exists(state() / "master.key"));
}

TEST_F(StateDir, AKeyOthersCanReadOrADamagedOneIsRefused) {
  ASSERT_TRUE(open_state());
  ::chmod((state() / "master.key").c_str(), 0644);
  EXPECT_EQ(open_state().error().code(), ErrorCode::kForbidden);
  for (const char* bad : {"", "1", "1 abcd\n", "x y\n", "0 00\n"}) {
    must(write_file_atomically(state() / "master.key", bad, 0600));
    EXPECT_EQ(open_state().error().code(), ErrorCode::kInvalid) << bad;
  }
}

class Migrations : public testing::Test {
 protected:
  std::unique_ptr<SqlConnection> connection_ = must(sqlite_memory()->open_writer());
  std::vector<std::string> tables() {
    const auto rows = must(connection_->query(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name LIKE 't%' ORDER BY name",
        {}));
    std::vector<std::string> names;
    for (const SqlRow& row : rows) names.push_back(row.text(0));
    return names;
  }
};

TEST_F(Migrations, ApplyInOrderOnceAndRecord) {
  const Migration both[] = {{1, "one", "CREATE TABLE t1 (a TEXT)"},
                            {2, "two", "CREATE TABLE t2 (a TEXT); DROP TABLE t1"}};
  must(migrate(*connection_, std::span(both).first(1), {1}));
  EXPECT_EQ(tables(), (std::vector<std::string>{"t1"}));
  must(migrate(*connection_, both, {2}));
  must(migrate(*connection_, both, {3}));
  EXPECT_EQ(tables(), (std::vector<std::string>{"t2"}));
}

TEST_F(Migrations, AFailedOneLeavesNothing) {
  const Migration bad[] = {{1, "bad", "CREATE TABLE t1 (a TEXT); CREATE TABLE t1 (a TEXT)"}};
  const Status done = migrate(*connection_, bad, {1});
  ASSERT_FALSE(done);
  EXPECT_NE(done.error().message().find("migrate the store to 1 (bad)"), std::string::npos);
  EXPECT_TRUE(tables().empty());
}

TEST_F(Migrations, ANewerSchemaAndAChangedTextAreRefused) {
  const Migration newer[] = {{1, "one", "CREATE TABLE t1 (a TEXT)"},
                             {2, "two", "CREATE TABLE t2 (a TEXT)"}};
  must(migrate(*connection_, newer, {1}));
  const Status older = migrate(*connection_, std::span(newer).first(1), {1});
  ASSERT_FALSE(older);
  EXPECT_EQ(older.error().code(), ErrorCode::kUnsupported);
  EXPECT_NE(older.error().message().find("newer croft"), std::string::npos);
  const Migration changed[] = {{1, "one", "CREATE TABLE t9 (a TEXT)"},
                               {2, "two", "CREATE TABLE t2 (a TEXT)"}};
  EXPECT_EQ(migrate(*connection_, changed, {1}).error().code(), ErrorCode::kFailed);
}

TEST_F(Migrations, AnOlderProgramWorksWithWhatOnlyAddsWhatItLeavesAlone) {
  const Migration newer[] = {{1, "one", "CREATE TABLE t1 (a TEXT)"},
                             {2, "two", "CREATE TABLE t2 (a TEXT)", 1},
                             {3, "three", "ALTER TABLE t1 RENAME TO t3", 3}};
  const auto old_program = std::span(newer).first(1);
  must(migrate(*connection_, std::span(newer).first(2), {1}));
  must(check_schema(*connection_, old_program));
  must(migrate(*connection_, old_program, {2}));
  EXPECT_EQ(tables(), (std::vector<std::string>{"t1", "t2"}));
  must(migrate(*connection_, newer, {3}));
  EXPECT_EQ(check_schema(*connection_, old_program).error().code(), ErrorCode::kUnsupported);
  EXPECT_EQ(check_schema(*connection_, std::span(newer).first(2)).error().code(),
            ErrorCode::kUnsupported);
  must(check_schema(*connection_, newer));
}

// A store of before, with a process of a project that is there and two of one that was deleted.
TEST_F(Migrations, ProcessesLearnTheNamesOfTheirProjects) {
  const auto all = migrations_for(SqlDialect::kSqlite);
  must(migrate(*connection_, all.first(1), {1}));
  must(connection_->run_script(R"sql(
    INSERT INTO projects VALUES ('p1','shop','','active','[]','service',1,1,0);
    INSERT INTO processes (id, project_id, service_id, queue, kind, status, step, steps, step_state,
      params, result, error, progress, cancellable, actor, parent_id, created_at) VALUES
      ('a','p1','','p1','project.import','finished','','[]','null','{}','null','null',0,1,'','',0),
      ('b','p2','','p2','deploy','finished','','[]','null','{}','null','null',0,1,'','',0),
      ('c','p2','','p2','project.delete','finished','','[]','null','{"name":"old"}','null','null',
       0,1,'','',0),
      ('d','','','platform','x','finished','','[]','null','{}','null','null',0,1,'','',0);
  )sql"));
  must(migrate(*connection_, all, {2}));
  const auto rows =
      must(connection_->query("SELECT project_name FROM processes ORDER BY number", {}));
  std::vector<std::string> names;
  for (const SqlRow& row : rows) names.push_back(row.text(0));
  EXPECT_EQ(names, (std::vector<std::string>{"shop", "old", "old", ""}));
}

// A latch that a transaction waits at, so that others pile up behind it.
struct Gate {
  std::mutex mutex;
  std::condition_variable changed;
  bool entered = false;
  bool is_open = false;
  void pass() {
    std::unique_lock lock(mutex);
    entered = true;
    changed.notify_all();
    changed.wait(lock, [this] { return is_open; });
  }
  void wait_entered() {
    std::unique_lock lock(mutex);
    changed.wait(lock, [this] { return entered; });
  }
  void open() {
    const std::scoped_lock lock(mutex);
    is_open = true;
    changed.notify_all();
  }
};

Task<void> count_one(Store& store, const std::function<Status(Tx&)>& fn, int& refused, int& done) {
  const Status status = co_await store.write(fn);
  if (status) {
    ++done;
  } else if (status.error().code() == ErrorCode::kUnavailable) {
    ++refused;
  }
}

Task<void> flood(Store& store, Group& group, Gate& gate, int& refused, int& done) {
  const std::function<Status(Tx&)> slow = [&gate](Tx&) -> Status {
    gate.pass();
    return {};
  };
  const std::function<Status(Tx&)> quick = [](Tx&) -> Status { return {}; };
  group.spawn("slow", count_one(store, slow, refused, done));
  for (int i = 0; i < 9; ++i) group.spawn("quick", count_one(store, quick, refused, done));
  co_await sleep_for(Millis(0));
  // Readers are not held up by the writer.
  const auto names = co_await store.read([](const Tx& tx) { return all_projects(tx, kPlatform); });
  EXPECT_TRUE(names);
  gate.open();
  co_await group.join();
}

TEST_F(StoreDurability, AFullQueueFailsFastAndReadersGoOn) {
  store_.reset();
  store_ = must(Store::open(sqlite_file(file()), keys_, clock_, random_, {.max_waiting = 4}));
  Gate gate;
  Group group(runtime_);
  int refused = 0;
  int done = 0;
  runtime_.run_until_done(flood(*store_, group, gate, refused, done));
  EXPECT_EQ(done, 4);
  EXPECT_EQ(refused, 6);
}

Task<void> create_many(Store& store, std::string prefix, int count, int& made) {
  for (int i = 0; i < count; ++i) {
    const auto project = co_await store.write([&](Tx& tx) {
      return create_project(tx, kPlatform, {.name = prefix + std::to_string(i)});
    });
    if (project) ++made;
  }
}

Task<void> create_concurrently(Store& store, Group& group, int& made) {
  for (const char* prefix : {"a", "b", "c", "d"}) {
    group.spawn(prefix, create_many(store, prefix, 25, made));
  }
  co_await group.join();
}

TEST_F(StoreDurability, ConcurrentWritersGetDistinctNumbers) {
  Group group(runtime_);
  int made = 0;
  runtime_.run_until_done(create_concurrently(*store_, group, made));
  EXPECT_EQ(made, 100);
  std::vector<bool> taken(101);
  for (const Project& p : must(read([](const Tx& tx) { return all_projects(tx, kPlatform); }))) {
    ASSERT_LE(p.network_number, 100);
    EXPECT_FALSE(taken[static_cast<std::size_t>(p.network_number)]);
    taken[static_cast<std::size_t>(p.network_number)] = true;
  }
}

}  // namespace
}  // namespace croft
