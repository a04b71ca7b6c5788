// UTF-8 checks on text that users hand in.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

#include "spec/yaml.h"

namespace croft::spec {

// Byte offset of the first byte that is not well-formed UTF-8 (RFC 3629: no overlong forms, no
// surrogates, at most U+10FFFF); nullopt when all is well.
std::optional<std::size_t> find_invalid_utf8(std::string_view text);

// Offset of the first control character that a text file cannot hold (all below U+0020 but tab,
// line feed and carriage return, and U+007F).
std::optional<std::size_t> find_control_character(std::string_view text);

// Line and column (in characters) of a byte offset.
Position position_of(std::string_view text, std::size_t offset);

}  // namespace croft::spec
