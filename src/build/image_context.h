// Build contexts: small trees of files, handed to the engine as a tar archive.
#pragma once

#include <filesystem>
#include <map>
#include <string>

#include "base/result.h"

namespace croft::build {

struct ContextFile {
  std::string content;
  bool executable = false;
  std::string link_to;  // a symbolic link when not empty
  bool operator==(const ContextFile&) const = default;
};

// Path in the context, without a leading slash.
using ContextFiles = std::map<std::string, ContextFile>;

// Every file below `folder`, under `prefix`. Symbolic links stay links. kTooLarge over 64 MiB.
Result<ContextFiles> read_context_files(const std::filesystem::path& folder,
                                        const std::string& prefix);

// A tar archive with these files, owned by root, with no times in it.
Result<std::string> make_tar(const ContextFiles& files);

}  // namespace croft::build
