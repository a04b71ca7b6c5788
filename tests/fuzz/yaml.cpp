#include "spec/yaml.h"

#include "fuzz.h"

using namespace croft;

namespace {

constexpr spec::YamlLimits kLimits{
    .max_bytes = 64u << 10, .max_depth = 16, .max_nodes = 5'000, .max_key_bytes = 256};

// What a node says of itself is true, its children included; an alias is walked each time it is
// used, which the limit on nodes bounds.
std::size_t walk(const spec::Node& node) {
  std::size_t weight = 1;
  int height = 0;
  check(node.at.line >= 1 && node.at.column >= 1, "every node has a place");
  for (const auto& item : node.items) {
    weight += walk(*item);
    height = std::max(height, item->height);
  }
  for (const auto& entry : node.entries) {
    check(entry.at.line >= 1 && entry.at.column >= 1, "every key has a place");
    check(entry.key.size() <= kLimits.max_key_bytes, "a key is not longer than the limit");
    check(node.find(entry.key) == &entry, "no key stands twice");
    weight += walk(*entry.value);
    height = std::max(height, entry.value->height);
  }
  check(node.height > height, "a node is higher than what is in it");
  check(node.weight >= weight, "a node weighs what its tree does");
  return weight;
}

}  // namespace

FUZZ_TARGET(yaml) {
  const auto parsed = spec::parse_yaml("f.yml", input, kLimits);
  if (parsed) {
    check((*parsed)->height <= kLimits.max_depth, "a tree is not deeper than the limit");
    check(walk(**parsed) <= kLimits.max_nodes, "a tree is not larger than the limit");
    return;
  }
  fuzz::expect_told(parsed.error());
  const bool large = parsed.error().code() == ErrorCode::kTooLarge;
  check(large || parsed.error().code() == ErrorCode::kInvalid, "a file is invalid or too large");
  check(large || !parsed.error().fields().empty(), "a complaint has a place");
  for (const FieldError& field : parsed.error().fields()) {
    check(field.line >= 1 && field.column >= 1, "a complaint has line and column");
    check(static_cast<std::size_t>(field.line) <= input.size() + 2,
          "a complaint's line is in the file");
  }
}
