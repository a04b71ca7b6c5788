// "Did you mean …?"
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace croft::spec {

// The candidate that `word` is most likely a slip of: by edit distance (letters swapped count as
// one, case does not count), or by one being the beginning of the other. Empty when none is near.
std::string nearest(std::string_view word, std::span<const std::string_view> candidates);
std::string nearest(std::string_view word, const std::vector<std::string>& candidates);

}  // namespace croft::spec
