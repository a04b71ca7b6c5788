#include "daemon/address_setup.h"

#include <fmt/format.h>

#include <optional>
#include <tuple>

#include "base/log.h"
#include "reconcile/names.h"
#include "store/backup.h"
#include "store/settings.h"

namespace croft {
namespace {

constexpr Millis kEngineLimit{15'000};
constexpr int kPoolBits = 10;

std::string label(const engine::NetworkInfo& network, const char* name) {
  const auto it = network.spec.labels.find(name);
  return it == network.spec.labels.end() ? std::string() : it->second;
}

struct StoredRanges {
  std::string pool;
  std::string uplink;
};

Result<std::optional<StoredRanges>> read_ranges(const Tx& tx) {
  auto pool = get_setting(tx, Scope::platform(), kSettingPool4);
  if (!pool) return fail(std::move(pool).error());
  auto uplink = get_setting(tx, Scope::platform(), kSettingUplink4);
  if (!uplink) return fail(std::move(uplink).error());
  if (*pool && *uplink) return StoredRanges{**pool, **uplink};
  auto generation = get_setting(tx, Scope::platform(), kSettingNodeGeneration);
  if (!generation) return fail(std::move(generation).error());
  if (!*generation) return std::nullopt;
  return StoredRanges{std::string(kDefaultPool4), std::string(kDefaultUplink4)};
}

Status check_options(const StoredRanges& stored, const DaemonOptions& options) {
  for (const auto& [name, wanted, has] : {std::tuple("pool", options.pool4, stored.pool),
                                          std::tuple("uplink", options.uplink4, stored.uplink)}) {
    if (wanted.empty() || wanted == has) continue;
    return fail(ErrorCode::kConflict,
                fmt::format("--{} {}: this installation was made with {}, which its containers "
                            "have; leave the option out, or purge the installation first",
                            name, wanted, has));
  }
  return {};
}

void warn_of_collisions(const StoredRanges& ranges, const HostFacts& facts,
                        const std::string& own_device) {
  const auto uplink = IpPrefix::parse(ranges.uplink);
  if (!uplink) return;
  for (const HostRange& one : facts.ranges4) {
    const auto range = IpPrefix::parse(one.range);
    if (!range || one.interface == own_device || !uplink->overlaps(*range)) continue;
    if (range->length() < uplink->length()) continue;  // ours is more specific
    log_warning("the uplink's range is in use on this machine; IPv4 from projects may go astray",
                {{"uplink", ranges.uplink}, {"range", one.range}, {"interface", one.interface}});
  }
}

}  // namespace

TakenRanges taken_ranges(const std::vector<engine::NetworkInfo>& networks, const HostFacts& facts,
                         const std::string& install_id) {
  TakenRanges taken;
  for (const HostRange& one : facts.ranges4) {
    if (const auto range = IpPrefix::parse(one.range)) taken.host.push_back(*range);
  }
  // A resolver behind a default route is in none of them.
  for (const std::string& text : facts.resolvers) {
    const auto address = IpAddress::parse(text);
    if (address && !address->is_v6()) taken.host.emplace_back(*address, 32);
  }
  for (const engine::NetworkInfo& network : networks) {
    if (label(network, "croft.install") == install_id) continue;
    if (const auto pool = IpPrefix::parse(label(network, kPoolLabel)))
      taken.engine.push_back(*pool);
    for (const engine::AddressRange& one : network.spec.ranges) {
      const auto range = IpPrefix::parse(one.subnet);
      if (!range || range->is_v6()) continue;
      const bool segment = label(network, "croft.role") == "segment";
      taken.engine.push_back(segment ? IpPrefix(range->address(), kPoolBits) : *range);
    }
  }
  return taken;
}

Task<Result<AddressPlan>> settle_addresses(Store& store, engine::NetworkEngine& engine,
                                           const Installation& installation,
                                           const DaemonOptions& options, const HostFacts& facts) {
  auto stored = co_await store.read([](const Tx& tx) { return read_ranges(tx); });
  if (!stored) co_return fail(std::move(stored).error());
  StoredRanges ranges{options.pool4, options.uplink4};
  if (*stored) {
    ranges = **stored;
    CROFT_CO_TRY(check_options(ranges, options));
    warn_of_collisions(ranges, facts, uplink_child_device(installation.id));
  } else if (ranges.pool.empty() || ranges.uplink.empty()) {
    auto networks = co_await engine.list_networks({}, kEngineLimit);
    if (!networks) co_return fail(std::move(networks).error());
    auto chosen =
        choose_addresses(installation.id, taken_ranges(*networks, facts, installation.id));
    if (!chosen) co_return fail(std::move(chosen).error());
    if (ranges.pool.empty()) ranges.pool = chosen->pool.str();
    if (ranges.uplink.empty()) ranges.uplink = chosen->uplink.str();
  }
  auto plan = AddressPlan::create(installation.ula, ranges.pool, ranges.uplink);
  if (!plan) co_return fail(std::move(plan).error());
  const auto keep = [&ranges](Tx& tx) -> Status {
    CROFT_TRY(set_setting(tx, Scope::platform(), kSettingPool4, ranges.pool));
    CROFT_TRY(set_setting(tx, Scope::platform(), kSettingUplink4, ranges.uplink));
    return {};
  };
  if (!*stored) CROFT_CO_TRY(co_await store.write(keep));
  log_info("addresses", {{"pool", ranges.pool}, {"uplink", ranges.uplink}});
  co_return plan;
}

}  // namespace croft
