#include "base/check.h"

#include <fmt/format.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>

#include "base/log.h"

namespace croft {
namespace {
std::atomic<unsigned long> bug_count{0};
}

void check(bool condition, std::string_view what, std::source_location where) {
  if (condition) return;
  fmt::print(stderr, "croft: broken invariant: {} ({}:{})\n", what, where.file_name(),
             where.line());
  std::fflush(stderr);
  std::abort();
}

void report_bug(std::string_view what, std::source_location where) {
  bug_count.fetch_add(1, std::memory_order_relaxed);
  log_error("bug", {{"what", what}, {"file", where.file_name()}, {"line", where.line()}});
}

unsigned long bugs_reported() {
  return bug_count.load(std::memory_order_relaxed);
}

}  // namespace croft
