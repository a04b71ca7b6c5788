#include "base/oom.h"

#include <charconv>

#include "base/file.h"

namespace croft {

std::uint64_t parse_keyed_number(std::string_view text, std::string_view key) {
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    const std::size_t space = line.find(' ');
    if (space == std::string_view::npos || line.substr(0, space) != key) continue;
    std::uint64_t count = 0;
    std::from_chars(line.data() + space + 1, line.data() + line.size(), count);
    return count;
  }
  return 0;
}

std::uint64_t parse_oom_kills(std::string_view text) {
  return parse_keyed_number(text, "oom_kill");
}

std::uint64_t read_oom_kills() {
  for (const char* path :
       {"/sys/fs/cgroup/memory.events", "/sys/fs/cgroup/memory/memory.oom_control"}) {
    if (const auto text = read_file(path, 65536)) return parse_oom_kills(*text);
  }
  return 0;
}

}  // namespace croft
