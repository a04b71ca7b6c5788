// For tests: a store of each kind, with a clock that moves when told to.
#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>

#include "store/sqlite/sqlite_database.h"
#include "store/store.h"

namespace croft {

enum class StoreKind : std::uint8_t { kSqliteFile, kSqliteMemory, kInline };

inline std::string store_kind_name(StoreKind kind) {
  switch (kind) {
    case StoreKind::kSqliteFile:
      return "SqliteFile";
    case StoreKind::kSqliteMemory:
      return "SqliteMemory";
    default:
      return "Inline";
  }
}

// The value, or a test failure with the error.
template <class T>
T must(Result<T> result) {
  if (!result) throw std::runtime_error(result.error().describe());
  if constexpr (!std::is_void_v<T>) return std::move(*result);
}

class StoreTest : public testing::Test {
 protected:
  explicit StoreTest(StoreKind kind = StoreKind::kSqliteFile) : kind_(kind) {
    std::string pattern = (std::filesystem::temp_directory_path() / "croft-store-XXXXXX").string();
    if (::mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("mkdtemp");
    directory_ = pattern;
    keys_ = MasterKeys::generate(random_);
    store_ = must(open());
  }
  ~StoreTest() override {
    store_.reset();
    std::error_code ignored;
    std::filesystem::remove_all(directory_, ignored);
  }

  std::filesystem::path file() const { return directory_ / "croft.db"; }

  Result<std::unique_ptr<Store>> open() {
    return Store::open(kind_ == StoreKind::kSqliteFile ? sqlite_file(file()) : sqlite_memory(),
                       keys_, clock_, random_,
                       {.readers = 2, .own_threads = kind_ != StoreKind::kInline});
  }
  // As after a restart of croftd.
  void reopen() {
    store_.reset();
    store_ = must(open());
  }

  Store& store() { return *store_; }

  template <class F>
  auto write(F fn) {
    return runtime_.run_until_done(store_->write(std::move(fn)));
  }
  template <class F>
  auto read(F fn) {
    return runtime_.run_until_done(store_->read(std::move(fn)));
  }

  StoreKind kind_;
  std::filesystem::path directory_;
  ManualClock clock_;
  SystemRandom random_;
  MasterKeys keys_;
  Runtime runtime_;
  std::unique_ptr<Store> store_;
};

}  // namespace croft
