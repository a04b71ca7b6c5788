// What the kernel tells of a container: whether it killed something in a container for want of
// memory.
#pragma once

#include <cstdint>
#include <string_view>

namespace croft {

// The number behind `key` in a file with "key number" in each line; 0 when it is absent.
std::uint64_t parse_keyed_number(std::string_view text, std::string_view key);

// The value of `oom_kill` in memory.events (cgroup v2) or memory.oom_control (v1); 0 when absent.
std::uint64_t parse_oom_kills(std::string_view text);

// Of this container, since it began; 0 when the kernel does not tell.
std::uint64_t read_oom_kills();

}  // namespace croft
