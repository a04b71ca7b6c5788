// Archives from strangers, and what croft writes itself.
#include <archive.h>
#include <archive_entry.h>
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <malloc.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>

#include "base/file.h"
#include "build/archive_writer.h"
#include "build/bundle.h"
#include "build/temp_folder_test.h"
#include "build/upload.h"

namespace croft::build {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;

struct Raw {
  std::string path;
  unsigned type = S_IFREG;
  std::string link = {};
  std::string content = {};
  unsigned mode = 0644;
};

// A tar of exactly these headers, as an attacker would make it.
void make_tar(const fs::path& file, const std::vector<Raw>& entries, bool gzip = false) {
  archive* a = archive_write_new();
  archive_write_set_format_gnutar(a);
  if (gzip) archive_write_add_filter_gzip(a);
  ASSERT_EQ(archive_write_open_filename(a, file.c_str()), ARCHIVE_OK);
  for (const Raw& raw : entries) {
    archive_entry* e = archive_entry_new();
    archive_entry_set_pathname(e, raw.path.c_str());
    archive_entry_set_perm(e, raw.mode);
    if (raw.type == S_IFREG && !raw.link.empty()) {
      archive_entry_set_filetype(e, S_IFREG);
      archive_entry_set_hardlink(e, raw.link.c_str());
    } else {
      archive_entry_set_filetype(e, raw.type);
      if (raw.type == S_IFLNK) archive_entry_set_symlink(e, raw.link.c_str());
      archive_entry_set_size(e, static_cast<la_int64_t>(raw.content.size()));
    }
    EXPECT_EQ(archive_write_header(a, e), ARCHIVE_OK) << raw.path;
    archive_write_data(a, raw.content.data(), raw.content.size());
    archive_entry_free(e);
  }
  archive_write_close(a);
  archive_write_free(a);
}

std::string refusal(const std::vector<Raw>& entries, const ArchiveLimits& limits = {}) {
  const TempFolder temp;
  make_tar(temp / "a.tar", entries);
  const Status status = unpack_upload(temp / "a.tar", temp / "out", limits);
  EXPECT_FALSE(fs::exists(temp / "out") && !status) << "something was left behind";
  EXPECT_FALSE(fs::exists("/tmp/croft_escape"));
  return status ? "accepted" : status.error().message();
}

TEST(Upload, UnpacksFilesFoldersAndInnerLinks) {
  const TempFolder temp;
  make_tar(temp / "a.tar.gz",
           {{"./"},
            {"./src/", S_IFDIR},
            {"./src/ž €.txt", S_IFREG, "", "hi"},
            {"deep/er/file", S_IFREG, "", "x", 06755},
            {"src/link", S_IFLNK, "../deep/er/file"}},
           true);
  ASSERT_TRUE(unpack_upload(temp / "a.tar.gz", temp / "out", {}));
  EXPECT_EQ(*read_file(temp / "out/src/ž €.txt"), "hi");
  EXPECT_EQ(*read_file(temp / "out/src/link"), "x");
  struct stat info{};
  ASSERT_EQ(::stat((temp / "out/deep/er/file").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 07777, 0755U) << "setuid and setgid are masked";
}

TEST(Upload, RefusesWhatLeavesTheFolder) {
  for (const char* path :
       {"../croft_escape", "a/../../croft_escape", "/tmp/croft_escape", "a/..\\..\\croft_escape"}) {
    EXPECT_THAT(refusal({{"good"}, {path, S_IFREG, "", "x"}}), HasSubstr("croft_escape")) << path;
  }
  for (const char* target : {"/etc/passwd", "../../x", "a/../../../x", "../.."}) {
    EXPECT_THAT(refusal({{"d/link", S_IFLNK, target}}), HasSubstr("d/link")) << target;
  }
  EXPECT_THAT(refusal({{"a/b/up", S_IFLNK, "../.."}, {"a/b/out", S_IFLNK, "up/../x"}}),
              HasSubstr("a/b/out"))
      << "by names it is a/b/x, but up/.. is above the folder";
}

TEST(Upload, RefusesToWriteThroughALink) {
  EXPECT_THAT(refusal({{"d/", S_IFDIR}, {"l", S_IFLNK, "d"}, {"l/file", S_IFREG, "", "x"}}),
              HasSubstr("'l'"));
  EXPECT_THAT(refusal({{"l", S_IFLNK, "d"}, {"l", S_IFREG, "", "x"}}), HasSubstr("twice"));
  EXPECT_THAT(refusal({{"l", S_IFLNK, "d"}, {"l/", S_IFDIR}}), HasSubstr("'l'"));
  EXPECT_THAT(refusal({{"f", S_IFREG, "", "x"}, {"f/g", S_IFREG, "", "x"}}), HasSubstr("'f'"));
}

TEST(Upload, RefusesOddEntries) {
  EXPECT_THAT(refusal({{"a", S_IFREG, "", "x"}, {"hard", S_IFREG, "a"}}), HasSubstr("hard"));
  EXPECT_THAT(refusal({{"fifo", S_IFIFO}}), HasSubstr("fifo"));
  EXPECT_THAT(refusal({{"dev", S_IFCHR}}), HasSubstr("dev"));
  EXPECT_THAT(refusal({{"a", S_IFREG, "", "x"}, {"./a", S_IFREG, "", "y"}}), HasSubstr("twice"));
  EXPECT_THAT(refusal({{"a\x1b[2J"}}), HasSubstr("control"));
  EXPECT_THAT(refusal({{"a\u202Etxt.exe"}}), HasSubstr("turns"));
  EXPECT_THAT(refusal({{"a\xFF"}}), HasSubstr("UTF-8"));
  EXPECT_THAT(refusal({{std::string(300, 'a')}}), HasSubstr("255"));
}

TEST(Upload, KeepsToItsCaps) {
  const std::vector<Raw> three = {{"a"}, {"b"}, {"c"}};
  EXPECT_THAT(refusal(three, {.entries = 2}), HasSubstr("more than 2 entries"));
  EXPECT_THAT(refusal({{"a", S_IFREG, "", std::string(3 << 20, 'x')}}, {.unpacked_bytes = 2 << 20}),
              HasSubstr("2 MiB"));
  const TempFolder temp;
  make_tar(temp / "bomb", {{"zeros", S_IFREG, "", std::string(80u << 20, '\0')}}, true);
  const Status bomb = unpack_upload(temp / "bomb", temp / "out", {.ratio = 100});
  EXPECT_THAT(bomb.error().message(), HasSubstr("100 times"));
  std::ofstream(temp / "junk") << std::string(5000, 'j');
  EXPECT_THAT(unpack_upload(temp / "junk", temp / "out", {}).error().message(),
              HasSubstr("unknown kind"));
}

TEST(Upload, ReadsOneFile) {
  const TempFolder temp;
  make_tar(temp / "a", {{"x/croft.yml", S_IFREG, "", "no"}, {"croft.yml", S_IFREG, "", "yes"}});
  EXPECT_EQ(*read_from_upload(temp / "a", "croft.yml", 100), "yes");
  EXPECT_EQ(read_from_upload(temp / "a", "zerops.yml", 100).error().code(), ErrorCode::kNotFound);
  EXPECT_EQ(read_from_upload(temp / "a", "croft.yml", 2).error().code(), ErrorCode::kTooLarge);
}

TEST(Upload, IsReceivedWholeOrNotAtAll) {
  const TempFolder temp;
  Runtime runtime;
  Pool pool(1);
  make_tar(temp / "good", {{"a", S_IFREG, "", "x"}});
  StringSource body(*read_file(temp / "good"));
  const auto received =
      runtime.run_until_done(receive_upload(pool, body, temp / "kept", ArchiveLimits{}));
  ASSERT_TRUE(received);
  EXPECT_EQ(received->bytes, fs::file_size(temp / "good"));
  StringSource evil("not a tar at all, but long enough to look at ..............");
  EXPECT_FALSE(runtime.run_until_done(receive_upload(pool, evil, temp / "gone", ArchiveLimits{})));
  EXPECT_FALSE(fs::exists(temp / "gone"));
  StringSource large(std::string(2 << 20, 'x'));
  const auto refused = runtime.run_until_done(
      receive_upload(pool, large, temp / "gone", ArchiveLimits{.compressed_bytes = 1 << 20}));
  EXPECT_EQ(refused.error().code(), ErrorCode::kTooLarge);
  EXPECT_FALSE(fs::exists(temp / "gone"));
}

std::vector<std::string> names_in(const fs::path& archive) {
  auto entries = open_archive(archive, ArchiveOrigin::kContainer, kTreeLimits);
  std::vector<std::string> names;
  for (auto e = (*entries)->next(); e && *e; e = (*entries)->next()) names.push_back((*e)->path);
  return names;
}

std::vector<spec::DeployEntry> parse(const std::vector<std::string>& files) {
  return *parse_deploy_files(files, "deployFiles");
}

TEST(Bundle, FollowsTheTildeRuleAndDeployignore) {
  const TempFolder temp;
  temp.write("in/dist/app.js", "a");
  temp.write("in/dist/app.js.map", "m");
  temp.write("in/package.json", "{}");
  temp.write("in/other/x", "x");
  temp.write("in/distant", "no");
  temp.write("in/.deployignore", "*.map\n");
  const auto kept =
      bundle_from_folder(temp / "in", parse({"dist", "package.json"}), temp / "kept.tar.zst");
  ASSERT_TRUE(kept) << kept.error().describe();
  EXPECT_THAT(names_in(kept->file), ElementsAre("dist", "dist/app.js", "package.json"));
  const auto stripped =
      bundle_from_folder(temp / "in", parse({"dist/~/", "other/~x"}), temp / "s.tar.zst");
  ASSERT_TRUE(stripped) << stripped.error().describe();
  EXPECT_THAT(names_in(stripped->file), ElementsAre("app.js", "x"));
  EXPECT_EQ(stripped->bytes, fs::file_size(temp / "s.tar.zst"));
}

TEST(Bundle, HashFollowsContentNotTime) {
  const TempFolder temp;
  temp.write("in/a", "1");
  const auto one = bundle_from_folder(temp / "in", {}, temp / "1");
  const timespec times[2] = {{1000, 0}, {1000, 0}};
  ::utimensat(AT_FDCWD, (temp / "in/a").c_str(), times, 0);
  const auto same = bundle_from_folder(temp / "in", {}, temp / "2");
  temp.write("in/a", "2");
  const auto other = bundle_from_folder(temp / "in", {}, temp / "3");
  ASSERT_TRUE(one && same && other);
  EXPECT_EQ(one->hash, same->hash);
  EXPECT_NE(one->hash, other->hash);
  EXPECT_EQ(one->hash.size(), 64U);
}

TEST(Bundle, NamesAPathThatIsMissing) {
  const TempFolder temp;
  temp.write("in/a", "1");
  const auto missing = bundle_from_folder(temp / "in", parse({"a", "dist"}), temp / "b");
  ASSERT_FALSE(missing);
  EXPECT_THAT(missing.error().message(), HasSubstr("'dist'"));
  EXPECT_EQ(missing.error().fields().front().pointer, "/build/deployFiles/1");
  EXPECT_FALSE(fs::exists(temp / "b"));
  EXPECT_FALSE(fs::exists(temp / "b.part"));
  EXPECT_EQ(parse_deploy_files({"ok", "a~b~c"}, "deployFiles").error().fields().front().pointer,
            "/build/deployFiles/1");
}

TEST(Bundle, KeepsHardLinksOfAContainerAndItsAbsoluteLinks) {
  const TempFolder temp;
  make_tar(temp / "tree", {{"out/", S_IFDIR},
                           {"out/a", S_IFREG, "", "x"},
                           {"out/b", S_IFREG, "out/a"},
                           {"out/python", S_IFLNK, "/usr/bin/python3"},
                           {"out/pipe", S_IFIFO}});
  auto maker = BundleMaker::create(temp / "bundle", {});
  ASSERT_TRUE(maker);
  auto entries = open_archive(temp / "tree", ArchiveOrigin::kContainer, kTreeLimits);
  ASSERT_TRUE((*maker)->add(parse({"build/out/~/"})[0], **entries, "out"));
  const auto bundle = (*maker)->finish();
  ASSERT_TRUE(bundle);
  auto stored = open_archive(bundle->file, ArchiveOrigin::kContainer, kTreeLimits);
  std::vector<std::string> seen;
  for (auto e = (*stored)->next(); e && *e; e = (*stored)->next()) {
    seen.push_back((*e)->path + ">" + (*e)->link);
  }
  EXPECT_THAT(seen, ElementsAre("a>", "b>a", "python>/usr/bin/python3"));
}

TEST(ArchiveWriter, OneThatIsGivenUpLeavesNothingBehind) {
  const auto give_up = [](bool compress) {
    ArchiveWriter writer({.compress = compress});
    EXPECT_TRUE(writer.begin({.path = "a", .size_bytes = 1ull << 40}));  // not that many zeros
    EXPECT_TRUE(writer.write("some"));
  };
  for (const bool compress : {false, true}) give_up(compress);
  const std::size_t before = ::mallinfo2().uordblks;
  for (int i = 0; i < 100; ++i) give_up(i % 2 == 0);
  EXPECT_LT(::mallinfo2().uordblks, before + 100'000);  // it was 10 KiB of each
}

}  // namespace
}  // namespace croft::build
