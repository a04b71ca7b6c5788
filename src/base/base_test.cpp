#include <sys/resource.h>

#include <gtest/gtest.h>

#include <csignal>
#include <filesystem>
#include <stop_token>

#include "base/cpu_priority.h"
#include "base/fd.h"
#include "base/file.h"
#include "base/id.h"
#include "base/random.h"
#include "base/secret.h"
#include "base/spawn.h"
#include "base/time.h"

namespace croft {
namespace {

TEST(Time, Rfc3339RoundTripsAndReadsOffsets) {
  const Timestamp t{1'795'248'123'456};
  EXPECT_EQ(parse_rfc3339(format_rfc3339(t)), t);
  EXPECT_EQ(parse_rfc3339("1970-01-01T01:00:00.5+01:00"), Timestamp{500});
  for (const char* bad :
       {"", "2026-02-30T00:00:00Z", "2026-01-01T00:00:00", "2026-01-01", "2026-01-01T24:00:00Z",
        "2026-01-01T00:00:00Zx", "9999-12-31T23:59:59-23:59", "0000-01-01T00:00:00+00:01"}) {
    EXPECT_FALSE(parse_rfc3339(bad)) << bad;
  }
  for (const char* edge : {"9999-12-31T23:59:59.999Z", "0000-01-01T00:00:00.000Z"}) {
    EXPECT_EQ(format_rfc3339(parse_rfc3339(edge).value()), edge);
  }
}

TEST(Time, Durations) {
  EXPECT_EQ(parse_duration("90s"), Millis(90'000));
  EXPECT_EQ(parse_duration("2h"), Millis(7'200'000));
  for (const char* bad : {"", "s", "5", "-1s", "1.5h", "5x", "99999999999999999999s"}) {
    EXPECT_FALSE(parse_duration(bad)) << bad;
  }
}

TEST(Id, HasItsFormAndParsesBack) {
  struct Tag;
  SeededRandom random(1);
  const auto id = Id<Tag>::generate(random);
  EXPECT_EQ(Id<Tag>::parse(id.str()), id);
  EXPECT_FALSE(Id<Tag>::parse("../../etc/passwd"));
  EXPECT_FALSE(Id<Tag>::parse(id.str() + "x"));
}

TEST(Random, BelowStaysInItsBound) {
  SeededRandom random(7);
  for (int i = 0; i < 1000; ++i) EXPECT_LT(random.below(3), 3u);
}

TEST(File, IsReplacedAtomicallyWithItsMode) {
  const auto dir = std::filesystem::temp_directory_path() / SystemRandom().base62(12);
  ASSERT_TRUE(make_directories(dir, 0700));
  ASSERT_TRUE(write_file_atomically(dir / "state", "one", 0600));
  ASSERT_TRUE(write_file_atomically(dir / "state", "two", 0600));
  EXPECT_EQ(read_file(dir / "state").value(), "two");
  EXPECT_EQ(read_file(dir / "missing").error().code(), ErrorCode::kNotFound);
  EXPECT_EQ(read_file(dir / "state", 2).error().code(), ErrorCode::kTooLarge);
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(dir), {}), 1);
  std::filesystem::remove_all(dir);
}

TEST(Spawn, PassesArgumentsUnchangedAndReturnsTheExitCode) {
  const auto r = run_program({.argv = {"printf", "%s", "$(id) ; \n\"x\""}});
  ASSERT_TRUE(r);
  EXPECT_EQ(r->output, "$(id) ; \n\"x\"");
  EXPECT_EQ(run_program({.argv = {"false"}})->exit_code, 1);
  EXPECT_EQ(run_program({.argv = {"cat"}, .input = "fed"})->output, "fed");
  EXPECT_EQ(run_program({.argv = {"no-such-program-here"}}).error().code(), ErrorCode::kNotFound);
  const int ours = ::getpriority(PRIO_PROCESS, 0);
  EXPECT_EQ(run_program({.argv = {"nice"}, .niceness = 1})->output,
            fmt::format("{}\n", std::min(19, ours + 1)));
}

TEST(Spawn, PriorityOnTheCpuIsNotHandedOn) {
  const int before = ::getpriority(PRIO_PROCESS, 0);
  if (::setpriority(PRIO_PROCESS, 0, -1) != 0) GTEST_SKIP() << "only root may";
  claim_cpu_priority();
  EXPECT_EQ(::getpriority(PRIO_PROCESS, 0), -10);
  EXPECT_EQ(run_program({.argv = {"nice"}})->output, "0\n");
  EXPECT_EQ(run_program({.argv = {"nice"}, .niceness = 10})->output, "10\n");
  ::setpriority(PRIO_PROCESS, 0, before);
}

TEST(Spawn, TheProgramGetsNoneOfOurDescriptors) {
  const Fd leaky(::dup(0));  // without close-on-exec, as libraries open them
  const auto r = run_program({.argv = {"ls", "/proc/self/fd"}});
  ASSERT_TRUE(r);
  EXPECT_EQ(r->output, "0\n1\n2\n3\n");  // 3 is the folder that ls reads
}

TEST(Spawn, KillsTheWholeGroupAtTheTimeout) {
  const auto r = run_program({.argv = {"sleep", "30"}, .timeout = std::chrono::milliseconds(50)});
  ASSERT_TRUE(r);
  EXPECT_TRUE(r->timed_out);
  EXPECT_EQ(r->exit_code, 128 + 9);
}

// xargs starts sleep: when that one lived on, it would hold the pipe until the timeout.
TEST(Spawn, ARequestToStopEndsTheWholeGroup) {
  std::stop_source stop;
  const SpawnOptions options{.argv = {"xargs", "-t", "sleep"},
                             .input = "30",
                             .on_output = [&stop](std::string_view) { stop.request_stop(); },
                             .cancel = stop.get_token()};
  const auto started = std::chrono::steady_clock::now();
  const auto r = run_program(options);
  ASSERT_TRUE(r);
  EXPECT_TRUE(r->cancelled);
  EXPECT_FALSE(r->timed_out);
  EXPECT_EQ(r->exit_code, 128 + SIGTERM);
  EXPECT_LT(std::chrono::steady_clock::now() - started, std::chrono::seconds(10));
  EXPECT_EQ(run_program_checked(options).error().code(), ErrorCode::kCancelled);
}

TEST(Secret, ComparesAndMovesEmpty) {
  Secret a("hunter2");
  EXPECT_TRUE(a.equals("hunter2"));
  EXPECT_FALSE(a.equals("hunter3"));
  const Secret b = std::move(a);
  EXPECT_EQ(b.reveal(), "hunter2");
}

}  // namespace
}  // namespace croft
