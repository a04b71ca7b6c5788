#include "sessions.h"

#include <fmt/format.h>

#include <algorithm>

#include "sse_events.h"
#include "ws_frames.h"

namespace croft::load {

using std::chrono::steady_clock;

namespace {

constexpr Millis kStagger{10};           // between the openings of two sessions
constexpr Millis kPauseAfterError{500};  // before a session that broke is opened again
constexpr std::uint32_t kMask = 0x5ac3f00d;

Verdict failed(std::string kind, std::string detail) {
  return {Outcome::kFailed, std::move(kind), std::move(detail)};
}

// A beat was sent and nothing can be known of it, or nothing was under way.
Verdict broken(const Fault& fault, bool under_way) {
  return {under_way ? Outcome::kUnknown : Outcome::kFailed, fault.kind, fault.detail};
}

std::string make_beat(const StreamSpec& spec, std::int64_t session, std::int64_t beat) {
  std::string text = fmt::format("{}/{} ", session, beat);
  while (text.size() < spec.body_bytes) text += static_cast<char>('a' + text.size() % 26);
  return text;
}

}  // namespace

SessionStream::SessionStream(const Run& run, const StreamSpec& spec)
    : run_(run), spec_(spec), recorder_(run.start), sessions_(run.runtime) {}

Task<void> SessionStream::start() {
  for (int number = 0; number < spec_.connections && !run_.over(); ++number) {
    sessions_.spawn("session", keep_one(number));
    co_await sleep_for(kStagger);
  }
  co_await sessions_.join();
}

Task<void> SessionStream::keep_one(int number) {
  std::int64_t session = number;
  while (!run_.over() && (spec_.max_count == 0 || opened_ < spec_.max_count)) {
    ++opened_;
    Link link(run_.runtime);
    const TimePoint began = steady_clock::now();
    link.set_deadline(began + spec_.timeout);
    End end;
    if (Fault fault = co_await link.open(spec_.target, run_.tls, false)) {
      end.verdict = failed(fault.kind, fault.detail);
    } else {
      ++recorder_.opened;
      end = co_await hold(link, session);
    }
    link.close();
    const TimePoint ended = steady_clock::now();
    recorder_.attempt(end.verdict, std::nullopt, ended);
    if (end.by_us) {
      ++recorder_.alive_at_end;
      co_return;
    }
    recorder_.lifetimes_s.push_back(ms_between(began, ended) / 1000);
    if (end.verdict.outcome != Outcome::kOk) {
      co_await sleep_until(run_, ended + kPauseAfterError);
    }
    session += spec_.connections;
  }
}

Task<SessionStream::End> SessionStream::hold(Link& link, std::int64_t number) {
  if (spec_.mode == Mode::kWebSocket) co_return co_await hold_web_socket(link, number);
  if (spec_.mode == Mode::kSse) co_return co_await hold_events(link);
  co_return co_await hold_tcp(link, number);
}

TimePoint SessionStream::next_limit() const {
  return steady_clock::now() + spec_.timeout;
}

steady_clock::duration SessionStream::period() const {
  return std::chrono::duration_cast<steady_clock::duration>(
      std::chrono::duration<double>(1 / spec_.rate_per_s));
}

Task<Verdict> SessionStream::open_session(Link& link, const HttpHeaders& fields, int wanted_status,
                                          HttpParser& parser, std::string* input) {
  const Request request{.method = "GET", .body = {}};
  bool sent = false;
  const Fault fault =
      co_await open_exchange(link, spec_.target, request, fields, parser, input, &sent);
  if (fault) co_return broken(fault, sent);
  if (parser.status() != wanted_status) {
    co_return failed(fmt::format("status_{}", parser.status()), "the session was not opened");
  }
  Reply answer;
  note_headers(parser.headers(), run_.names, answer);
  recorder_.answered_by(answer.version, answer.instance, steady_clock::now());
  co_return Verdict{};
}

SessionStream::End SessionStream::ended_by_web_socket(int code) const {
  if (spec_.accept_codes.contains(code)) return {};
  return {failed(fmt::format("close_{}", code), "the server ended the session"), false};
}

Task<SessionStream::End> SessionStream::hold_web_socket(Link& link, std::int64_t number) {
  HttpParser parser(HttpParser::Role::kResponse, 64u << 10);
  parser.expect_no_body();
  std::string input;
  const HttpHeaders fields{{"Connection", "Upgrade"},
                           {"Upgrade", "websocket"},
                           {"Sec-WebSocket-Version", "13"},
                           {"Sec-WebSocket-Key", "Y3JvZnQtbG9hZCBjbGllbg=="}};
  Verdict opened = co_await open_session(link, fields, 101, parser, &input);
  if (opened.outcome != Outcome::kOk) co_return End{std::move(opened), false};
  for (std::int64_t beat = 0;; ++beat) {
    const TimePoint sent_at = steady_clock::now();
    link.set_deadline(next_limit());
    std::optional<End> end = co_await beat_web_socket(link, make_beat(spec_, number, beat), &input);
    if (end) co_return std::move(*end);
    ++recorder_.beats;
    recorder_.beat_ms.push_back(ms_between(sent_at, steady_clock::now()));
    link.set_deadline(TimePoint::max());
    co_await sleep_until(run_, sent_at + period());
    if (!run_.over()) continue;
    bool sent = false;
    co_await link.write(ws_client_frame(kWsClose, ws_close_payload(1000), kMask), &sent);
    co_return End{{}, true};
  }
}

Task<std::optional<SessionStream::End>> SessionStream::beat_web_socket(Link& link, std::string text,
                                                                       std::string* input) {
  bool sent = false;
  Fault fault = co_await link.write(ws_client_frame(kWsText, text, kMask), &sent);
  for (;;) {
    bool bad = false;
    auto frame = take_ws_frame(*input, bad);
    if (bad) co_return End{failed("protocol", "not a frame of a server"), false};
    if (!frame) {
      // Also when the beat could not be written: a close frame may have come before.
      if (Fault cut = co_await link.read(input)) {
        if (cut.kind != "timeout") recorder_.close_codes[kWsAbnormal]++;
        co_return End{broken(fault ? fault : cut, sent), false};
      }
      continue;
    }
    if (frame->opcode == kWsClose) {
      recorder_.close_codes[frame->close_code()]++;
      co_return ended_by_web_socket(frame->close_code());
    }
    if (frame->opcode == kWsPing) {
      fault = co_await link.write(ws_client_frame(kWsPong, frame->payload, kMask), &sent);
    }
    if (frame->opcode != kWsText) continue;
    if (frame->payload == text) co_return std::nullopt;
    co_return End{failed("wrong_echo", frame->payload.substr(0, 100)), false};
  }
}

Task<SessionStream::End> SessionStream::hold_events(Link& link) {
  HttpParser parser(HttpParser::Role::kResponse, 64u << 10);
  std::string input;
  const HttpHeaders fields{{"Accept", "text/event-stream"}};
  Verdict opened = co_await open_session(link, fields, 200, parser, &input);
  if (opened.outcome != Outcome::kOk) co_return End{std::move(opened), false};
  SseSequence events;
  TimePoint last = steady_clock::now();
  for (;;) {
    if (const Status fed = parser.feed(input); !fed) {
      co_return End{failed("protocol", fed.error().message()), false};
    }
    const int count = events.feed(parser.take_body());
    if (count < 0) co_return End{failed("sequence", events.error()), false};
    if (count > 0) {
      const TimePoint now = steady_clock::now();
      recorder_.beats += count;
      recorder_.beat_ms.push_back(ms_between(last, now));
      last = now;
    }
    if (run_.over()) co_return End{{}, true};
    if (parser.message_done()) {
      if (spec_.accept_end) co_return End{};
      co_return End{failed("ended", "the server ended the stream"), false};
    }
    if (count > 0) link.set_deadline(next_limit());
    if (Fault cut = co_await link.read(&input)) co_return End{broken(cut, false), false};
  }
}

Task<SessionStream::End> SessionStream::hold_tcp(Link& link, std::int64_t number) {
  for (std::int64_t beat = 0;; ++beat) {
    const TimePoint sent_at = steady_clock::now();
    const std::string text = make_beat(spec_, number, beat) + "\n";
    link.set_deadline(next_limit());
    bool sent = false;
    Fault fault = co_await link.write(text, &sent);
    std::string input;
    while (input.size() < text.size()) {
      Fault cut = co_await link.read(&input);
      if (!cut) continue;
      // The server has closed between two beats: the beat was never taken.
      if (cut.kind == "closed" && input.empty() && spec_.accept_end) co_return End{};
      co_return End{broken(fault ? fault : cut, sent), false};
    }
    if (input != text) co_return End{failed("wrong_echo", input.substr(0, 100)), false};
    ++recorder_.beats;
    recorder_.beat_ms.push_back(ms_between(sent_at, steady_clock::now()));
    link.set_deadline(TimePoint::max());
    co_await sleep_until(run_, sent_at + period());
    if (run_.over()) co_return End{{}, true};
  }
}

}  // namespace croft::load
