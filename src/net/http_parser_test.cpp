#include "net/http_parser.h"

#include <gtest/gtest.h>

namespace croft {
namespace {

constexpr std::string_view kPost =
    "POST /a?b=c HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
    "5;ext=1\r\nhello\r\n6\r\n world\r\n0\r\n\r\n";

TEST(HttpParser, ReadsAMessageThatComesByteByByte) {
  HttpParser parser(HttpParser::Role::kRequest, 1000);
  std::string input;
  std::string body;
  for (const char c : kPost) {
    input += c;
    ASSERT_TRUE(parser.feed(input));
    body += parser.take_body();
  }
  EXPECT_TRUE(parser.message_done());
  EXPECT_EQ(parser.method(), "POST");
  EXPECT_EQ(parser.target(), "/a?b=c");
  EXPECT_EQ(parser.headers().find("HOST"), "x");
  EXPECT_EQ(body, "hello world");
  EXPECT_TRUE(parser.keep_alive());
  EXPECT_EQ(input, "");
}

TEST(HttpParser, ReadsAnEmptyChunkedBodyThatComesByteByByte) {
  HttpParser parser(HttpParser::Role::kRequest, 1000);
  std::string input;
  for (const char c :
       std::string_view("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n")) {
    input += c;
    ASSERT_TRUE(parser.feed(input));
    ASSERT_TRUE(parser.feed(input)) << "also when nothing came meanwhile";
  }
  EXPECT_TRUE(parser.message_done());
  EXPECT_EQ(input, "");
}

TEST(HttpParser, LeavesTheNextMessageInTheInput) {
  HttpParser parser(HttpParser::Role::kRequest, 1000);
  std::string input = "GET /1 HTTP/1.1\r\nHost: x\r\n\r\nGET /2 HTTP/1.1\r\n";
  ASSERT_TRUE(parser.feed(input));
  EXPECT_TRUE(parser.message_done());
  EXPECT_EQ(input, "GET /2 HTTP/1.1\r\n");
}

TEST(HttpParser, LeavesWhatFollowsAnUpgrade) {
  HttpParser parser(HttpParser::Role::kResponse, 1000);
  std::string input =
      "HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\nraw bytes";
  ASSERT_TRUE(parser.feed(input));
  EXPECT_TRUE(parser.head_done());
  EXPECT_EQ(parser.status(), 101);
  EXPECT_EQ(input, "raw bytes");
}

TEST(HttpParser, BodyUntilTheEndOfTheConnection) {
  HttpParser parser(HttpParser::Role::kResponse, 1000);
  std::string input = "HTTP/1.1 200 OK\r\n\r\npart one";
  ASSERT_TRUE(parser.feed(input));
  ASSERT_TRUE(parser.feed(input));
  EXPECT_FALSE(parser.message_done());
  EXPECT_FALSE(parser.keep_alive());
  EXPECT_TRUE(parser.end_of_input());
  EXPECT_EQ(parser.take_body(), "part one");
}

TEST(HttpParser, ACutBodyIsAnError) {
  HttpParser parser(HttpParser::Role::kResponse, 1000);
  std::string input = "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort";
  ASSERT_TRUE(parser.feed(input));
  ASSERT_TRUE(parser.feed(input));
  const Status ended = parser.end_of_input();
  ASSERT_FALSE(ended);
  EXPECT_EQ(ended.error().code(), ErrorCode::kUnavailable);
}

TEST(HttpParser, CapsTheHead) {
  HttpParser parser(HttpParser::Role::kRequest, 100);
  std::string input = "GET / HTTP/1.1\r\nX: " + std::string(200, 'a') + "\r\n\r\n";
  const Status fed = parser.feed(input);
  ASSERT_FALSE(fed);
  EXPECT_EQ(fed.error().code(), ErrorCode::kTooLarge);
}

TEST(HttpParser, RefusesWhatTwoServersCouldReadDifferently) {
  for (const std::string_view head :
       {"POST / HTTP/1.1\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
        "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n",
        "POST / HTTP/1.1\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n",
        "POST / HTTP/1.1\r\nContent-Length: -5\r\n\r\n", "GET /\x01 HTTP/1.1\r\n\r\n",
        "GET / HTTP/1.1\r\nA B: c\r\n\r\n", "GET / HTTP/9.9\r\n\r\n", "\x16\x03\x01 tls\r\n\r\n"}) {
    HttpParser parser(HttpParser::Role::kRequest, 1000);
    std::string input(head);
    const Status fed = parser.feed(input);
    ASSERT_FALSE(fed) << head;
    EXPECT_EQ(fed.error().code(), ErrorCode::kInvalid) << head;
  }
}

TEST(HttpHead, RefusesInjection) {
  EXPECT_TRUE(format_request_head("GET", "/a%20b", {{"A", "b"}}));
  EXPECT_FALSE(format_request_head("GET", "/a b", {}));
  EXPECT_FALSE(format_request_head("GET", "/a\r\nX: y", {}));
  EXPECT_FALSE(format_request_head("GE T", "/", {}));
  EXPECT_FALSE(format_response_head(200, {{"A", "b\r\nSet-Cookie: x"}}));
  EXPECT_FALSE(format_response_head(200, {{"A: b", "c"}}));
}

TEST(HttpHeaders, ComparesNamesAndTokensWithoutCase) {
  const HttpHeaders headers{{"Connection", "keep-alive, Upgrade"}, {"X", "1"}, {"x", "2"}};
  EXPECT_TRUE(headers.has_token("connection", "upgrade"));
  EXPECT_FALSE(headers.has_token("connection", "up"));
  EXPECT_EQ(headers.find("x"), "1");
  HttpHeaders changed = headers;
  changed.set("X", "3");
  EXPECT_EQ(changed.all().size(), 2u);
}

}  // namespace
}  // namespace croft
