// How much a container has written beside its volumes: the engine can say it, but walks whole
// images for it where the kernel's overlay has redirects.
#pragma once

#include <cstdint>
#include <filesystem>

#include "base/result.h"

namespace croft::node {

class LayerMeter {
 public:
  virtual ~LayerMeter() = default;
  // Bytes on disk of the files below `layer` (ContainerInfo::written); counting ends above
  // `enough`. Blocks, for as long as walking through that many files takes. What is deleted but
  // still open is not seen.
  virtual Result<std::uint64_t> written(const std::filesystem::path& layer,
                                        std::uint64_t enough) = 0;
  // Bytes that are free on the disk of `layer`. Blocks shortly.
  virtual Result<std::uint64_t> free_bytes(const std::filesystem::path& layer) = 0;
};

class FileMeter final : public LayerMeter {
 public:
  Result<std::uint64_t> written(const std::filesystem::path& layer, std::uint64_t enough) override;
  Result<std::uint64_t> free_bytes(const std::filesystem::path& layer) override;
};

}  // namespace croft::node
