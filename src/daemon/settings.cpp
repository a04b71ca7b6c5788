#include "daemon/settings.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <cstdlib>

#include "plan/edge_names.h"
#include "store/settings.h"

namespace croft {
namespace {

Result<std::uint16_t> port_of(const Args& args, const std::string& name, std::uint16_t fallback) {
  const std::string text = args.get(name);
  if (text.empty()) return fallback;
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error == std::errc() && end == text.data() + text.size()) return port;
  return fail(ErrorCode::kInvalid, fmt::format("--{} {}: not a port number", name, text));
}

Result<std::uint64_t> least_free_of(const Args& args) {
  constexpr std::uint64_t kMostMib = 1u << 30;
  const std::string text = args.get("least-free-mib");
  if (text.empty()) return kLeastFreeBytes;
  std::uint64_t mib = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), mib);
  if (error == std::errc() && end == text.data() + text.size() && mib <= kMostMib) {
    return mib << 20;
  }
  return fail(ErrorCode::kInvalid, fmt::format("--least-free-mib {}: not a number of MiB", text));
}

std::string new_install_id(Random& random) {
  constexpr std::string_view kAlphabet = "abcdefghijklmnopqrstuvwxyz0123456789";
  std::string id(6, 'a');
  for (char& c : id) c = kAlphabet[random.below(kAlphabet.size())];
  return id;
}

// A random /48 of fd00::/8 (RFC 4193).
std::string new_ula(Random& random) {
  std::array<std::byte, 5> bits{};
  random.fill(bits);
  return fmt::format("fd{:02x}:{:02x}{:02x}:{:02x}{:02x}::/48", bits[0], bits[1], bits[2], bits[3],
                     bits[4]);
}

Result<std::string> ensure_setting(Tx& tx, const char* name, std::string (*make)(Random&)) {
  auto stored = get_setting(tx, Scope::platform(), name);
  if (!stored) return fail(std::move(stored).error());
  if (*stored) return **stored;
  std::string made = make(tx.random());
  CROFT_TRY(set_setting(tx, Scope::platform(), name, made));
  return made;
}

}  // namespace

std::set<std::string> daemon_option_names() {
  return {"home",        "engine",         "programs",  "data",
          "api-address", "api-port",       "http-port", "https-port",
          "domain",      "backup",         "restore",   "pool",
          "uplink",      "least-free-mib", "snapshot",  "restore-snapshot",
          "upgrade"};
}

Result<DaemonOptions> DaemonOptions::from(const Args& args) {
  DaemonOptions options;
  for (const char* name : {"home", "engine", "programs", "data"}) {
    if (args.get(name).empty()) {
      return fail(ErrorCode::kInvalid, fmt::format("--{} is missing; see --help", name));
    }
  }
  options.home = std::filesystem::absolute(args.get("home"));
  options.engine_socket = args.get("engine");
  options.programs = std::filesystem::absolute(args.get("programs"));
  options.data = std::filesystem::absolute(args.get("data"));
  options.pool4 = args.get("pool");
  options.uplink4 = args.get("uplink");
  options.api_address = args.get("api-address", options.api_address);
  options.platform.domain = args.get("domain", options.platform.domain);
  if (!valid_platform_domain(options.platform.domain)) {
    return fail(ErrorCode::kInvalid,
                fmt::format("--domain {}: not a domain name", options.platform.domain));
  }
  const auto api = port_of(args, "api-port", 0);
  const auto http = port_of(args, "http-port", 80);
  const auto https = port_of(args, "https-port", 443);
  if (!api) return fail(api.error());
  if (!http) return fail(http.error());
  if (!https) return fail(https.error());
  auto least_free = least_free_of(args);
  if (!least_free) return fail(std::move(least_free).error());
  options.least_free_bytes = *least_free;
  options.api_port = *api;
  if (const char* failpoint = std::getenv("CROFT_FAILPOINT")) options.failpoint = failpoint;
  options.platform.http_port = *http;
  options.platform.https_port = *https;
  return options;
}

Task<Result<Installation>> load_installation(Store& store) {
  co_return co_await store.write([](Tx& tx) -> Result<Installation> {
    auto id = ensure_setting(tx, kSettingInstallId, &new_install_id);
    if (!id) return fail(std::move(id).error());
    auto ula = ensure_setting(tx, kSettingUla, &new_ula);
    if (!ula) return fail(std::move(ula).error());
    return Installation{.id = std::move(*id), .ula = std::move(*ula)};
  });
}

}  // namespace croft
