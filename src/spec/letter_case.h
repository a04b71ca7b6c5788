// Letter case of UTF-8 text by Unicode's simple mappings.
#pragma once

#include <string>
#include <string_view>

namespace croft::spec {

// Bytes that are not UTF-8 stay as they are.
std::string to_upper(std::string_view text);
std::string to_lower(std::string_view text);
// The first letter of every word in upper case, the rest unchanged ("sTriNG witH" → "STriNG WitH").
// An apostrophe or a full stop between two letters does not end a word.
std::string to_title(std::string_view text);

}  // namespace croft::spec
