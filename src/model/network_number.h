// How many networks an installation has room for.
#pragma once

namespace croft {

// Projects have the numbers 1..this; 0 is the uplink. As many as plan/address_plan.h has ranges
// for; the store hands them out and is the one place that refuses more.
inline constexpr int kMaxNetworkNumber = 1007;

}  // namespace croft
