// docs/configuration.md lists the keys that the parser knows, and says which of them do nothing
// yet.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

#include "base/file.h"
#include "spec/idle_keys.h"
#include "spec/keys.h"

namespace croft::spec {
namespace {

using Names = std::set<std::string>;

struct Row {
  Names keys;
  std::string text;
};

// The table of "### `NAME`".
std::vector<Row> table(const std::string& document, const std::string& name) {
  std::vector<Row> rows;
  const std::string heading = "\n### `" + name + "`\n";
  auto at = document.find(heading);
  EXPECT_NE(at, std::string::npos) << name;
  if (at == std::string::npos) return rows;
  at += heading.size();
  const std::string section = document.substr(at, document.find("\n#", at) - at);
  for (std::size_t begin = 0; begin < section.size();) {
    const auto end = std::min(section.find('\n', begin), section.size());
    const std::string line = section.substr(begin, end - begin);
    begin = end + 1;
    if (!line.starts_with("| `")) continue;
    Row row{.keys = {}, .text = line};
    const std::string cell = line.substr(2, line.find(" | ", 2) - 2);
    for (auto open = cell.find('`'); open != std::string::npos; open = cell.find('`', open + 1)) {
      const auto close = cell.find('`', open + 1);
      row.keys.insert(cell.substr(open + 1, close - open - 1));
      open = close;
    }
    rows.push_back(std::move(row));
  }
  return rows;
}

bool is_idle(const std::string& section, const std::string& key) {
  for (const IdleKey& idle : idle_keys()) {
    if (idle.section == section && idle.key == key) return true;
  }
  return false;
}

const std::map<std::string, Keys> kSections = {{"setup", keys::kSetup},
                                               {"build", keys::kBuild},
                                               {"deploy", keys::kDeploy},
                                               {"readinessCheck", keys::kReadinessCheck},
                                               {"healthCheck", keys::kHealthCheck},
                                               {"httpGet", keys::kHttpGet},
                                               {"exec", keys::kExec},
                                               {"run", keys::kRun},
                                               {"startCommand", keys::kStartCommand},
                                               {"port", keys::kPort},
                                               {"envReplace", keys::kEnvReplace},
                                               {"cronJob", keys::kCronJob},
                                               {"routing", keys::kRouting},
                                               {"redirect", keys::kRedirect},
                                               {"headerRule", keys::kHeaderRule},
                                               {"volume", keys::kVolume},
                                               {"import", keys::kImport},
                                               {"project", keys::kProject},
                                               {"service", keys::kService},
                                               {"verticalAutoscaling", keys::kVerticalAutoscaling}};

TEST(ConfigurationPage, ListsEveryKeyAndWhichHaveNoEffect) {
  const auto document = read_file(std::string(CROFT_SOURCE_DIR) + "/docs/configuration.md");
  ASSERT_TRUE(document);
  for (const auto& [name, known] : kSections) {
    Names listed;
    for (const Row& row : table(*document, name)) {
      const bool says_idle = row.text.find("**no effect yet**") != std::string::npos;
      for (const std::string& key : row.keys) {
        EXPECT_TRUE(listed.insert(key).second) << name << "." << key << " is listed twice";
        EXPECT_EQ(says_idle, is_idle(name, key)) << name << "." << key;
      }
    }
    EXPECT_EQ(listed, Names(known.begin(), known.end())) << name;
  }
}

TEST(IdleKeys, AreKeysOfTheirSections) {
  for (const IdleKey& idle : idle_keys()) {
    const Keys known = kSections.at(std::string(idle.section));
    EXPECT_NE(std::find(known.begin(), known.end(), idle.key), known.end()) << idle.key;
  }
}

}  // namespace
}  // namespace croft::spec
