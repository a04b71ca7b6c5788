// Which files `deployFiles` and `addToRunPrepare` mean, and under which path each is stored.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace croft::spec {

// One entry. Rule (source of the Zerops CLI): split at `~`; what to take is both parts joined, and
// the stored path is the file's path without the left part. No globs; a directory is taken with all
// below.
//   dist            → dist/…          ./dist/~/           → … (the contents of dist)
//   path/~/to/file  → to/file         src/assets/~fonts   → fonts/…
struct DeployEntry {
  std::string text;   // as written
  std::string path;   // below the source folder, normalised ("a/b"); "" is the folder itself
  std::string strip;  // leading part of `path` that the stored path does without; "" keeps all
};

// kInvalid for two or more `~`, and for a path that leads out of the source folder. A leading slash
// means the source folder.
Result<DeployEntry> parse_deploy_entry(std::string_view text);

// Stored path of `file`, which is entry.path or lies below it (both normalised, relative to the
// source folder). Empty for the stripped directory itself, which needs no entry in the archive.
std::string stored_path(const DeployEntry& entry, std::string_view file);

// The directories above `path`, outermost first: "a/b/c" → "a", "a/b". They are stored too.
std::vector<std::string> parent_directories(std::string_view path);

// Drops "." and empty steps and resolves "..": "./a//b/../c/" → "a/c". kInvalid when it climbs
// above its start.
Result<std::string> normalise_path(std::string_view path);

}  // namespace croft::spec
