// The last lines of a command's output, for exit reports, failed builds and details of failed
// probes.
#pragma once

#include <array>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

namespace croft {

class LineRing {
 public:
  static constexpr std::size_t kMaxLines = 20;
  static constexpr std::size_t kMaxLineBytes = 2000;  // the rest of a longer line is dropped

  // Takes the next piece of output, cut anywhere. Unfinished lines are kept apart for two sources
  // (0 and 1: stdout and stderr).
  void feed(std::string_view piece, std::size_t source = 0);

  // Oldest first, an unfinished last line included, as UTF-8 without line ends.
  std::vector<std::string> lines() const;
  // The newest line that is not blank; empty when there is none.
  std::string last_line() const;

 private:
  void finish_line(std::string& open);

  std::deque<std::string> lines_;
  std::array<std::string, 2> open_;  // the lines that have no end yet
};

}  // namespace croft
