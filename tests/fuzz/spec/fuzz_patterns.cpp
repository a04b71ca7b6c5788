#include <string_view>

#include "base/check.h"
#include "spec/deploy_files.h"
#include "spec/ignore.h"
#include "spec/path_match.h"

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  using namespace croft;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto line = text.find('\n');
  if (line == std::string_view::npos) return 0;
  const std::string_view pattern = text.substr(0, line);
  const std::string_view path = text.substr(line + 1);
  spec::path_match(pattern, path);
  spec::match_step(pattern, path);
  spec::IgnoreList list(pattern);
  list.add(path, "a/b");
  list.ignores(path, false);
  list.ignores(pattern, true);
  if (const auto entry = spec::parse_deploy_entry(pattern)) {
    check(entry->path.find("..") == std::string::npos ||
              entry->path.find("...") != std::string::npos || entry->path.find("../") != 0,
          "an entry stays inside");
    spec::stored_path(*entry, entry->path);
  }
  return 0;
}
