// Text from outside made fit for JSON.
#pragma once

#include <string>
#include <string_view>

namespace croft {

// `text` with every byte that is not part of well-formed UTF-8 (RFC 3629: no overlong forms, no
// surrogates, at most U+10FFFF) replaced by U+FFFD.
std::string to_valid_utf8(std::string_view text);

// Whether all of `text` is well-formed.
bool is_utf8(std::string_view text);

// The longest prefix of at most `max_bytes` that does not end inside a character.
std::string_view utf8_prefix(std::string_view text, std::size_t max_bytes);

// What a terminal would show of one line: the part after its last carriage return; that of a line
// that ends with some is before them. Progress bars are written so.
std::string_view shown_line(std::string_view line);

}  // namespace croft
