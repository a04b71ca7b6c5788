// The files that we show and test with are good ones.
#include <gtest/gtest.h>

#include <boost/json/serialize.hpp>
#include <filesystem>

#include "base/file.h"
#include "base/random.h"
#include "spec/validate.h"

namespace croft::spec {
namespace {

std::vector<std::filesystem::path> files_below(const char* folder) {
  std::vector<std::filesystem::path> found;
  const auto root = std::filesystem::path(CROFT_SOURCE_DIR) / folder;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(root)) {
    const std::string name = entry.path().filename().string();
    if (name == "croft.yml" || name == "import.yml") found.push_back(entry.path());
  }
  return found;
}

TEST(Examples, HaveNoComplaints) {
  SeededRandom random(1);
  const SystemClock clock;
  int setups = 0;
  for (const char* folder : {"examples", "tests/apps"}) {
    const auto files = files_below(folder);
    EXPECT_GE(files.size(), 4u) << folder;
    for (const auto& path : files) {
      const auto text = read_file(path);
      ASSERT_TRUE(text);
      const ValidationReport report =
          validate_file(path.string(), *text, {.resolver = {}, .random = random, .clock = clock});
      EXPECT_TRUE(report.ok) << boost::json::serialize(to_json(report));
      EXPECT_TRUE(report.warnings.empty()) << boost::json::serialize(to_json(report));
      setups += static_cast<int>(report.setups.size());
    }
  }
  EXPECT_EQ(setups, 3 + 4 * 6 + 2 + 3);  // todo, the languages, static, load
}

}  // namespace
}  // namespace croft::spec
