// Watches the free space under CROFT_HOME, and of the state, which may be a disk of its own. When
// it runs out croftd goes read-only: reading works, traffic is not its business, and nothing that
// it keeps is half written. It goes on by itself.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <vector>

#include "base/result.h"
#include "task/task.h"

namespace croft {

// Below the first croftd is read-only until there is more than the second. What it still writes
// then is small: its own rows, deletions, log-outs.
inline constexpr std::uint64_t kReadOnlyBelow = 128ull << 20;
inline constexpr std::uint64_t kWritableAbove = 256ull << 20;

class DiskGuard {
 public:
  // Bytes that croftd may still use on the file system of `path`.
  using FreeBytes = std::function<Result<std::uint64_t>(const std::filesystem::path& path)>;
  static Result<std::uint64_t> ask_system(const std::filesystem::path& path);

  // `folders`: one or more.
  DiskGuard(std::vector<std::filesystem::path> folders, FreeBytes free_bytes);

  // Asks for each folder now. One that does not answer does not count; without any answer the
  // state stays as it was.
  void look();
  // look() every second, for ever.
  Task<void> watch();

  bool read_only() const { return read_only_; }
  // Of the folder that has least.
  std::uint64_t free_bytes() const { return free_; }
  // kExhausted, naming the path and what is left of it, while read-only.
  Status may_write() const;

 private:
  std::vector<std::filesystem::path> folders_;
  FreeBytes free_bytes_;
  std::filesystem::path fullest_;
  std::uint64_t free_ = UINT64_MAX;
  bool read_only_ = false;
};

}  // namespace croft
