// Backup and restore of the state directory.
#include "store/backup.h"

#include <thread>

#include "base/file.h"
#include "store/audit.h"
#include "store/audit_chain.h"
#include "store/projects.h"
#include "store/settings.h"
#include "store/sqlite/sqlite_backup.h"
#include "store/state_dir.h"
#include "store/store_fixture.h"
#include "store/variables.h"

namespace croft {
namespace {

const Scope kAll = Scope::platform();
const Secret kPassphrase("a long enough passphrase");
constexpr SealCost kCheap{.passes = 1, .memory_bytes = 8192};

class Backup : public testing::Test {
 protected:
  Backup() {
    std::string pattern = (std::filesystem::temp_directory_path() / "croft-backup-XXXXXX").string();
    if (::mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("mkdtemp");
    directory_ = pattern;
    store_ = must(open_state_dir(state(), clock_, random_, {}));
    write([](Tx& tx) -> Status {
      CROFT_TRY(set_setting(tx, kAll, kSettingInstallId, "abc123"));
      CROFT_TRY(set_setting(tx, kAll, kSettingNodeGeneration, "41"));
      auto project = create_project(tx, kAll, {.name = "shop"});
      if (!project) return fail(project.error());
      CROFT_TRY(set_variable(tx, kAll,
                             {.project_id = project->id, .key = "KEY", .value = Secret("sesame")}));
      return append_audit(tx, kAll, {.action = "project.create"});
    });
  }
  ~Backup() override {
    store_.reset();
    std::error_code ignored;
    std::filesystem::remove_all(directory_, ignored);
  }

  std::filesystem::path state() const { return directory_ / "state"; }
  std::filesystem::path file() const { return directory_ / "croft.backup"; }
  template <class F>
  void write(F fn) {
    must(runtime_.run_until_done(store_->write(std::move(fn))));
  }
  template <class F>
  auto read(F fn) {
    return must(runtime_.run_until_done(store_->read(std::move(fn))));
  }
  Result<BackupManifest> back_up() {
    return write_backup(state(), file(), kPassphrase, kCheap, clock_.now());
  }
  Result<RestoreReport> restore(bool replace, const Secret& passphrase = kPassphrase) {
    return restore_backup(file(), state(), passphrase, replace, clock_, random_);
  }
  void stop_and_delete() {
    store_.reset();
    std::filesystem::remove_all(state());
  }
  void start() { store_ = must(open_state_dir(state(), clock_, random_, {})); }
  std::vector<std::string> left_over() const {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(state())) {
      const std::string name = entry.path().filename();
      if (name.starts_with("backup-")) names.push_back(name);
    }
    return names;
  }

