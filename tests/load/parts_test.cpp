// The pure parts: command line, verdicts, summaries, WebSocket frames, event sequences.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "recorder.h"
#include "reply.h"
#include "sse_events.h"
#include "stream_spec.h"
#include "ws_frames.h"

namespace croft::load {
namespace {

namespace json = boost::json;
using testing::ElementsAre;
using testing::HasSubstr;

StreamSpec stream(const std::string& text) {
  auto spec = parse_stream(text, "https://web.test/x?y=1", "127.0.0.1:8443");
  EXPECT_TRUE(spec) << (spec ? "" : spec.error().message());
  return spec ? *spec : StreamSpec{};
}

std::string complaint(const std::string& text) {
  const auto spec = parse_stream(text, "http://web.test/", "");
  return spec ? "no error" : spec.error().message();
}

TEST(StreamSpecTest, ReadsEveryWord) {
  const StreamSpec spec =
      stream("fresh,h2,POST,rate=2.5,conns=7,count=9,timeout=250ms,body=10,path=/p,name=n");
  EXPECT_EQ(spec.mode, Mode::kFresh);
  EXPECT_EQ(spec.protocol, Protocol::kHttp2);
  EXPECT_EQ(spec.method, "POST");
  EXPECT_DOUBLE_EQ(spec.rate_per_s, 2.5);
  EXPECT_EQ(spec.connections, 7);
  EXPECT_EQ(spec.max_count, 9);
  EXPECT_EQ(spec.timeout, Millis(250));
  EXPECT_EQ(spec.body_bytes, 10u);
  EXPECT_EQ(spec.name, "n");
  EXPECT_EQ(spec.target.path, "/p");
}

TEST(StreamSpecTest, ConnectsElsewhereUnderTheNameOfTheUrl) {
  const Target target = stream("keepalive").target;
  EXPECT_TRUE(target.tls);
  EXPECT_EQ(target.host, "web.test");
  EXPECT_EQ(target.authority, "web.test");
  EXPECT_EQ(target.path, "/x?y=1");
  EXPECT_EQ(target.connect_host, "127.0.0.1");
  EXPECT_EQ(target.connect_port, 8443);
  EXPECT_EQ(stream("keepalive,url=http://a.test:81/,connect=[::1]:82").target.authority,
            "a.test:81");
  EXPECT_EQ(stream("keepalive,url=http://a.test:81/,connect=[::1]:82").target.connect_host, "::1");
}

TEST(StreamSpecTest, AcceptsWaysToEnd) {
  const StreamSpec spec = stream("ws,accept=1001+1012+end");
  EXPECT_THAT(spec.accept_codes, ElementsAre(1001, 1012));
  EXPECT_TRUE(spec.accept_end);
}

TEST(StreamSpecTest, NamesTheWordThatIsWrong) {
  EXPECT_THAT(complaint("keepalive,rate=0"), HasSubstr("'rate=0'"));
  EXPECT_THAT(complaint("keepalive,rate=5x"), HasSubstr("'rate=5x'"));
  EXPECT_THAT(complaint("keepalive,speed=5"), HasSubstr("'speed=5'"));
  EXPECT_THAT(complaint("ws,accept=99"), HasSubstr("'accept=99'"));
  EXPECT_THAT(complaint("h1,GET"), HasSubstr("no mode"));
  EXPECT_THAT(complaint("sse,h2"), HasSubstr("HTTP/1.1"));
  EXPECT_THAT(complaint("tcp"), HasSubstr("tcp://"));
}

Reply complete(int status, std::string_view body) {
  Reply reply;
  reply.sent = reply.complete = true;
  reply.status = status;
  reply.body.append(body);
  return reply;
}

Verdict verdict(Reply reply, const Request& request = {.method = "GET", .body = {}}) {
  return judge(request, reply);
}

TEST(JudgeTest, WholeAnswers) {
  EXPECT_EQ(verdict(complete(200, "x")).outcome, Outcome::kOk);
  EXPECT_EQ(verdict(complete(302, "")).outcome, Outcome::kOk);
  EXPECT_EQ(verdict(complete(502, "bad gateway")).outcome, Outcome::kFailed);
  EXPECT_EQ(verdict(complete(502, "bad gateway")).kind, "status_502");
  EXPECT_EQ(verdict(complete(404, "")).kind, "status_404");
  const Request post{.method = "POST", .body = "mine"};
  EXPECT_EQ(verdict(complete(200, "mine"), post).outcome, Outcome::kOk);
  EXPECT_EQ(verdict(complete(200, "his"), post).kind, "wrong_echo");
  EXPECT_EQ(verdict(complete(200, ""), post).outcome, Outcome::kFailed);
}

TEST(JudgeTest, Checksum) {
  Reply good = complete(200, "abc");
  good.checksum = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
  Reply bad = complete(200, "abd");
  bad.checksum = good.checksum;
  EXPECT_EQ(verdict(std::move(good)).outcome, Outcome::kOk);
  EXPECT_EQ(verdict(std::move(bad)).kind, "wrong_checksum");
}

TEST(JudgeTest, SentAndNotAnsweredIsUnknown) {
  Reply reply;
  reply.fault = {"refused", "connect"};
  EXPECT_EQ(verdict(std::move(reply)).outcome, Outcome::kFailed);
  Reply cut;
  cut.sent = true;
  cut.fault = {"reset", "read"};
  EXPECT_EQ(verdict(std::move(cut)).outcome, Outcome::kUnknown);
  Reply head;
  head.sent = true;
  head.status = 200;
  head.fault = {"closed", "read"};
  EXPECT_EQ(verdict(std::move(head)).kind, "truncated_closed");
  Reply refused;
  refused.sent = refused.refused = true;
  refused.fault = {"stream_REFUSED_STREAM", ""};
  EXPECT_EQ(verdict(std::move(refused)).outcome, Outcome::kFailed);
}

TEST(RecorderTest, RanksOfLatencies) {
  std::vector<float> values;
  for (int i = 200; i >= 1; --i) values.push_back(static_cast<float>(i));
  const json::value summary = latency_summary(values);
  EXPECT_EQ(summary.at("p50").to_number<double>(), 100);
  EXPECT_EQ(summary.at("p90").to_number<double>(), 180);
  EXPECT_EQ(summary.at("p99").to_number<double>(), 198);
  EXPECT_EQ(summary.at("max").to_number<double>(), 200);
  EXPECT_TRUE(latency_summary({}).is_null());
}

TEST(RecorderTest, KeepsTheFirstExamplesAndEveryCount) {
  const RunStart start = RunStart::now();
  Recorder recorder(start);
  for (int i = 0; i < 8; ++i) {
    const TimePoint at = start.steady + std::chrono::seconds(i);
    recorder.attempt({Outcome::kUnknown, "reset", std::to_string(i)}, 1, at);
    recorder.answered_by(i < 5 ? "old" : "new", "here", at);
  }
  recorder.attempt({}, 7, start.steady);
  const json::object summary = recorder.summary(true);
  EXPECT_EQ(summary.at("attempts"), 9);
  EXPECT_EQ(summary.at("unknown"), 8);
  const json::value& error = summary.at("errors").at(0);
  EXPECT_EQ(error.at("count"), 8);
  EXPECT_EQ(error.at("examples").as_array().size(), Recorder::kExamples);
  EXPECT_EQ(error.at("examples").at(1).at("detail"), "1");
  EXPECT_EQ(error.at("examples").at(1).at("second").to_number<double>(), 1);
  EXPECT_EQ(summary.at("versions").at("old").at("count"), 5);
  EXPECT_EQ(summary.at("versions").at("new").at("first_s").to_number<double>(), 5);
  EXPECT_EQ(summary.at("series").as_array().size(), 8u);
  EXPECT_EQ(summary.at("series").at(6).at("versions").at("new"), 1);
}

TEST(WsFramesTest, MasksAsTheRfcShows) {
  // RFC 6455 §5.7: a masked "Hello".
  EXPECT_EQ(ws_client_frame(kWsText, "Hello", 0x37fa213d),
            std::string("\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58", 11));
  EXPECT_EQ(ws_client_frame(kWsText, std::string(200, 'a'), 0).substr(0, 4),
            std::string("\x81\xfe\x00\xc8", 4));
}

TEST(WsFramesTest, TakesWholeFramesOnly) {
  bool broken = false;
  std::string input("\x81\x05Hel", 5);
  EXPECT_FALSE(take_ws_frame(input, broken));
  input += "lo" + std::string("\x88\x02\x03\xe9", 4);
  EXPECT_EQ(take_ws_frame(input, broken)->payload, "Hello");
  EXPECT_EQ(take_ws_frame(input, broken)->close_code(), 1001);
  EXPECT_TRUE(input.empty());
  input = std::string("\x88\x00", 2);
  EXPECT_EQ(take_ws_frame(input, broken)->close_code(), kWsNoCode);
  EXPECT_FALSE(broken);
  input = ws_client_frame(kWsText, "masked", 1);
  EXPECT_FALSE(take_ws_frame(input, broken));
  EXPECT_TRUE(broken);
}

TEST(WsFramesTest, RefusesHugeFrames) {
  bool broken = false;
  std::string input("\x82\x7f\x00\x00\x01\x00\x00\x00\x00\x00", 10);
  EXPECT_FALSE(take_ws_frame(input, broken));
  EXPECT_TRUE(broken);
}

TEST(SseSequenceTest, CountsAcrossPieces) {
  SseSequence events;
  EXPECT_EQ(events.feed("id: 7\nda"), 0);
  EXPECT_EQ(events.feed("ta: 7\n\n: comment\n\ndata: 8\n\ndata:9\n"), 2);
  EXPECT_EQ(events.feed("\n"), 1);
}

TEST(SseSequenceTest, SeesGapsRepeatsAndNonsense) {
  for (const char* next : {"data: 3\n\n", "data: 1\n\n", "data: x\n\n"}) {
    SseSequence events;
    EXPECT_EQ(events.feed("data: 1\n\n"), 1);
    EXPECT_LT(events.feed(next), 0) << next;
    EXPECT_FALSE(events.error().empty());
  }
}

}  // namespace
}  // namespace croft::load
