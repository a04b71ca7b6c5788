// CROFT_HOME: the directories of an installation, and who uses it.
#pragma once

#include <filesystem>
#include <optional>

#include "base/args.h"
#include "base/fd.h"
#include "base/result.h"

namespace croft {

// `--home` of a command that needs nothing else of an installation. kInvalid: it is missing.
Result<std::filesystem::path> home_of(const Args& args);

// Makes what is missing, readable by root only.
Status make_home(const std::filesystem::path& home);

// The file, made when it is missing, locked until the descriptor is closed; nullopt: another
// process has the lock.
Result<std::optional<Fd>> try_lock(const std::filesystem::path& path);

// One croftd per home: the lock goes with the process, however it ends. kConflict: another has it.
Result<Fd> lock_home(const std::filesystem::path& home);

}  // namespace croft
