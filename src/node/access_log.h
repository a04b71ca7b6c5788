// The edge's access log, read as it grows.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>

#include "base/fd.h"
#include "base/result.h"

namespace croft::node {

class AccessLog {
 public:
  using OnLine = std::function<void(std::string_view)>;

  // What is in the file already at the first read is passed over: it is old.
  explicit AccessLog(std::filesystem::path file) : file_(std::move(file)) {}

  // Calls `on_line` for each whole line that came since the last time, at most 8 MiB of them; the
  // rest is for the next time. When the edge begins a new file, the old one is read to its end
  // first. No file yet is no error. Blocks for as long as reading takes.
  Status read(const OnLine& on_line);

 private:
  Status open(bool at_end);
  bool was_replaced() const;

  std::filesystem::path file_;
  Fd open_;
  std::string rest_;  // a line whose end has not come
  bool first_ = true;
};

}  // namespace croft::node
