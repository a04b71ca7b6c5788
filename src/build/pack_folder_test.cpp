// The folder that a client sends: what goes along, how it is written, what is refused.
#include "build/pack_folder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "build/temp_folder_test.h"

namespace croft::build {
namespace {

namespace fs = std::filesystem;
using testing::_;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;

class PackTest : public testing::Test {
 protected:
  Result<std::string> bytes() {
    auto pack = pack_folder(pool_, folder_.path(), {});
    if (!pack) return fail(std::move(pack).error());
    return runtime_.run_until_done(read_all(*pack->stream, 64u << 20));
  }

  // Path to content; "-> target" for links, "/" for folders, "(x)" behind what can be executed.
  std::map<std::string, std::string> packed() {
    const auto data = bytes();
    EXPECT_TRUE(data) << data.error().message();
    if (!data) return {};
    std::ofstream(archive_ / "p.tar.zst") << *data;
    auto entries = open_archive(archive_ / "p.tar.zst", ArchiveOrigin::kUpload, {});
    std::map<std::string, std::string> files;
    for (auto e = (*entries)->next(); e && *e; e = (*entries)->next()) {
      std::string& told = files[(*e)->path];
      if ((*e)->type == ArchiveEntry::Type::kDirectory) told = "/";
      if ((*e)->type == ArchiveEntry::Type::kSymlink) told = "-> " + (*e)->link;
      if ((*e)->type != ArchiveEntry::Type::kFile) continue;
      for (auto piece = (*entries)->read(); piece && !piece->empty(); piece = (*entries)->read()) {
        told += *piece;
      }
      if (((*e)->mode & 0111) != 0) told += " (x)";
    }
    return files;
  }

  std::string refusal() {
    const auto data = bytes();
    return data ? "packed" : data.error().message();
  }

  TempFolder folder_;
  TempFolder archive_;
  Runtime runtime_;
  Pool pool_{1};
};

TEST_F(PackTest, FilesFoldersLinksAndModes) {
  folder_.write("a.txt", "a");
  folder_.write("bin/run", "r");
  folder_.write("ž/dlouhé jméno.txt", "u");
  folder_.write("empty", "");
  fs::permissions(folder_ / "bin/run", fs::perms::owner_all);
  fs::create_symlink("../a.txt", folder_ / "bin/link");
  folder_.write(".git/config", "[core]");
  EXPECT_THAT(packed(),
              ElementsAre(Pair("a.txt", "a"), Pair("bin", "/"), Pair("bin/link", "-> ../a.txt"),
                          Pair("bin/run", "r (x)"), Pair("empty", ""), Pair("ž", "/"),
                          Pair("ž/dlouhé jméno.txt", "u")));
}

TEST_F(PackTest, LeavesOutWhatGitignoreFilesSay) {
  folder_.write(".gitignore", "/node_modules\n");
  folder_.write("b.txt", "b");
  folder_.write("a/keep.log", "k");
  folder_.write("a/x.log", "x");
  folder_.write("a/.gitignore", "*.log\n!keep.log\n/only-here\n");
  folder_.write("a/only-here", "1");
  folder_.write("only-here", "2");
  folder_.write("node_modules/m/index.js", "m");
  folder_.write("sub/.git/config", "g");
  EXPECT_THAT(packed(), ElementsAre(Pair(".gitignore", _), Pair("a", "/"), Pair("a/.gitignore", _),
                                    Pair("a/keep.log", "k"), Pair("b.txt", "b"),
                                    Pair("only-here", "2"), Pair("sub", "/")));
}

// .deployignore says what the bundle does without. What it names is often what the build needs:
// sources, tests, the tools' configuration.
TEST_F(PackTest, SendsWhatDeployignoreNamesForTheBuild) {
  folder_.write(".gitignore", "dist\n");
  folder_.write(".deployignore", "src\ntsconfig.json\n");
  folder_.write("dist/app.js", "a");
  folder_.write("src/app.ts", "s");
  folder_.write("tsconfig.json", "{}");
  EXPECT_THAT(packed(),
              ElementsAre(Pair(".deployignore", _), Pair(".gitignore", _), Pair("src", "/"),
                          Pair("src/app.ts", "s"), Pair("tsconfig.json", "{}")));
}

TEST_F(PackTest, NamesALinkThatLeavesUnlessItIsLeftOut) {
  folder_.write("a", "a");
  fs::create_symlink("../../etc/passwd", folder_ / "up");
  EXPECT_THAT(refusal(), HasSubstr("up is a link to ../../etc/passwd"));
  fs::remove(folder_ / "up");
  fs::create_symlink("/etc/passwd", folder_ / "abs");
  EXPECT_THAT(refusal(), HasSubstr("list it in .gitignore"));
  folder_.write(".gitignore", "abs\n");
  EXPECT_TRUE(bytes());
}

TEST_F(PackTest, PipesAreLeftOut) {
  folder_.write("a", "a");
  ASSERT_EQ(::mkfifo((folder_ / "pipe").c_str(), 0600), 0);
  EXPECT_THAT(packed(), ElementsAre(Pair("a", "a")));
}

TEST_F(PackTest, SaysWhichFoldersAreTheLargest) {
  folder_.write("huge/a", std::string(3 << 20, 'x'));
  folder_.write("small/a", "x");
  const auto size = measure_folder(folder_.path(), {.unpacked_bytes = 2 << 20});
  ASSERT_FALSE(size);
  EXPECT_EQ(size.error().code(), ErrorCode::kTooLarge);
  EXPECT_THAT(size.error().message(), HasSubstr("largest: huge (3 MiB)"));
  EXPECT_THAT(size.error().message(), HasSubstr(".gitignore"));
  const auto many = measure_folder(folder_.path(), {.entries = 3});
  EXPECT_THAT(many.error().message(), HasSubstr("4 files and folders, the limit is 3"));
}

// Does not compress.
std::string noise(std::size_t bytes) {
  std::string text;
  for (std::uint32_t i = 0, x = 1; i < bytes; ++i) {
    x = x * 1664525u + 1013904223u;
    text.push_back(static_cast<char>(x >> 24));
  }
  return text;
}

TEST_F(PackTest, ABigFolderComesInPieces) {
  const std::string text = noise(3u << 20);
  folder_.write("sub/noise", text);
  auto pack = pack_folder(pool_, folder_.path(), {});
  ASSERT_TRUE(pack);
  EXPECT_EQ(pack->size.files, 1U);
  EXPECT_EQ(pack->size.bytes, text.size());
  const auto piece = runtime_.run_until_done(pack->stream->next());
  ASSERT_TRUE(piece && *piece);
  EXPECT_LT((*piece)->size(), 1u << 20);
  EXPECT_EQ(packed().at("sub/noise"), text);
}

TEST_F(PackTest, AFileThatShrinksMeanwhileIsSaid) {
  folder_.write("a", noise(3u << 20));
  auto pack = pack_folder(pool_, folder_.path(), {});
  ASSERT_TRUE(pack);
  ASSERT_TRUE(runtime_.run_until_done(pack->stream->next()));
  fs::resize_file(folder_ / "a", 10);
  const auto rest = runtime_.run_until_done(read_all(*pack->stream, 64u << 20));
  ASSERT_FALSE(rest);
  EXPECT_THAT(rest.error().message(), HasSubstr("became shorter"));
}

}  // namespace
}  // namespace croft::build
