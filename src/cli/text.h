// Text for people: times, sizes, columns, and what a terminal must not be sent.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"

namespace croft::cli {

// What stays of escape sequences in text that somebody else wrote.
enum class Escapes : unsigned char {
  kColours,  // SGR sequences (colours, bold) stay
  kNone,     // they are removed
};

// `text` with every other control character in caret notation (^[, ^G; C1 as \x9b): a log line must
// not move the cursor, set the title or answer for the user. Tabs stay.
std::string safe_text(std::string_view text, Escapes escapes);

// Columns that `text` takes on a terminal: code points without escape sequences.
std::size_t display_width(std::string_view text);

// "12s ago", "5m ago", "3h ago", "2d ago"; "just now" within a second and for the future.
std::string relative_time(Timestamp time, Timestamp now);

// "512 B", "1.4 MiB".
std::string bytes_text(std::int64_t bytes);

// Rows as aligned columns, two spaces between them, none at line ends. The first row is the head.
std::string format_table(const std::vector<std::vector<std::string>>& rows);

}  // namespace croft::cli
