#include "fuzz.h"
#include "spec/deploy_files.h"
#include "spec/ignore.h"
#include "spec/path_match.h"

using namespace croft;

namespace {

bool climbs(std::string_view path) {
  return path == ".." || path.starts_with("../") || path.starts_with('/') ||
         path.find("/../") != std::string_view::npos || path.ends_with("/..");
}

void check_deploy_entry(std::string_view text) {
  const auto entry = spec::parse_deploy_entry(text);
  if (!entry) return fuzz::expect_told(entry.error());
  check(!climbs(entry->path), "an entry stays inside of the source folder");
  for (const std::string& below : {std::string(), std::string("/a"), std::string("/a/b")}) {
    const std::string file =
        entry->path.empty() && !below.empty() ? below.substr(1) : entry->path + below;
    check(!climbs(spec::stored_path(*entry, file)), "a stored path stays inside of the archive");
  }
}

}  // namespace

// The first line is a pattern (cache:, .gitignore, deployFiles), the rest is a path, or a whole
// file of patterns.
FUZZ_TARGET(deploy_patterns) {
  fuzz::Choices choices(input);
  const std::string_view pattern = choices.line();
  const std::string_view path = choices.rest();
  if (spec::path_match(pattern, path)) {
    check(spec::is_path_pattern(pattern), "a broken pattern matches nothing");
    check(std::count(pattern.begin(), pattern.end(), '/') >=
              std::count(path.begin(), path.end(), '/'),
          "no wildcard matches a slash");
  }
  spec::match_step(pattern, path);
  check_deploy_entry(pattern);

  const auto normal = spec::normalise_path(pattern);
  if (normal) {
    check(!climbs(*normal), "a normal path stays inside");
    check(spec::normalise_path(*normal) == *normal, "a normal path is its own normal form");
    const spec::IgnoreList all(path);
    if (!normal->empty() && all.ignores(*normal, true)) {
      check(all.ignores(*normal + "/below", false), "what is below an ignored folder is ignored");
    }
  }
  spec::IgnoreList list(pattern);
  list.add(path, "a/b");
  list.ignores(path, false);
}
