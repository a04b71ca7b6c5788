#include "cli/source_pack.h"

#include <archive.h>
#include <archive_entry.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <map>

#include "cli/fake_server_test.h"

namespace croft::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;

namespace fs = std::filesystem;

constexpr std::uint64_t kMax = 1u << 30;

class SourcePackTest : public ::testing::Test {
 protected:
  Result<std::string> bytes() {
    Runtime runtime;
    auto pack = pack_source(sandbox.path("src"), kMax);
    if (!pack) return fail(std::move(pack).error());
    return runtime.run_until_done(read_all(*pack->stream, 1u << 30));
  }

  // Path to content; "-> target" for links, "/" for directories.
  std::map<std::string, std::string> packed() {
    const auto data = bytes();
    EXPECT_TRUE(data) << data.error().message();
    std::map<std::string, std::string> files;
    if (!data) return files;
    archive* reader = archive_read_new();
    archive_read_support_filter_zstd(reader);
    archive_read_support_format_tar(reader);
    EXPECT_EQ(archive_read_open_memory(reader, data->data(), data->size()), ARCHIVE_OK);
    archive_entry* entry = nullptr;
    while (archive_read_next_header(reader, &entry) == ARCHIVE_OK) {
      std::string content(static_cast<std::size_t>(archive_entry_size(entry)), '\0');
      if (!content.empty()) {
        EXPECT_EQ(archive_read_data(reader, content.data(), content.size()),
                  static_cast<la_ssize_t>(content.size()));
      }
      if (archive_entry_filetype(entry) == AE_IFDIR) content = "/";
      if (archive_entry_filetype(entry) == AE_IFLNK) {
        content = std::string("-> ") + archive_entry_symlink(entry);
      }
      if ((archive_entry_perm(entry) & 0111) != 0 && archive_entry_filetype(entry) == AE_IFREG) {
        content += " (x)";
      }
      files[archive_entry_pathname(entry)] = content;
    }
    archive_read_free(reader);
    return files;
  }

  Sandbox sandbox;
};

TEST_F(SourcePackTest, FilesDirectoriesLinksAndModes) {
  sandbox.write("src/a.txt", "a");
  sandbox.write("src/bin/run", "r");
  sandbox.write("src/ž/dlouhé jméno.txt", "u");
  sandbox.write("src/empty", "");
  fs::permissions(sandbox.path("src/bin/run"), fs::perms::owner_all);
  fs::create_symlink("../a.txt", sandbox.path("src/bin/link"));
  sandbox.write("src/.git/config", "[core]");
  EXPECT_THAT(packed(),
              ElementsAre(Pair("a.txt", "a"), Pair("bin/", "/"), Pair("bin/link", "-> ../a.txt"),
                          Pair("bin/run", "r (x)"), Pair("empty", ""), Pair("ž/", "/"),
                          Pair("ž/dlouhé jméno.txt", "u")));
}

TEST_F(SourcePackTest, GitignoreCountsInItsFolder) {
  sandbox.write("src/.gitignore", "node_modules/\n*.log\n!keep.log\n");
  sandbox.write("src/node_modules/x/index.js", "x");
  sandbox.write("src/a.log", "a");
  sandbox.write("src/keep.log", "k");
  sandbox.write("src/sub/.gitignore", "/only-here\n");
  sandbox.write("src/sub/only-here", "1");
  sandbox.write("src/only-here", "2");
  EXPECT_THAT(packed(), ElementsAre(Pair(".gitignore", ::testing::_), Pair("keep.log", "k"),
                                    Pair("only-here", "2"), Pair("sub/", "/"),
                                    Pair("sub/.gitignore", ::testing::_)));
}

TEST_F(SourcePackTest, DeployignoreReplacesGitignore) {
  sandbox.write("src/.gitignore", "dist/\n");
  sandbox.write("src/.deployignore", "*.md\n");
  sandbox.write("src/dist/app.js", "d");
  sandbox.write("src/README.md", "r");
  EXPECT_THAT(packed(), ElementsAre(Pair(".deployignore", "*.md\n"), Pair(".gitignore", "dist/\n"),
                                    Pair("dist/", "/"), Pair("dist/app.js", "d")));
}

TEST_F(SourcePackTest, LinksThatLeadOutAreRefused) {
  sandbox.write("src/a", "a");
  fs::create_symlink("../../etc/passwd", sandbox.path("src/up"));
  auto refused = bytes();
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message(), HasSubstr("up: this link leads out of the folder"));
  fs::remove(sandbox.path("src/up"));
  fs::create_symlink("/etc/passwd", sandbox.path("src/abs"));
  ASSERT_FALSE(bytes());
  // What is left out may point anywhere.
  sandbox.write("src/.deployignore", "abs\n");
  EXPECT_TRUE(bytes());
}

TEST_F(SourcePackTest, PipesAndSocketsAreLeftOut) {
  sandbox.write("src/a", "a");
  ASSERT_EQ(::mkfifo(sandbox.path("src/pipe").c_str(), 0600), 0);
  EXPECT_THAT(packed(), ElementsAre(Pair("a", "a")));
}

TEST_F(SourcePackTest, TheCapNamesTheIgnoreFile) {
  sandbox.write("src/big", std::string(2u << 20, 'x'));
  const auto pack = pack_source(sandbox.path("src"), 1u << 20);
  ASSERT_FALSE(pack);
  EXPECT_EQ(pack.error().code(), ErrorCode::kTooLarge);
  EXPECT_THAT(pack.error().message(), HasSubstr(".deployignore"));
}

TEST_F(SourcePackTest, ABigFolderComesInPieces) {
  std::string noise;
  for (unsigned i = 0, x = 1; i < (3u << 20); ++i) {
    x = x * 1664525u + 1013904223u;
    noise.push_back(static_cast<char>(x >> 24));
  }
  sandbox.write("src/noise", noise);
  auto pack = pack_source(sandbox.path("src"), kMax);
  ASSERT_TRUE(pack);
  EXPECT_EQ(pack->files, 1U);
  EXPECT_EQ(pack->bytes, noise.size());
  EXPECT_EQ(packed().at("noise"), noise);
  Runtime runtime;
  const auto piece = runtime.run_until_done(pack->stream->next());
  ASSERT_TRUE(piece && *piece);
  EXPECT_LT((*piece)->size(), 1u << 20);
}

TEST_F(SourcePackTest, AFileThatShrinksIsSaid) {
  sandbox.write("src/a", std::string(1u << 20, 'a'));
  auto pack = pack_source(sandbox.path("src"), kMax);
  ASSERT_TRUE(pack);
  fs::resize_file(sandbox.path("src/a"), 10);
  Runtime runtime;
  const auto data = runtime.run_until_done(read_all(*pack->stream, 1u << 30));
  ASSERT_FALSE(data);
  EXPECT_THAT(data.error().message(), HasSubstr("became shorter"));
}

}  // namespace
}  // namespace croft::cli
