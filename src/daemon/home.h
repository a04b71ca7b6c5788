// CROFT_HOME: the directories of an installation, and who uses it.
#pragma once

#include <filesystem>

#include "base/fd.h"
#include "base/result.h"

namespace croft {

// Makes what is missing, readable by root only.
Status make_home(const std::filesystem::path& home);

// One croftd per home: the lock goes with the process, however it ends. kConflict: another has it.
Result<Fd> lock_home(const std::filesystem::path& home);

}  // namespace croft
