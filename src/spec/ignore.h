// .gitignore and .deployignore: which paths a list of patterns leaves out (gitignore(5)).
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace croft::spec {

class IgnoreList {
 public:
  IgnoreList() = default;
  explicit IgnoreList(std::string_view text) { add(text); }

  // Appends the patterns of a file that stands in directory `base` ("" is the root, else "a/b").
  // Later patterns win over earlier ones, so add outer files first.
  void add(std::string_view text, std::string_view base = {});

  // `path` is relative to the root, "a/b/c", without "." and "..". What lies below an ignored
  // directory is ignored, and no later pattern brings it back.
  bool ignores(std::string_view path, bool is_directory) const;

  bool empty() const { return rules_.empty(); }

 private:
  struct Rule {
    std::string base;                // with a slash at the end, or empty
    std::vector<std::string> steps;  // of the pattern; "**" stands for any number of directories
    bool negated = false;
    bool directories_only = false;
  };

  // Of the path itself, its parents left aside.
  bool ignored_itself(std::string_view path, bool is_directory) const;

  std::vector<Rule> rules_;
};

}  // namespace croft::spec
