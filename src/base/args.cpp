#include "base/args.h"

#include <fmt/format.h>

namespace croft {

Result<Args> Args::parse(int argc, const char* const* argv, const std::set<std::string>& values,
                         const std::set<std::string>& switches) {
  Args args;
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    if (!word.starts_with("--")) {
      args.words_.push_back(word);
      continue;
    }
    const std::string name = word.substr(2);
    if (switches.contains(name) || name == "help") {
      args.values_[name] = "yes";
    } else if (!values.contains(name)) {
      return fail(ErrorCode::kInvalid, fmt::format("unknown option {}; see --help", word));
    } else if (i + 1 == argc) {
      return fail(ErrorCode::kInvalid, fmt::format("{} needs a value", word));
    } else {
      args.values_[name] = argv[++i];
    }
  }
  return args;
}

bool Args::has(const std::string& name) const {
  return values_.contains(name);
}

std::string Args::get(const std::string& name, std::string fallback) const {
  const auto it = values_.find(name);
  return it == values_.end() ? std::move(fallback) : it->second;
}

}  // namespace croft
