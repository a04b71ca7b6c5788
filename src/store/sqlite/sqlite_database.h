// SQLite behind the SQL port: WAL, synchronous=FULL (a committed transaction survives power loss),
// foreign keys on, 5 s busy timeout.
#pragma once

#include <filesystem>
#include <memory>

#include "store/sql.h"

namespace croft {

// A database file, created with mode 0600 when missing (its directory must exist).
std::unique_ptr<SqlDatabase> sqlite_file(std::filesystem::path file);

// In memory, one connection, gone with it: for tests and the simulator.
std::unique_ptr<SqlDatabase> sqlite_memory();
// The same, but with the content that `of` has when it is opened: a connection of sqlite_memory(),
// which outlives it.
std::unique_ptr<SqlDatabase> sqlite_memory_copy(SqlConnection& of);

}  // namespace croft
