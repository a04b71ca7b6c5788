// Command lines of croft's own daemons: `--name value` and `--switch`, nothing else.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/result.h"

namespace croft {

class Args {
 public:
  // kInvalid names the word that is not known, or lacks its value. `--help` is always known.
  static Result<Args> parse(int argc, const char* const* argv, const std::set<std::string>& values,
                            const std::set<std::string>& switches);

  bool has(const std::string& name) const;
  // Empty when it was not given.
  std::string get(const std::string& name, std::string fallback = {}) const;
  const std::vector<std::string>& words() const { return words_; }  // what has no dashes

 private:
  std::map<std::string, std::string> values_;
  std::vector<std::string> words_;
};

}  // namespace croft
