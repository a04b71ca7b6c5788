#include "core/dns_message.h"

#include <gtest/gtest.h>

#include "base/random.h"

namespace croft::dns {
namespace {

std::string bytes(std::initializer_list<int> list) {
  std::string out;
  for (const int b : list) out.push_back(static_cast<char>(b));
  return out;
}

// "dB.croft" A IN, id 0x1234, recursion desired.
std::string plain_query() {
  return bytes({0x12, 0x34, 0x01, 0,   0,   1,   0,   0,   0, 0, 0, 0, 2,
                'd',  'B',  5,    'c', 'r', 'o', 'f', 't', 0, 0, 1, 0, 1});
}

std::string with_edns(std::string message, int udp_bytes) {
  message[11] = 1;
  return message + bytes({0, 0, 41, udp_bytes >> 8, udp_bytes & 0xff, 0, 0, 0x80, 0, 0, 0});
}

Query parsed(const std::string& message) {
  auto result = parse_query(message);
  EXPECT_TRUE(result.query);
  return result.query.value_or(Query{});
}

TEST(DnsMessage, ReadsAQuery) {
  const Query query = parsed(plain_query());
  EXPECT_EQ(query.id, 0x1234);
  EXPECT_TRUE(query.recursion_desired);
  EXPECT_EQ(query.name, (Name{"db", "croft"})) << "compared in lower case";
  EXPECT_EQ(query.type, kTypeA);
  EXPECT_EQ(query.question, plain_query().substr(12)) << "echoed as it came";
  EXPECT_FALSE(query.edns);
  EXPECT_EQ(query.udp_bytes, kMinUdpBytes);
}

TEST(DnsMessage, ReadsEdnsAndBoundsItsSize) {
  EXPECT_EQ(parsed(with_edns(plain_query(), 1000)).udp_bytes, 1000u);
  EXPECT_EQ(parsed(with_edns(plain_query(), 100)).udp_bytes, kMinUdpBytes);
  EXPECT_EQ(parsed(with_edns(plain_query(), 65535)).udp_bytes, kMaxUdpBytes);
  EXPECT_TRUE(parsed(with_edns(plain_query(), 1000)).dnssec_ok);
}

TEST(DnsMessage, EveryPrefixAndEveryTailIsRefused) {
  const std::string query = with_edns(plain_query(), 1232);
  for (std::size_t length = 0; length < query.size(); ++length) {
    const auto result = parse_query(query.substr(0, length));
    EXPECT_FALSE(result.query) << length;
    EXPECT_EQ(result.refusal.has_value(), length >= kHeaderBytes) << length;
  }
  EXPECT_FALSE(parse_query(query + "x").query);
  EXPECT_FALSE(parse_query(plain_query() + "x").query);
}

TEST(DnsMessage, RefusesWhatIsNoPlainQuery) {
  const auto refused_with = [](std::size_t at, char value) {
    std::string message = plain_query();
    message[at] = value;
    const auto result = parse_query(message);
    EXPECT_FALSE(result.query);
    return result.refusal ? static_cast<int>(result.refusal->rcode) : -1;
  };
  EXPECT_EQ(refused_with(2, '\x81'), -1) << "an answer gets no answer";
  EXPECT_EQ(refused_with(2, 0x11), 4) << "opcode STATUS";
  EXPECT_EQ(refused_with(5, 2), 1) << "two questions";
  EXPECT_EQ(refused_with(7, 1), 1) << "an answer record";
  EXPECT_EQ(refused_with(12, '\xc0'), 1) << "compression in a question";
  EXPECT_EQ(refused_with(12, 63), 1) << "label past the end";
  EXPECT_EQ(refused_with(25, 3), 5) << "class CH";
}

TEST(DnsMessage, AnswersByteForByte) {
  const Answer answer{.recursion_available = true,
                      .records = {address_record(*IpAddress::parse("100.64.0.1"), 5)}};
  EXPECT_EQ(build_answer(parsed(plain_query()), answer, 512),
            bytes({0x12, 0x34, 0x85, 0x80, 0, 1, 0, 1, 0, 0, 0, 0}) + plain_query().substr(12) +
                bytes({0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 5, 0, 4, 100, 64, 0, 1}));
}

TEST(DnsMessage, TruncatesToTheLimitWithTheFlag) {
  Answer answer;
  for (int i = 0; i < 60; ++i) {
    answer.records.push_back(address_record(*IpAddress::parse("fd00::1"), 0));
  }
  for (const std::size_t limit : {std::size_t{512}, std::size_t{1232}}) {
    const std::string message =
        build_answer(parsed(with_edns(plain_query(), static_cast<int>(limit))), answer, limit);
    EXPECT_LE(message.size(), limit);
    EXPECT_GT(message.size(), limit - 28 - 11);
    EXPECT_NE(message[2] & 0x02, 0);
  }
  const std::string whole = build_answer(parsed(plain_query()), answer, kMaxMessageBytes);
  EXPECT_EQ(whole[2] & 0x02, 0);
  EXPECT_EQ(whole[7], 60);
}

TEST(DnsMessage, NegativeAnswersCarryAnSoa) {
  const Answer answer{.rcode = Rcode::kNameError, .negative_owner = Name{"croft"}};
  const std::string message = build_answer(parsed(plain_query()), answer, 512);
  EXPECT_EQ(message[3] & 0xf, 3);
  EXPECT_EQ(message[9], 1) << "one authority record";
}

TEST(DnsMessage, ForwardsUnderAnotherIdAndRestoresTheAskers) {
  const Query query = parsed(plain_query());
  const std::string forwarded = build_forwarded(query, 0xbeef);
  EXPECT_EQ(forwarded.substr(0, 3), bytes({0xbe, 0xef, 0x01}));
  std::string answer = forwarded;
  answer[2] = static_cast<char>(0x81);
  answer[13] = 'D';  // the upstream changed the case of the question
  EXPECT_TRUE(is_answer_to(answer, query, 0xbeef));
  EXPECT_FALSE(is_answer_to(answer, query, 0xbeee));
  EXPECT_FALSE(is_answer_to(forwarded, query, 0xbeef)) << "a query is no answer";
  std::string other = answer;
  other[13] = 'x';
  EXPECT_FALSE(is_answer_to(other, query, 0xbeef)) << "another question";
  const std::string restored = restore_answer(answer, query);
  EXPECT_EQ(restored.substr(0, 2), bytes({0x12, 0x34}));
  EXPECT_EQ(restored.substr(12), plain_query().substr(12));
}

TEST(DnsMessage, NamesAndReverseNames) {
  EXPECT_EQ(*name_from("Db.Croft"), (Name{"db", "croft"}));
  EXPECT_FALSE(name_from("a..b"));
  EXPECT_FALSE(name_from(std::string(64, 'a')));
  EXPECT_EQ(to_text({"a b", "c.d"}), "a\\032b.c\\046d");
  EXPECT_EQ(reverse_address(*name_from("1.0.64.100.in-addr.arpa"))->str(), "100.64.0.1");
  EXPECT_EQ(reverse_address(*name_from("1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0."
                                       "0.d.f.ip6.arpa"))
                ->str(),
            "fd00::1");
  EXPECT_FALSE(reverse_address(*name_from("0.64.100.in-addr.arpa")));
}

// Random changes of a good query: never a crash, and what is accepted echoes its question.
TEST(DnsMessage, SurvivesMutation) {
  SeededRandom random(3);
  for (int round = 0; round < 100'000; ++round) {
    std::string message = with_edns(plain_query(), 1232);
    for (std::uint64_t i = random.below(4) + 1; i > 0; --i) {
      message[random.below(message.size())] = static_cast<char>(random.below(256));
    }
    message.resize(random.below(message.size() + 1));
    const auto result = parse_query(message);
    ASSERT_FALSE(result.query && result.refusal);
    if (!result.query) continue;
    ASSERT_EQ(message.substr(12, result.query->question.size()), result.query->question);
    ASSERT_LE(build_answer(*result.query, {}, 512).size(), 512u);
  }
}

}  // namespace
}  // namespace croft::dns
