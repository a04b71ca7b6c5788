// When the state was last backed up: a file in the state directory, because croftd --backup is a
// program of its own.
#pragma once

#include <filesystem>
#include <optional>

#include "base/result.h"
#include "base/time.h"

namespace croft {

Status note_backup(const std::filesystem::path& state, Timestamp at);
// nullopt: never, or the file is not one of ours.
std::optional<Timestamp> last_backup(const std::filesystem::path& state);

}  // namespace croft
