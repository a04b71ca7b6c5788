// Versions of service types: which one a request means, and which one is nearest.
#pragma once

#include <string_view>
#include <vector>

#include "catalog/types.h"

namespace croft::catalog {

// <0, 0, >0 as `a` is older than, equal to or newer than `b`: number by number, missing ones count
// as 0.
int compare_versions(std::string_view a, std::string_view b);

// The version that `wanted` names: the same text, an alias, or the newest one that begins with its
// numbers ("1" fits 1.27, "22" does not fit 2.2). Empty `wanted`: the one called latest, else the
// newest. Null when there is none.
const TypeVersion* match_version(const std::vector<TypeVersion>& versions, std::string_view wanted);

// The version closest to `wanted` by its first differing number, the newer one when two are as
// close; the newest when `wanted` is no number. Never null for a non-empty list.
const TypeVersion* nearest_version(const std::vector<TypeVersion>& versions,
                                   std::string_view wanted);

}  // namespace croft::catalog
