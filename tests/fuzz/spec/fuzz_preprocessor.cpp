#include <algorithm>
#include <string_view>

#include "base/check.h"
#include "spec/preprocessor.h"

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  using namespace croft;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  // Time zones are files; bcrypt and keys cost milliseconds each even when they are cheap.
  for (const std::string_view slow : {"Key", "bcrypt", "argon"}) {
    if (text.find(slow) != std::string_view::npos) return 0;
  }
  SeededRandom random(1);
  const ManualClock clock;
  const auto done = spec::preprocess(text, {.random = random, .clock = clock, .throwaway = true});
  if (!done) return 0;
  const auto lines = std::count(done->text.begin(), done->text.end(), '\n') + 1;
  check(done->lines.size() == static_cast<std::size_t>(lines), "every output line has a place");
  return 0;
}
