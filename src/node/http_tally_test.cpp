#include "node/http_tally.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>

#include "node/access_log.h"

namespace croft::node {
namespace {

// As Caddy 2.11 writes it with the encoder of plan/edge_config.cpp.
std::string line(const std::string& host, const std::string& method, int status, double duration,
                 int size = 10) {
  return fmt::format(
      R"({{"level":"info","ts":"2026-11-21T20:00:00Z","logger":"http.log.access","msg":"handled request",)"
      R"("request":{{"remote_ip":"192.0.2.1","proto":"HTTP/2.0","method":"{}","host":"{}","uri":"/"}},)"
      R"("bytes_read":0,"user_id":"","duration":{},"size":{},"status":{}}})",
      method, host, duration, size, status);
}

TEST(HttpTally, CountsByServiceMethodAndClass) {
  HttpTally tally;
  tally.set_routes({{.host = "web-shop.example.com", .project = "shop", .service = "web"},
                    {.host = "api-shop.example.com", .project = "shop", .service = "api"}});
  tally.take(line("web-shop.example.com", "GET", 200, 0.004, 100));
  tally.take(line("WEB-shop.example.com:8443", "GET", 204, 0.005, 5));
  tally.take(line("web-shop.example.com", "BREW", 503, 12));
  tally.take(line("web-shop.example.com", "GET", 101, 3600, 7));
  tally.take(line("api-shop.example.com", "POST", 0, 0.3));
  tally.take(line("unknown.example.com", "GET", 404, 1));
  tally.take("no JSON");
  tally.take(R"({"request":5,"status":"x"})");

  const std::vector<HttpFigures> all = tally.figures();
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(to_json_text(all[0].counts), R"([{"method":"POST","code_class":"0xx","requests":1}])");
  EXPECT_EQ(all[1].project, "shop");
  EXPECT_EQ(all[1].service, "web");
  EXPECT_EQ(to_json_text(all[1].counts), R"([{"method":"GET","code_class":"1xx","requests":1},)"
                                         R"({"method":"GET","code_class":"2xx","requests":2},)"
                                         R"({"method":"other","code_class":"5xx","requests":1}])");
  EXPECT_EQ(all[1].response_bytes, 122);
  EXPECT_EQ(all[1].durations.front(), 2) << "a bound belongs to its bucket";
  EXPECT_EQ(all[1].durations.back(), 1);
  EXPECT_NEAR(all[1].duration_sum_s, 12.009, 1e-9) << "without the WebSocket";
}

TEST(HttpTally, NumbersThatCannotBeAreBounded) {
  HttpTally tally;
  tally.set_routes({{.host = "a.example.com", .project = "p", .service = "a"}});
  for (const char* number : {"-1e300", "1e300", "-9223372036854775808", "18446744073709551615"}) {
    tally.take(fmt::format(
        R"({{"request":{{"host":"a.example.com"}},"status":{0},"duration":{0},"size":{0}}})",
        number));
  }
  tally.take(R"({"request":{"host":"a.example.com"},"size":-0e310})");
  const std::vector<HttpFigures> all = tally.figures();
  ASSERT_EQ(all.size(), 1u);
  EXPECT_EQ(all[0].response_bytes, 2'000'000'000'000'000);
  EXPECT_EQ(all[0].duration_sum_s, 2e15);
  EXPECT_EQ(to_json_text(all[0].counts), R"([{"method":"other","code_class":"0xx","requests":2},)"
                                         R"({"method":"other","code_class":"5xx","requests":2}])");
}

TEST(HttpTally, WhatWasCountedStaysWhenTheNameGoes) {
  HttpTally tally;
  tally.set_routes({{.host = "a.example.com", .project = "p", .service = "a"}});
  tally.take(line("a.example.com", "GET", 200, 0.1));
  tally.set_routes({});
  tally.take(line("a.example.com", "GET", 200, 0.1));
  ASSERT_EQ(tally.figures().size(), 1u);
  EXPECT_EQ(tally.figures()[0].counts.at(0).requests, 1);
}

class AccessLogTest : public testing::Test {
 protected:
  AccessLogTest() {
    std::string pattern = (std::filesystem::temp_directory_path() / "croft-access-XXXXXX").string();
    if (::mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("mkdtemp");
    folder_ = pattern;
    file_ = folder_ / "access.log";
  }
  ~AccessLogTest() override { std::filesystem::remove_all(folder_); }
  void append(const std::string& text) { std::ofstream(file_, std::ios::app) << text; }
  std::vector<std::string> read(AccessLog& log) {
    std::vector<std::string> lines;
    EXPECT_TRUE(log.read([&](std::string_view one) { lines.emplace_back(one); }));
    return lines;
  }
  using Lines = std::vector<std::string>;

  std::filesystem::path folder_;
  std::filesystem::path file_;
};

TEST_F(AccessLogTest, FollowsAFileFromItsEnd) {
  append("old\n");
  AccessLog log(file_);
  EXPECT_EQ(read(log), Lines());
  append("one\ntw");
  EXPECT_EQ(read(log), Lines{"one"});
  append("o\nthree\n");
  EXPECT_EQ(read(log), (Lines{"two", "three"}));
  EXPECT_EQ(read(log), Lines());
}

TEST_F(AccessLogTest, ReadsTheOldFileToItsEndAndThenTheNew) {
  AccessLog log(file_);
  EXPECT_EQ(read(log), Lines()) << "no file yet";
  append("first\n");
  EXPECT_EQ(read(log), Lines{"first"}) << "a file that came later is new from its beginning";
  append("last\n");
  std::filesystem::rename(file_, folder_ / "access-1.log");
  append("next\n");
  EXPECT_EQ(read(log), (Lines{"last", "next"}));
}

TEST_F(AccessLogTest, TakesALongFileInPieces) {
  AccessLog log(file_);
  EXPECT_EQ(read(log), Lines());
  const std::string text(999, 'x');
  std::string all;
  for (int i = 0; i < 12'000; ++i) all += text + "\n";
  append(all);
  const std::size_t first = read(log).size();
  EXPECT_GT(first, 8000u);
  EXPECT_LT(first, 12'000u);
  EXPECT_EQ(first + read(log).size(), 12'000u);
}

}  // namespace
}  // namespace croft::node
