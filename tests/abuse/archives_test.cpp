// A3, A4, A5: uploads that write elsewhere, mislead a reader, or grow.
#include <fmt/format.h>

#include <sys/resource.h>
#include <sys/time.h>

#include "abuse_fixture.h"
#include "build/archive_writer.h"

namespace croft {
namespace {

struct RawEntry {
  std::string name;
  char type = '0';
  std::string link = "";
  std::string content = "";
  std::string mode = "0000644";
};

// One entry in the form of ustar, whatever it holds: writers that check would not make it.
std::string tar_entry(const RawEntry& entry) {
  std::string head(512, '\0');
  const auto put = [&](std::size_t at, const std::string& text) {
    head.replace(at, text.size(), text);
  };
  put(0, entry.name.substr(0, 100));
  put(100, entry.mode);
  put(108, "0000000");
  put(116, "0000000");
  put(124, fmt::format("{:011o}", entry.content.size()));
  put(136, "00000000000");
  put(148, "        ");
  head[156] = entry.type;
  put(157, entry.link.substr(0, 100));
  put(257, std::string("ustar\0"
                       "00",
                       8));
  unsigned sum = 0;
  for (const char c : head) sum += static_cast<unsigned char>(c);
  put(148, fmt::format("{:06o}", sum) + std::string("\0 ", 2));
  std::string padded = entry.content;
  padded.resize((padded.size() + 511) / 512 * 512, '\0');
  return head + padded;
}

std::string tar_of(const std::vector<RawEntry>& entries) {
  std::string tar;
  for (const RawEntry& entry : entries) tar += tar_entry(entry);
  return tar + std::string(1024, '\0');
}

// A record of an extended header: its length counts itself.
std::string pax(const std::string& key, const std::string& value) {
  const std::string rest = " " + key + "=" + value + "\n";
  std::size_t size = rest.size() + 1;
  while (std::to_string(size).size() + rest.size() != size) ++size;
  return std::to_string(size) + rest;
}

class Archives : public Abuse {
 protected:
  Reply upload(const std::string& bytes) {
    const std::string id = new_version(mallory_, "/projects/den/services/pit");
    return ask("PUT", "/projects/den/services/pit/versions/" + id + "/source", mallory_, bytes,
               "Content-Type: application/zstd\r\n");
  }
  void expect_refused(const std::string& bytes, const std::string& named) {
    const auto before = files();
    const auto versions = everything();
    const Reply reply = upload(bytes);
    EXPECT_TRUE(reply.status == 400 || reply.status == 413) << named << "\n" << reply;
    EXPECT_NE(reply.body.find(named), std::string::npos) << named << "\n" << reply;
    EXPECT_EQ(files(), before) << "a file stays, or one was written elsewhere";
    EXPECT_EQ(everything(), versions) << "half a version stays";
    for (const char c : reply.body) EXPECT_GE(static_cast<unsigned char>(c), 0x20) << reply;
  }
};

TEST_F(Archives, A3AndA4EntriesThatLeadElsewhere) {
  expect_refused(tar_of({{"../outside"}}), "../outside");
  expect_refused(tar_of({{"a/../../outside"}}), "outside");
  expect_refused(tar_of({{"/etc/cron.d/croft"}}), "/etc/cron.d/croft");
  expect_refused(tar_of({{"..\\outside"}}), "outside");
  expect_refused(tar_of({{"way", '2', "../.."}, {"way/outside", '0', "", "x"}}), "way");
  expect_refused(tar_of({{"way", '2', "/etc"}, {"way/passwd", '0', "", "x"}}), "way");
  expect_refused(tar_of({{"hard", '1', "/etc/shadow"}}), "hard");
  expect_refused(tar_of({{"a", '0', "", "x"}, {"hard", '1', "a"}}), "hard");
  expect_refused(tar_of({{"header", 'x', "", pax("path", "../outside")}, {"innocent"}}), "outside");
  expect_refused(tar_of({{"header", 'x', "", pax("linkpath", "/etc")}, {"way", '2', "inside"}}),
                 "way");
  expect_refused(tar_of({{"././@LongLink", 'L', "", "../outside"}, {"innocent"}}), "outside");
}

TEST_F(Archives, A4SpecialFilesAndMisleadingNames) {
  expect_refused(tar_of({{"device", '3'}}), "device");
  expect_refused(tar_of({{"disk", '4'}}), "disk");
  expect_refused(tar_of({{"pipe", '6'}}), "pipe");
  expect_refused(tar_of({{"twice", '0', "", "a"}, {"twice", '0', "", "b"}}), "twice");
  expect_refused(tar_of({{"a\x1b[2Jb"}}), "control character");
  expect_refused(tar_of({{"a\nb"}}), "control character");
  expect_refused(tar_of({{"safe\xE2\x80\xAEgpj.exe"}}), "turns its reading");
  expect_refused(tar_of({{"\xff\xfe"}}), "UTF-8");
  expect_refused("not an archive at all", "");
}

// The bits are dropped, not refused: a set-user-id file is an ordinary one then.
TEST_F(Archives, A4SetUserIdIsDropped) {
  const std::string id = new_version(mallory_, "/projects/den/services/pit");
  const Reply reply =
      ask("PUT", "/projects/den/services/pit/versions/" + id + "/source", mallory_,
          tar_of({{"suid", '0', "", "x", "0006755"}}), "Content-Type: application/zstd\r\n");
  EXPECT_LT(reply.status, 300) << reply;
  const auto file = directory_ / "bundles" / id / "source.tar.zst";
  auto entries = must(build::open_archive(file, build::ArchiveOrigin::kUpload, {}));
  const auto entry = must(entries->next());
  ASSERT_TRUE(entry);
  EXPECT_EQ(entry->mode, 0755u);
}

// Sanitizers take memory of their own, and many times the CPU.
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
constexpr bool kSanitized = true;
#else
constexpr bool kSanitized = false;
#endif

double cpu_seconds() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
         static_cast<double>(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

long peak_mebibytes() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  return usage.ru_maxrss / 1024;
}

std::string zeros_as_zstd(std::uint64_t bytes) {
  build::ArchiveWriter writer({.compress = true});
  must(writer.begin({.path = "zeros", .size_bytes = bytes}));
  const std::string piece(1u << 20, '\0');
  for (std::uint64_t done = 0; done < bytes; done += piece.size()) must(writer.write(piece));
  must(writer.finish());
  return writer.take();
}

TEST_F(Archives, A5AFileThatGrows) {
  const std::string bomb = zeros_as_zstd(192u << 20);
  ASSERT_LT(bomb.size(), 1u << 20);
  const long before_mib = peak_mebibytes();
  const double before = cpu_seconds();
  expect_refused(bomb, "times its size");
  EXPECT_LT(cpu_seconds() - before, kSanitized ? 20 : 3) << "0.2 s, measured";
  if (!kSanitized) EXPECT_LT(peak_mebibytes() - before_mib, 64);
}

TEST_F(Archives, A5TooManyFiles) {
  build::ArchiveWriter writer({.compress = true});
  for (int i = 0; i <= 200'000; ++i) must(writer.add_file(std::to_string(i), "", 0644));
  must(writer.finish());
  expect_refused(writer.take(), "more than 200000 entries");
}

TEST_F(Archives, A5DocumentsThatGrow) {
  const std::string deep(10'000, '[');
  std::string aliases = "a0: &a0 [x, x]\n";
  for (int i = 1; i < 40; ++i) {
    aliases += fmt::format("a{}: &a{} [*a{}, *a{}]\n", i, i, i - 1, i - 1);
  }
  const auto yaml = [](const std::string& text) {
    return boost::json::serialize(boost::json::object{{"yaml", text}, {"project", "den"}});
  };
  const std::string long_key(1u << 20, 'k');
  const double before = cpu_seconds();
  for (const std::string& body :
       {deep, "{\"name\":" + deep, yaml(aliases), yaml(deep),
        yaml("x: " + std::string(60'000, '{')), "{\"" + long_key + "\":1}",
        "{\"name\":\"" + std::string(3u << 20, 'a') + "\"}", std::string(5u << 20, ' ')}) {
    const Reply reply = attack("POST", body.starts_with("{\"yaml") ? "/import" : "/projects", body);
    EXPECT_TRUE(reply.status == 400 || reply.status == 413 || reply.status == 422)
        << body.substr(0, 40) << "\n"
        << reply;
    EXPECT_LT(reply.body.size(), 20'000u) << "the answer to a large document is large";
  }
  EXPECT_LT(cpu_seconds() - before, kSanitized ? 60 : 8) << "1 s, measured";
}

}  // namespace
}  // namespace croft
