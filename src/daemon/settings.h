// What an installation keeps of itself, and what its command line says.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "app/environment.h"
#include "base/args.h"
#include "base/free_space.h"
#include "base/result.h"
#include "store/store.h"

namespace croft {

// From the command line of croftd.
struct DaemonOptions {
  std::filesystem::path home;
  std::string engine_socket;
  std::filesystem::path programs;  // folder with croft-init, croft-core, croft-keep
  std::filesystem::path data;      // folder with catalog/, images/, api/
  std::string api_address = "127.0.0.1";
  std::uint16_t api_port = 0;  // 0: 7420, or a free one when that is taken
  PlatformAddress platform;
  std::string pool4;    // IPv4 /10 of projects; empty: chosen at the first start, then kept
  std::string uplink4;  // IPv4 /16 of the uplink; the same
  std::uint64_t least_free_bytes = kLeastFreeBytes;
  std::string failpoint;  // reconcile/failpoints.h; from the environment variable CROFT_FAILPOINT

  static Result<DaemonOptions> from(const Args& args);
};

// Names that croftd's command line knows, for Args::parse.
std::set<std::string> daemon_option_names();

// Below state/: its id, for programs that do not open the store.
inline constexpr const char* kInstallIdFile = "install_id";

struct Installation {
  std::string id;   // 6 characters [a-z0-9]
  std::string ula;  // "fd12:3456:789a::/48"
};

// Made once, then read.
Task<Result<Installation>> load_installation(Store& store);

}  // namespace croft
