#include "catalog/version_match.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdlib>

namespace croft::catalog {
namespace {

constexpr std::size_t kParts = 4;
using Numbers = std::array<long, kParts>;

// Up to four numbers separated by dots; what is not a number ends them.
Numbers numbers_of(std::string_view text) {
  Numbers numbers{};
  for (std::size_t i = 0; i < kParts && !text.empty(); ++i) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), numbers[i]);
    if (error != std::errc() || end == text.data() + text.size() || *end != '.') break;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()) + 1);
  }
  return numbers;
}

bool begins_with_numbers(std::string_view version, std::string_view wanted) {
  return version.starts_with(wanted) && version.size() > wanted.size() &&
         version[wanted.size()] == '.';
}

bool has_alias(const TypeVersion& version, std::string_view name) {
  return std::ranges::find(version.aliases, name) != version.aliases.end();
}

const TypeVersion* newest(const std::vector<TypeVersion>& versions) {
  const TypeVersion* best = nullptr;
  for (const TypeVersion& version : versions)
    if (!best || compare_versions(version.version, best->version) > 0) best = &version;
  return best;
}

// How far apart: the distance at the first number that differs, weighed above all later ones.
Numbers distance(const Numbers& a, const Numbers& b) {
  Numbers result{};
  for (std::size_t i = 0; i < kParts; ++i) result[i] = std::labs(a[i] - b[i]);
  return result;
}

}  // namespace

int compare_versions(std::string_view a, std::string_view b) {
  const Numbers left = numbers_of(a);
  const Numbers right = numbers_of(b);
  return left < right ? -1 : left > right ? 1 : 0;
}

const TypeVersion* match_version(const std::vector<TypeVersion>& versions,
                                 std::string_view wanted) {
  for (const TypeVersion& version : versions)
    if (version.version == wanted || has_alias(version, wanted.empty() ? "latest" : wanted))
      return &version;
  if (wanted.empty()) return newest(versions);
  const TypeVersion* best = nullptr;
  for (const TypeVersion& version : versions) {
    if (!begins_with_numbers(version.version, wanted)) continue;
    if (!best || compare_versions(version.version, best->version) > 0) best = &version;
  }
  return best;
}

const TypeVersion* nearest_version(const std::vector<TypeVersion>& versions,
                                   std::string_view wanted) {
  if (wanted.empty() || wanted.front() < '0' || wanted.front() > '9') return newest(versions);
  const Numbers target = numbers_of(wanted);
  const TypeVersion* best = nullptr;
  for (const TypeVersion& version : versions) {
    if (!best) {
      best = &version;
      continue;
    }
    const Numbers here = distance(numbers_of(version.version), target);
    const Numbers there = distance(numbers_of(best->version), target);
    if (here < there || (here == there && compare_versions(version.version, best->version) > 0))
      best = &version;
  }
  return best;
}

}  // namespace croft::catalog
