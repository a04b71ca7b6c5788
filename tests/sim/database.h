// croftd's disk: one database in memory that outlives every croftd which opens it.
#pragma once

#include <array>
#include <functional>
#include <memory>
#include <utility>

#include "base/check.h"
#include "store/cipher.h"
#include "store/tx.h"

namespace croft::sim {

// Whose rows the simulator reads.
enum class Table : std::uint8_t { kProjects, kServices, kSets, kVersions, kProcesses };

class Disk {
 public:
  // `migrated`: it has croft's tables already, as a first croftd leaves them, which saves the time.
  Disk(std::uint64_t seed, bool migrated);

  // What a program that opens it can do with it.
  struct Client {
    std::function<bool()> alive;      // false: the program is dead, nothing it does has an effect
    std::function<void()> committed;  // after each commit of a write
  };
  std::unique_ptr<SqlDatabase> open(Client client);
  MasterKeys keys() const { return keys_; }

  bool full = false;  // commits fail
  std::uint64_t commits() const { return commits_; }
  // Whether rows of the table may have changed since this was last asked.
  bool take_changed(Table table) { return std::exchange(changed_.at(index(table)), false); }

  // Looks at the rows from outside of every program. `fn(const Tx&)` returns a Result.
  template <class F>
  auto look(Timestamp now, F fn) {
    check(raw_->begin(SqlConnection::Access::kRead).has_value(), "the simulator reads the store");
    const Tx tx(*raw_, cipher_, now, random_);
    auto result = fn(tx);
    raw_->rollback();
    return result;
  }

 private:
  class Connection;
  class Database;
  static constexpr std::array<std::string_view, 5> kTables{"projects", "services", "instance_sets",
                                                           "versions", "processes"};
  static std::size_t index(Table table) { return static_cast<std::size_t>(table); }
  void note(std::string_view sql);

  SeededRandom random_;
  MasterKeys keys_;
  Cipher cipher_;
  std::unique_ptr<SqlDatabase> database_;
  std::unique_ptr<SqlConnection> raw_;
  std::uint64_t commits_ = 0;
  std::array<bool, kTables.size()> changed_{true, true, true, true, true};
};

}  // namespace croft::sim
