#include "base/line_ring.h"
#include "base/utf8.h"
#include "build/registry_trouble.h"
#include "fuzz.h"

using namespace croft;

// What commands in build containers print: the first byte says how it is cut.
FUZZ_TARGET(output_lines) {
  fuzz::Choices choices(input);
  const std::size_t piece = 1 + choices.byte();
  const std::string_view text = choices.rest();

  const std::string clean = to_valid_utf8(text);
  check(to_valid_utf8(clean) == clean, "what is valid stays");
  check(clean.size() <= 3 * text.size(), "a byte becomes three at most");
  const std::string_view prefix = utf8_prefix(clean, piece);
  check(prefix.size() <= piece && to_valid_utf8(prefix) == prefix, "no cut inside a character");

  LineRing whole;
  LineRing pieces;
  whole.feed(text);
  for (std::size_t at = 0; at < text.size(); at += piece) pieces.feed(text.substr(at, piece));
  const auto lines = whole.lines();
  check(lines == pieces.lines(), "lines do not depend on how the output was cut");
  check(lines.size() <= LineRing::kMaxLines + 1, "only the last lines are kept");
  for (const std::string& line : lines) {
    check(line.size() <= 3 * LineRing::kMaxLineBytes, "a kept line is short");
    check(to_valid_utf8(line) == line, "a kept line is UTF-8");
  }
  if (const auto trouble = build::find_registry_trouble(
          lines, {{"PIP_INDEX_URL", lines.empty() ? "" : lines.front()}})) {
    check(trouble->line.size() <= 300, "the line shown is short");
    check(trouble->host.find('@') == std::string::npos, "a host is shown without a password");
    check(!build::describe(*trouble).empty(), "trouble is described");
  }
}
