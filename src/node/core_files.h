// State directories of the cores on this node: <directory>/<project>/desired.json.
#pragma once

#include <filesystem>
#include <vector>

#include "base/result.h"
#include "model/core_state.h"

namespace croft::node {

class CoreFiles {
 public:
  explicit CoreFiles(std::filesystem::path directory) : directory_(std::move(directory)) {}

  // Writes what differs and removes directories of projects that are not in `cores`. A directory
  // that is not named by a project id is left alone.
  Status apply(const std::vector<CoreDesired>& cores);
  // Takes over what an older croft kept in `old`, directory by directory. A core that has one of
  // them mounted keeps it: it is the same directory under another name.
  Status move_from(const std::filesystem::path& old);
  // Every socket of a core that is there now.
  std::vector<std::filesystem::path> sockets() const;

  const std::filesystem::path& directory() const { return directory_; }

 private:
  std::filesystem::path directory_;
};

}  // namespace croft::node
