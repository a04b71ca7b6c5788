#include "base/json_codec.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/json_at_once.h"

namespace croft {
namespace {

// Boost reads 1e999 as infinite and 0e999 as no number at all: neither fits between limits, or can
// be written as JSON again. As deep as the parser lets through.
bool all_finite(const boost::json::value& value) {
  if (const double* number = value.if_double()) return std::isfinite(*number);
  if (const auto* array = value.if_array()) return std::ranges::all_of(*array, all_finite);
  const auto* object = value.if_object();
  return object == nullptr || std::ranges::all_of(*object, [](const auto& member) {
           return all_finite(member.value());
         });
}

}  // namespace

std::string enum_wire_name(std::string_view enumerator) {
  if (enumerator.starts_with('k')) enumerator.remove_prefix(1);
  std::string name;
  name.reserve(enumerator.size() + 4);
  for (const char c : enumerator) {
    if (c >= 'A' && c <= 'Z') {
      if (!name.empty()) name.push_back('_');
      name.push_back(static_cast<char>(c - 'A' + 'a'));
    } else {
      name.push_back(c);
    }
  }
  return name;
}

Result<boost::json::value> parse_json(std::string_view text) {
  return parse_json(text, {});
}

Result<boost::json::value> parse_json(std::string_view text, boost::json::storage_ptr memory) {
  unsigned char unfinished[2048];  // what is not yet in a container; enough for small documents
  boost::json::stream_parser parser({}, {}, unfinished);
  parser.reset(std::move(memory));
  boost::system::error_code error;
  const std::size_t used = parser.write_some(text.data(), text.size(), error);
  if (!error) parser.finish(error);
  if (!error && text.find_first_not_of(" \t\r\n", used) != std::string_view::npos) {
    error = boost::json::make_error_code(boost::json::error::extra_data);
  }
  if (!error) {
    boost::json::value value = parser.release();
    if (all_finite(value)) return value;
    return fail(ErrorCode::kInvalid, "not valid JSON: a number is too large");
  }
  return fail(ErrorCode::kInvalid,
              fmt::format("not valid JSON: {} at byte {}", error.message(), used));
}

}  // namespace croft
