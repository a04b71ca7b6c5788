#include "base/json_codec.h"

#include <fmt/format.h>

namespace croft {

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
  unsigned char unfinished[2048];  // what is not yet in a container; enough for small documents
  boost::json::stream_parser parser({}, {}, unfinished);
  boost::system::error_code error;
  const std::size_t used = parser.write_some(text.data(), text.size(), error);
  if (!error) parser.finish(error);
  if (!error && text.find_first_not_of(" \t\r\n", used) != std::string_view::npos) {
    error = boost::json::make_error_code(boost::json::error::extra_data);
  }
  if (!error) return parser.release();
  return fail(ErrorCode::kInvalid,
              fmt::format("not valid JSON: {} at byte {}", error.message(), used));
}

}  // namespace croft
