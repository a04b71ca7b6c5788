#include <gtest/gtest.h>

#include "base/file.h"
#include "spec/import_config.h"

namespace croft::spec {
namespace {

ImportFile parsed(std::string_view text) {
  auto result = parse_import("import.yml", text, {});
  EXPECT_TRUE(result.has_value()) << (result ? "" : result.error().describe());
  return result ? result->file : ImportFile{};
}

TEST(ImportWriter, WritesWhatItReads) {
  const std::string full =
      read_file(std::string(CROFT_SOURCE_DIR) + "/tests/data/spec/import_full.yml").value();
  const std::string written = write_import(parsed(full));
  EXPECT_EQ(written, full);
  EXPECT_EQ(write_import(parsed(written)), written);
}

// Texts that a careless writer gets wrong.
const std::vector<std::string> kTexts = {"",
                                         " ",
                                         "a b",
                                         "a: b",
                                         "a #b",
                                         "a#b",
                                         "#a",
                                         "- a",
                                         "-",
                                         "?",
                                         "true",
                                         "null",
                                         "~",
                                         "1",
                                         "1.5",
                                         "0x1",
                                         ".5",
                                         "a:",
                                         "'a'",
                                         "\"a\"",
                                         "a\\b",
                                         "a\nb",
                                         "a\nb\n",
                                         "a\nb\n\n",
                                         "\na",
                                         " a\nb",
                                         "a \nb",
                                         "a\tb",
                                         "a\t\nb",
                                         "a\r\nb",
                                         "žluť",
                                         "a\xC2\x85"
                                         "b",
                                         "a\xE2\x80\xA8"
                                         "b",
                                         "\xEF\xBB\xBF"
                                         "a",
                                         "{a}",
                                         "[a]",
                                         "*a",
                                         "&a",
                                         "!a",
                                         "|",
                                         ">",
                                         "%a",
                                         "@a",
                                         "`a",
                                         "---",
                                         "...",
                                         "--- a",
                                         "a,b",
                                         "\x7F",
                                         "\x1B[0m",
                                         "<<",
                                         "${a_b}",
                                         "/a",
                                         "=",
                                         "a\n  b\n c",
                                         "on",
                                         "Yes",
                                         "n",
                                         "\n",
                                         "\n\n",
                                         "a\xC2\x80",
                                         "\xEF\xBF\xBE",
                                         "\xE2\x80\xA9",
                                         "a\n\n\nb",
                                         "2026-11-21"};

TEST(ImportWriter, WritesEveryTextSoThatItReadsBack) {
  ImportFile file;
  file.project.emplace();
  file.project->name = "x";
  for (std::size_t i = 0; i < kTexts.size(); ++i) {
    file.project->env_variables[fmt::format("K{:02}", i)] = kTexts[i];
  }
  const std::string written = write_import(file);
  const ImportFile back = parsed(written);
  EXPECT_EQ(back.project->env_variables, file.project->env_variables) << written;
  EXPECT_EQ(write_import(back), written);
}

}  // namespace
}  // namespace croft::spec
