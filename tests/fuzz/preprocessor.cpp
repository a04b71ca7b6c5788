#include "spec/preprocessor.h"

#include "fuzz.h"

using namespace croft;

FUZZ_TARGET(preprocessor) {
  // Keys and hashes cost milliseconds each even when they are cheap.
  for (const std::string_view slow : {"Key", "bcrypt", "argon"}) {
    if (input.find(slow) != std::string_view::npos) return;
  }
  constexpr std::size_t kMaxOutput = 64u << 10;
  SeededRandom random(1);
  const ManualClock clock;
  const spec::PreprocessOptions options{
      .random = random, .clock = clock, .max_output = kMaxOutput, .throwaway = true};
  const auto done = spec::preprocess(input, options);
  if (!done) {
    check(!done.error().message.empty(), "a failure says what is wrong");
    check(done.error().meta.position.line >= 0, "a failure has a place");
    return;
  }
  check(done->text.size() <= std::max(kMaxOutput, input.size()), "the output is bounded");
  check(done->calls <= options.max_calls, "calls are bounded");
  const auto lines = std::count(done->text.begin(), done->text.end(), '\n') + 1;
  check(done->lines.size() == static_cast<std::size_t>(lines), "every output line has a place");
  const auto input_lines = std::count(input.begin(), input.end(), '\n') + 1;
  check(std::is_sorted(done->lines.begin(), done->lines.end()), "places go forward");
  check(done->lines.empty() || (done->lines.front() >= 1 && done->lines.back() <= input_lines),
        "places are in the file");
  // The same seed gives the same text.
  SeededRandom same(1);
  const auto again = spec::preprocess(
      input, {.random = same, .clock = clock, .max_output = kMaxOutput, .throwaway = true});
  check(again && again->text == done->text, "the same randomness gives the same text");
}
