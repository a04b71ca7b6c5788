// What fuzz targets are made of. A target is one source here with one FUZZ_TARGET: it is linked
// with libFuzzer (program fuzz_NAME of the preset `fuzz`) and into croft-fuzz-replay, which runs
// the corpus in every ordinary build.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/check.h"
#include "base/result.h"

namespace croft::fuzz {

struct Target {
  std::string_view name;
  void (*run)(std::string_view input);  // aborts (check()) when a property does not hold
};

// Every target that is linked in.
std::vector<Target>& targets();

struct Registration {
  Registration(std::string_view name, void (*run)(std::string_view)) {
    targets().push_back({name, run});
  }
};

// Takes small values off the front of an input, so that its bytes choose what happens.
class Choices {
 public:
  explicit Choices(std::string_view input) : rest_(input) {}

  bool empty() const { return rest_.empty(); }
  // 0 at the end.
  std::uint8_t byte() {
    if (rest_.empty()) return 0;
    const auto value = static_cast<std::uint8_t>(rest_.front());
    rest_.remove_prefix(1);
    return value;
  }
  std::uint64_t below(std::uint64_t bound) { return byte() % bound; }
  // Up to `size` bytes.
  std::string_view bytes(std::size_t size) {
    const std::string_view taken = rest_.substr(0, size);
    rest_.remove_prefix(taken.size());
    return taken;
  }
  // Up to the next end of line, which is dropped.
  std::string_view line() {
    const std::string_view taken = rest_.substr(0, rest_.find('\n'));
    rest_.remove_prefix(std::min(taken.size() + 1, rest_.size()));
    return taken;
  }
  std::string_view rest() const { return rest_; }

 private:
  std::string_view rest_;
};

// A refusal says something that people can read.
inline void expect_told(const Error& error) {
  check(!error.message().empty(), "an error says what is wrong");
  for (const FieldError& field : error.fields()) {
    check(!field.message.empty(), "a located complaint says what is wrong");
  }
}

}  // namespace croft::fuzz

#define FUZZ_TARGET(name)                                                         \
  static void fuzz_##name(std::string_view input);                                \
  static const croft::fuzz::Registration registration_##name(#name, fuzz_##name); \
  static void fuzz_##name([[maybe_unused]] std::string_view input)
