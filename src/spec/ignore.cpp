#include "spec/ignore.h"

#include <span>

#include "spec/path_match.h"

namespace croft::spec {
namespace {

std::vector<std::string_view> split(std::string_view path) {
  std::vector<std::string_view> steps;
  while (true) {
    const auto slash = path.find('/');
    steps.push_back(path.substr(0, slash));
    if (slash == std::string_view::npos) return steps;
    path.remove_prefix(slash + 1);
  }
}

// Trailing spaces do not count unless a backslash stands before them.
std::string_view without_trailing_spaces(std::string_view line) {
  while (line.ends_with(' ') || line.ends_with('\t')) {
    if (line.size() > 1 && line[line.size() - 2] == '\\') break;
    line.remove_suffix(1);
  }
  return line;
}

// Row by row, so that a pattern with many ** costs no more than steps × steps.
bool match_steps(std::span<const std::string> pattern, std::span<const std::string_view> path) {
  std::vector<bool> reached(path.size() + 1, false);
  reached[0] = true;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    std::vector<bool> next(path.size() + 1, false);
    if (pattern[i] == "**") {
      bool any = false;
      for (std::size_t k = 0; k <= path.size(); ++k) {
        any = any || reached[k];
        next[k] = any;
      }
      // "a/**" is everything inside of a, not a itself.
      if (i + 1 == pattern.size()) {
        for (std::size_t k = path.size(); k > 0; --k) next[k] = next[k - 1];
        next[0] = false;
      }
    } else {
      for (std::size_t k = 0; k < path.size(); ++k) {
        next[k + 1] = reached[k] && match_step(pattern[i], path[k]);
      }
    }
    reached = std::move(next);
  }
  return reached[path.size()];
}

}  // namespace

void IgnoreList::add(std::string_view text, std::string_view base) {
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  while (!text.empty()) {
    const auto end = text.find('\n');
    std::string_view line = text.substr(0, end);
    text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
    if (line.ends_with('\r')) line.remove_suffix(1);
    line = without_trailing_spaces(line);
    if (line.empty() || line.starts_with('#')) continue;
    Rule rule;
    if (!base.empty()) rule.base = std::string(base) + "/";
    if (line.starts_with('!')) {
      rule.negated = true;
      line.remove_prefix(1);
    }
    if (line.ends_with('/')) {
      rule.directories_only = true;
      while (line.ends_with('/')) line.remove_suffix(1);
    }
    // A slash at the beginning or in the middle binds the pattern to its file's directory.
    const bool anchored = line.find('/') != std::string_view::npos;
    while (line.starts_with('/')) line.remove_prefix(1);
    if (line.empty()) continue;
    if (line.find("//") != std::string_view::npos) continue;  // no path has an empty step
    if (!anchored) rule.steps.emplace_back("**");
    for (const std::string_view step : split(line)) {
      if (step == "**" && !rule.steps.empty() && rule.steps.back() == "**") continue;
      rule.steps.emplace_back(step);
    }
    rules_.push_back(std::move(rule));
  }
}

bool IgnoreList::ignored_itself(std::string_view path, bool is_directory) const {
  for (auto rule = rules_.rbegin(); rule != rules_.rend(); ++rule) {
    if (rule->directories_only && !is_directory) continue;
    if (!path.starts_with(rule->base) || path.size() == rule->base.size()) continue;
    const std::vector<std::string_view> steps = split(path.substr(rule->base.size()));
    if (match_steps(rule->steps, steps)) return !rule->negated;
  }
  return false;
}

bool IgnoreList::ignores(std::string_view path, bool is_directory) const {
  for (auto slash = path.find('/'); slash != std::string_view::npos;
       slash = path.find('/', slash + 1)) {
    if (ignored_itself(path.substr(0, slash), true)) return true;
  }
  return ignored_itself(path, is_directory);
}

}  // namespace croft::spec