  std::filesystem::path directory_;
  ManualClock clock_;
  SystemRandom random_;
  Runtime runtime_;
  std::unique_ptr<Store> store_;
};

TEST_F(Backup, ADeletedStoreComesBackWithItsSecretsAndItsTrail) {
  const BackupManifest manifest = must(back_up());
  EXPECT_EQ(manifest.install_id, "abc123");
  EXPECT_EQ(manifest.rows.at("projects"), 1);
  EXPECT_EQ(std::filesystem::status(file()).permissions(),
            std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
  EXPECT_TRUE(left_over().empty());
  stop_and_delete();
  const RestoreReport report = must(restore(false));
  EXPECT_EQ(report.manifest.install_id, "abc123");
  EXPECT_EQ(report.replaced, "");
  EXPECT_TRUE(left_over().empty());
  EXPECT_FALSE(std::filesystem::exists(state() / "croft.db-wal"));
  start();
  const auto variables = read([](const Tx& tx) -> Result<std::vector<Variable>> {
    const auto projects = all_projects(tx, kAll);
    if (!projects) return fail(projects.error());
    return all_variables(tx, kAll, projects->at(0).id);
  });
  ASSERT_EQ(variables.size(), 1u);
  EXPECT_EQ(variables[0].value.reveal(), "sesame");
  EXPECT_TRUE(read([](const Tx& tx) { return verify_audit(tx, kAll); }).intact);
  const auto trail = read([](const Tx& tx) { return list_audit(tx, kAll, {}, {}); }).items;
  EXPECT_EQ(trail.at(0).action, "platform.restore");
  // What agents have been told since the backup must look old to them.
  EXPECT_GT(
      std::stoll(*read([](const Tx& tx) { return get_setting(tx, kAll, kSettingNodeGeneration); })),
      1'000'000);
}

TEST_F(Backup, IsOneConsistentStateWhileTheStoreIsWritten) {
  std::atomic<bool> stop = false;
  Runtime runtime;  // outlives the store, whose threads let go of it after they have answered
  // Two rows that always agree; the store has threads of its own.
  std::thread writer([&] {
    for (int i = 0; !stop; ++i) {
      const std::string text = std::to_string(i);
      must(runtime.run_until_done(store_->write([&](Tx& tx) -> Status {
        CROFT_TRY(set_setting(tx, kAll, "left", text));
        CROFT_TRY(set_setting(tx, kAll, "filler", std::string(20'000, 'x') + text));
        return set_setting(tx, kAll, "right", text);
      })));
    }
  });
  const auto made = back_up();
  stop = true;
  writer.join();
  must(Result<BackupManifest>(made));
  stop_and_delete();
  must(restore(false));
  start();
  const auto value = [&](const char* name) {
    return read([&](const Tx& tx) { return get_setting(tx, kAll, name); }).value_or("none");
  };
  EXPECT_EQ(value("left"), value("right"));
}

TEST_F(Backup, ASnapshotIsPutBackAndWhatWasThereIsKeptAside) {
  const auto snapshot = directory_ / "releases" / "r1" / "before";
  must(take_snapshot(state(), snapshot));
  must(take_snapshot(state(), snapshot));  // again, after an interrupted one
  write([](Tx& tx) { return create_project(tx, kAll, {.name = "later"}); });
  store_.reset();
  must(restore_snapshot(snapshot, state(), clock_, random_));
  EXPECT_TRUE(left_over().empty());
  start();
  const auto projects = read([](const Tx& tx) { return all_projects(tx, kAll); });
  ASSERT_EQ(projects.size(), 1u);
  EXPECT_EQ(projects[0].name, "shop");
  EXPECT_GT(
      std::stoll(*read([](const Tx& tx) { return get_setting(tx, kAll, kSettingNodeGeneration); })),
      1'000'000);
  int aside = 0;
  for (const auto& entry : std::filesystem::directory_iterator(state())) {
    const bool kept = entry.path().filename().string().starts_with("before-restore-");
    if (kept && std::filesystem::exists(entry.path() / "croft.db")) ++aside;
  }
  EXPECT_EQ(aside, 1);
  store_.reset();
  EXPECT_EQ(restore_snapshot(directory_ / "none", state(), clock_, random_).error().code(),
            ErrorCode::kNotFound);
}

TEST_F(Backup, AnInstallationThatIsThereNeedsConfirmAndIsKeptAside) {
  must(back_up());
  write([](Tx& tx) { return set_setting(tx, kAll, kSettingInstallId, "other1"); });
  store_.reset();
  const auto refused = restore(false);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), ErrorCode::kConflict);
  EXPECT_NE(refused.error().message().find("other1"), std::string::npos);
  EXPECT_NE(refused.error().message().find("--confirm"), std::string::npos);
  const RestoreReport report = must(restore(true));
  EXPECT_EQ(report.replaced, "other1");
  EXPECT_TRUE(std::filesystem::exists(std::filesystem::path(report.kept_under) / "croft.db"));
  EXPECT_TRUE(std::filesystem::exists(std::filesystem::path(report.kept_under) / "master.key"));
  start();
  EXPECT_EQ(read([](const Tx& tx) { return get_setting(tx, kAll, kSettingInstallId); }), "abc123");
}

TEST_F(Backup, AWrongPassphraseOrADamagedFileTouchesNothing) {
  must(back_up());
  store_.reset();
  const std::string database = must(read_file(state() / "croft.db"));
  EXPECT_EQ(restore(true, Secret("another long passphrase")).error().code(), ErrorCode::kForbidden);
  const std::string good = must(read_file(file()));
  const auto refuse = [&](const std::string& content, const char* what) {
    must(write_file_atomically(file(), content, 0600));
    EXPECT_FALSE(restore(true)) << what;
    EXPECT_EQ(must(read_file(state() / "croft.db")), database) << what;
    EXPECT_TRUE(left_over().empty()) << what;
  };
  for (const std::size_t at : {std::size_t{3}, std::size_t{40}, good.size() / 2, good.size() - 1}) {
    std::string bad = good;
    bad[at] = static_cast<char>(bad[at] ^ 1);
    refuse(bad, "a changed byte");
  }
  refuse(good.substr(0, good.size() - 100), "cut off");
  refuse(good.substr(0, 10), "cut off in its head");
  refuse(good + "x", "appended");
  // A whole piece taken from the end: only the mark of the last piece tells.
  const std::size_t piece = (64u << 10) + 17;
  ASSERT_GT(good.size(), 2 * piece);
  refuse(good.substr(0, good.size() - (good.size() % piece)), "last piece");
  must(write_file_atomically(file(), good, 0600));
  EXPECT_TRUE(restore(true));
}

TEST_F(Backup, NothingOfItCanBeReadWithoutThePassphrase) {
  must(back_up());
  const std::string content = must(read_file(file()));
  const std::string key = must(read_file(state() / "master.key"));
  EXPECT_EQ(content.find("shop"), std::string::npos);
  EXPECT_EQ(content.find("SQLite format"), std::string::npos);
  EXPECT_EQ(content.find(key.substr(2, 32)), std::string::npos);
  EXPECT_EQ(must(read_sealed_header(file())).at("install_id").as_string(), "abc123");
}

TEST_F(Backup, RefusesWhatCannotBecomeABackup) {
  EXPECT_EQ(write_backup(state(), file(), Secret("short"), kCheap, clock_.now()).error().code(),
            ErrorCode::kInvalid);
  EXPECT_FALSE(std::filesystem::exists(file()));
  EXPECT_EQ(
      write_backup(directory_ / "none", file(), kPassphrase, kCheap, clock_.now()).error().code(),
      ErrorCode::kNotFound);
  must(back_up());
  EXPECT_EQ(back_up().error().code(), ErrorCode::kConflict);
}

TEST_F(Backup, ADamagedDatabaseIsNotBackedUp) {
  store_.reset();
  const std::string good = must(read_file(state() / "croft.db"));
  std::string bad = good;
  for (std::size_t at = bad.size() / 2; at < bad.size(); ++at) bad[at] = '\x55';
  must(write_file_atomically(state() / "croft.db", bad, 0600));
  EXPECT_FALSE(back_up());
  EXPECT_FALSE(std::filesystem::exists(file()));
}

TEST_F(Backup, RestoringASecondTimeAfterAnInterruptedOneWorks) {
  must(back_up());
  store_.reset();
  std::filesystem::remove(state() / "master.key");  // killed between its two renames
  EXPECT_FALSE(open_state_dir(state(), clock_, random_, {}));
  must(restore(true));
  start();
}

}  // namespace
}  // namespace croft
