// from_json_text() for those who read many documents: what the parser makes lies in one piece of
// memory and goes at once, without an allocation and a release for each of its values.
#pragma once

#include <array>

#include "base/json_codec.h"

namespace croft {

// As parse_json(text); what it returns must not outlive `memory`.
Result<boost::json::value> parse_json(std::string_view text, boost::json::storage_ptr memory);

template <class T>
Result<T> from_json_text_at_once(std::string_view text) {
  std::array<unsigned char, 4096> space;
  boost::json::monotonic_resource memory(space.data(), space.size());
  auto json = parse_json(text, &memory);
  if (!json) return fail(std::move(json).error());
  return from_json<T>(*json);
}

}  // namespace croft
