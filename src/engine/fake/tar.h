// Small tar archives in memory (POSIX ustar): what tests and the fake engine need of the format.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace croft::engine {

struct TarEntry {
  std::string content;
  std::string link_target;  // not empty: a symbolic link
  unsigned mode = 0644;
  bool operator==(const TarEntry&) const = default;
};

// Entries by path, at most 99 characters each; a path ending in '/' is a directory.
using TarFiles = std::map<std::string, TarEntry>;

std::string write_tar(const TarFiles& files);
// kInvalid for anything that is not such an archive.
Result<TarFiles> read_tar(std::string_view archive);

}  // namespace croft::engine
