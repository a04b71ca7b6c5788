// YAML as a tree in which every node and key knows where it stands in the file. Hostile input is
// refused at fixed costs: aliases are shared, never copied, and counted as if they were.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace croft::spec {

// 1-based; columns count characters, not bytes. {0, 0}: unknown.
struct Position {
  int line = 0;
  int column = 0;
  auto operator<=>(const Position&) const = default;
};

enum class NodeKind : std::uint8_t { kScalar, kSequence, kMapping };
enum class ScalarStyle : std::uint8_t { kPlain, kSingleQuoted, kDoubleQuoted, kLiteral, kFolded };

struct Node;
using NodePtr = std::shared_ptr<const Node>;

struct MapEntry {
  std::string key;
  Position at;  // of the key
  NodePtr value;
  // JSON pointer of the place this entry was taken from, when it is not the mapping it stands in
  // (inherited by `extends`); empty otherwise.
  std::string origin;
};

struct Node {
  NodeKind kind = NodeKind::kScalar;
  ScalarStyle style = ScalarStyle::kPlain;  // of a scalar
  Position at;                    // where the value begins; for an alias, the anchored value
  std::string tag;                // as written, resolved ("tag:yaml.org,2002:str"); mostly ""
  std::string text;               // of a scalar, after unescaping and folding
  std::vector<NodePtr> items;     // of a sequence
  std::vector<MapEntry> entries;  // of a mapping, in file order; merged keys (<<) come last
  std::size_t weight = 1;         // nodes in this tree with every alias expanded
  int height = 1;                 // levels in this tree

  // The entry of `key`, or null.
  const MapEntry* find(std::string_view key) const;
  // A plain, untagged scalar: what may be a number, a boolean or null.
  bool is_plain() const;
  bool is_null() const;
  // "a list", "a mapping", "a number", "text"… for messages.
  std::string_view describe() const;
};

struct YamlLimits {
  std::size_t max_bytes = 1u << 20;
  int max_depth = 64;
  std::size_t max_nodes = 100'000;  // after expansion of aliases and merge keys
  std::size_t max_key_bytes = 1024;
};

// Parses exactly one document; an empty file gives a null scalar. Anchors, aliases, merge keys and
// all scalar styles are understood; a duplicate key, a key that is no scalar, an unknown tag,
// invalid UTF-8 or a second document is an error. Fails with kInvalid (or kTooLarge for a cap),
// each complaint a FieldError with line and column; `file` is only for these.
Result<NodePtr> parse_yaml(std::string_view file, std::string_view text,
                           const YamlLimits& limits = {});

// `token` escaped as one step of a JSON pointer (RFC 6901), with the leading slash.
std::string pointer_step(std::string_view token);
std::string pointer_step(std::size_t index);

}  // namespace croft::spec
