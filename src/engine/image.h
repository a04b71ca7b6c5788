// Images: what the engine holds, and how new ones come to be.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/time.h"
#include "engine/spec.h"

namespace croft::engine {

// What an image says about how its containers run. Empty fields are not set.
struct ImageConfig {
  Strings entrypoint;
  Strings command;
  std::map<std::string, std::string> env;
  std::string workdir;
  std::string user;
  std::string stop_signal;
  Labels labels;
  bool operator==(const ImageConfig&) const = default;
};

struct ImageInfo {
  std::string id;  // "sha256:…"
  Strings tags;    // "name:tag"
  Labels labels;
  std::int64_t size_bytes = 0;
  Timestamp created;
  ImageConfig config;  // from inspect only
};

struct ImageFilter {
  Labels labels;
  std::string reference;  // "name", "name:tag", with * as wildcard; empty: all
};

struct ImageBuild {
  std::string tag;                        // "name:tag"
  std::string dockerfile = "Dockerfile";  // path in the context
  std::map<std::string, std::string> args;
  Labels labels;
  std::string network_mode;       // "none", "host", "bridge"; empty: the engine's default
  Strings extra_hosts;            // "name:address"
  std::int64_t memory_bytes = 0;  // of each step; 0 = no limit
  std::int64_t nano_cpus = 0;     // of each step; 0 = no limit
  std::int64_t cpu_shares = 0;    // of each step, as in Resources; 0 = the default
  bool no_cache = false;
};

// One line of progress, without its line end.
using ProgressLine = std::function<void(std::string_view line)>;

}  // namespace croft::engine
