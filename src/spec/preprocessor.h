// The text pass over import files: `<text|modifier>` and `<@function(<a>, variable)|modifier>`,
// before YAML is parsed. Semantics: zParser v2 (the reference tool) with indented multi-line
// results.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/random.h"
#include "base/result.h"
#include "base/time.h"
#include "spec/yaml.h"

namespace croft::spec {

struct PreprocessOptions {
  Random& random;
  const Clock& clock;
  int max_calls = 200;          // functions and modifiers together
  Millis max_duration{20'000};  // hashes and keys cost time (yamlPreprocessingMaxDurationExceeded)
  std::size_t max_output = 1u << 20;  // bytes, also of any intermediate value
  bool throwaway = false;             // cheap keys and hashes, for a text that is only looked at
  std::filesystem::path zoneinfo = "/usr/share/zoneinfo";  // for getDatetime with a time zone
};

struct Preprocessed {
  std::string text;
  std::vector<int> lines;  // lines[n]: the input line (1-based) where output line n + 1 began
  int calls = 0;
};

// What the reference tool reports as meta. `params` may hold generated values: never log them.
struct PreprocessMeta {
  int function_calls = 0;
  int function_calls_limit = 0;
  Position position;      // of the character being read
  std::string near;       // that character and the one before
  std::string item;       // function name, or text of the string so far; empty outside of items
  std::string item_type;  // "function", "string" or empty
  std::vector<std::string> item_params;
};

struct PreprocessFailure {
  std::string message;
  PreprocessMeta meta;
};

// The switch `#yamlPreprocessor=on` or `#zeropsPreprocessor=on` on the first line.
bool is_preprocessor_on(std::string_view text);

// Line of the switch when it stands on a later line, where it has no effect; 0 if there is none.
int misplaced_preprocessor_switch(std::string_view text);

// Whether the text calls a function (`<@`), escaped ones left aside.
bool has_preprocessor_calls(std::string_view text);

// Rules beyond the reference: an item that is never closed is a failure (there it swallows the rest
// of the file), and `<>` is ordinary text.
tl::expected<Preprocessed, PreprocessFailure> preprocess(std::string_view text,
                                                         const PreprocessOptions& options);

}  // namespace croft::spec
