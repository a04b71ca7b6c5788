// Copies of a database file, and whether one is sound.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>

#include "base/result.h"

namespace croft {

// A consistent copy of a database that may be in use by other connections and processes (SQLite's
// online backup): readers and the writer go on. `to` must not exist; it becomes one file with mode
// 0600, on disk when this returns. Blocks.
Status copy_sqlite_database(const std::filesystem::path& from, const std::filesystem::path& to);

struct DatabaseFacts {
  int schema = 0;                            // newest migration
  std::map<std::string, std::int64_t> rows;  // by table
};

// Opens it read-only, checks its pages, indexes and references, and counts. kFailed names the first
// thing that is wrong. Blocks.
Result<DatabaseFacts> check_sqlite_database(const std::filesystem::path& file);

}  // namespace croft
