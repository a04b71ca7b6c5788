// check(): our own invariants, on in release builds too. Never for what the outside world does.
#pragma once

#include <source_location>
#include <string_view>

namespace croft {

// Aborts the program with the place and `what` when `condition` is false.
void check(bool condition, std::string_view what,
           std::source_location where = std::source_location::current());

// A bug that is safe to go on from: logs it once per call, counts it (bugs_reported()).
void report_bug(std::string_view what,
                std::source_location where = std::source_location::current());
unsigned long bugs_reported();

}  // namespace croft
