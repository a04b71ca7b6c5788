// Identifiers: 22 characters of [0-9A-Za-z], a distinct type per kind of object, so that a service
// id cannot be passed where a project id is expected.
#pragma once

#include <compare>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/random.h"

namespace croft {

inline constexpr std::size_t kIdLength = 22;

bool is_valid_id(std::string_view text);

template <class Tag>
class Id {
 public:
  Id() = default;  // empty: no object
  static Id generate(Random& random) { return Id(random.base62(kIdLength)); }
  // nullopt unless `text` has the form of an id.
  static std::optional<Id> parse(std::string_view text) {
    if (!is_valid_id(text)) return std::nullopt;
    return Id(std::string(text));
  }

  const std::string& str() const { return text_; }
  bool empty() const { return text_.empty(); }
  auto operator<=>(const Id&) const = default;

 private:
  explicit Id(std::string text) : text_(std::move(text)) {}
  std::string text_;
};

}  // namespace croft

template <class Tag>
struct std::hash<croft::Id<Tag>> {
  std::size_t operator()(const croft::Id<Tag>& id) const {
    return std::hash<std::string>()(id.str());
  }
};
