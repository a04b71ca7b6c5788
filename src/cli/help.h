// Help texts, examples first, and the reference page made of them.
#pragma once

#include <string>
#include <string_view>

namespace croft::cli {

// Of a command, of a group ("project"), or of the program (empty topic).
std::string help_text(std::string_view topic);

// docs/cli.md as it must be.
std::string reference_markdown();

inline constexpr const char* kVersion = "0.1.0";

}  // namespace croft::cli
