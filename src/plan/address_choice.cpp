#include "plan/address_choice.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "plan/address_plan.h"

namespace croft {
namespace {

constexpr std::uint32_t kTen = 10u << 24;  // 10.0.0.0
constexpr int kPools = 3;
constexpr int kFirstUplink = 2;
constexpr int kLastUplink = 63;

bool any_overlap(const std::vector<IpPrefix>& taken, const IpPrefix& range) {
  return std::any_of(taken.begin(), taken.end(),
                     [&](const IpPrefix& one) { return one.overlaps(range); });
}

std::optional<IpPrefix> choose_pool(std::uint32_t start, const TakenRanges& taken) {
  std::optional<IpPrefix> best;
  std::ptrdiff_t fewest = 0;
  for (std::uint32_t i = 0; i < kPools; ++i) {
    const std::uint32_t number = 1 + (start + i) % kPools;
    const IpPrefix pool(IpAddress::v4(kTen | number << 22), 10);
    if (any_overlap(taken.engine, pool)) continue;
    const auto inside = std::count_if(taken.host.begin(), taken.host.end(),
                                      [&](const IpPrefix& one) { return one.overlaps(pool); });
    if (best && inside >= fewest) continue;
    best = pool;
    fewest = inside;
  }
  return best;
}

std::optional<IpPrefix> choose_uplink(std::uint32_t start, const TakenRanges& taken) {
  constexpr std::uint32_t kCount = kLastUplink - kFirstUplink + 1;
  for (const bool below_wider_routes : {false, true}) {
    for (std::uint32_t i = 0; i < kCount; ++i) {
      const std::uint32_t number = kFirstUplink + (start + i) % kCount;
      const IpPrefix uplink(IpAddress::v4(kTen | number << 16), 16);
      const auto in_the_way = [&](const IpPrefix& one) {
        const bool wider = one.contains(uplink) && one.length() < uplink.length();
        return one.overlaps(uplink) && !(wider && below_wider_routes);
      };
      if (any_overlap(taken.engine, uplink)) continue;
      if (std::none_of(taken.host.begin(), taken.host.end(), in_the_way)) return uplink;
    }
  }
  return std::nullopt;
}

}  // namespace

Result<AddressChoice> choose_addresses(std::string_view install_id, const TakenRanges& taken) {
  const std::uint32_t hash = install_hash(install_id);
  const auto pool = choose_pool(hash % kPools, taken);
  if (!pool) {
    return fail(
        ErrorCode::kExhausted,
        fmt::format("no IPv4 range is left for projects: networks of the engine lie in each "
                    "of the {} that croft chooses from; remove an installation or network, "
                    "or say a free /10 with --pool",
                    kPools));
  }
  const auto uplink = choose_uplink(hash >> 8, taken);
  if (!uplink) {
    return fail(ErrorCode::kExhausted,
                "no IPv4 range is left for the uplink: addresses and routes of this machine lie in "
                "each /16 of 10.2.0.0 to 10.63.0.0; say a free /16 with --uplink");
  }
  return AddressChoice{*pool, *uplink};
}

}  // namespace croft
