#include "net/url.h"

#include <gtest/gtest.h>

namespace croft {
namespace {

TEST(PercentEncoding, RoundTripsEveryByteButNul) {
  std::string all;
  for (int i = 1; i < 256; ++i) all += static_cast<char>(i);
  const std::string encoded = percent_encode(all);
  EXPECT_EQ(encoded.find_first_of(" &=?#/+\n"), std::string::npos);
  EXPECT_EQ(percent_decode(encoded), all);
}

TEST(PercentEncoding, RefusesBrokenEscapesAndNul) {
  EXPECT_EQ(percent_decode("a%2"), std::nullopt);
  EXPECT_EQ(percent_decode("a%"), std::nullopt);
  EXPECT_EQ(percent_decode("%zz"), std::nullopt);
  EXPECT_EQ(percent_decode("a%00b"), std::nullopt);
  EXPECT_EQ(percent_decode("a+b"), "a+b");
  EXPECT_EQ(percent_decode("a+b", true), "a b");
}

TEST(Query, KeepsOrderRepeatsAndEmptyValues) {
  const auto query = Query::parse("a=1&b=x%20y&a=2&&flag&c=");
  ASSERT_TRUE(query);
  EXPECT_EQ(query->find("a"), "1");
  EXPECT_EQ(query->find("b"), "x y");
  EXPECT_EQ(query->find("flag"), "");
  EXPECT_EQ(query->find("c"), "");
  EXPECT_EQ(query->find("d"), std::nullopt);
  EXPECT_EQ(query->all().size(), 5u);
  EXPECT_EQ(query->encode(), "a=1&b=x%20y&a=2&flag=&c=");
}

TEST(Query, NamesTheBrokenParameter) {
  const auto query = Query::parse("ok=1&name=%G1");
  ASSERT_FALSE(query);
  EXPECT_EQ(query.error().code(), ErrorCode::kInvalid);
  EXPECT_NE(query.error().message().find("name"), std::string::npos);
}

TEST(Url, SplitsAndFillsInThePort) {
  const auto url = Url::parse("https://croft.test/api?x=1");
  ASSERT_TRUE(url);
  EXPECT_EQ(url->host, "croft.test");
  EXPECT_EQ(url->port, 443);
  EXPECT_EQ(url->path, "/api");
  EXPECT_EQ(url->query, "x=1");
  const auto v6 = Url::parse("http://[::1]:8080");
  ASSERT_TRUE(v6);
  EXPECT_EQ(v6->host, "::1");
  EXPECT_EQ(v6->port, 8080);
  EXPECT_EQ(v6->path, "/");
}

TEST(Url, RefusesWhatIsNoServerAddress) {
  for (const char* text :
       {"", "croft.test", "/path", "ftp://croft.test", "http://", "http://u:p@h/", "http://h/#f",
        "http://h:0/", "http://h:99999/", "http://h:80:80/", "http://h%00ost/", "http://a b/"}) {
    EXPECT_FALSE(Url::parse(text)) << text;
  }
}

}  // namespace
}  // namespace croft
