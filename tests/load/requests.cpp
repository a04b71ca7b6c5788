#include "requests.h"

#include <fmt/format.h>

#include <algorithm>

namespace croft::load {

using std::chrono::steady_clock;

Task<void> sleep_until(const Run& run, TimePoint until) {
  for (;;) {
    const auto left = std::chrono::ceil<Millis>(until - steady_clock::now());
    if (left.count() <= 0 || run.over()) co_return;
    co_await sleep_for(std::min(left, Millis(100)));
  }
}

namespace {

// Differs for every attempt, so that an answer cannot belong to another one.
std::string make_body(const StreamSpec& spec, std::int64_t number) {
  std::string body = fmt::format("{} of {};", number, spec.name);
  while (body.size() < spec.body_bytes) body += static_cast<char>('a' + body.size() % 26);
  body.resize(spec.body_bytes);
  return body;
}

}  // namespace

RequestStream::RequestStream(const Run& run, const StreamSpec& spec)
    : run_(run),
      spec_(spec),
      recorder_(run.start),
      attempts_(run.runtime),
      connections_(run.runtime),
      slots_(run.runtime, spec.connections) {
  for (int i = 0; i < spec.connections && keeps_connections(); ++i) {
    places_.push_back(std::make_unique<Place>(run.runtime));
  }
}

Task<void> RequestStream::start() {
  const auto period = std::chrono::duration<double>(1 / spec_.rate_per_s);
  for (std::int64_t number = 0; spec_.max_count == 0 || number < spec_.max_count; ++number) {
    const TimePoint intended =
        run_.start.steady +
        std::chrono::duration_cast<steady_clock::duration>(period * static_cast<double>(number));
    co_await sleep_until(run_, intended);
    if (run_.over()) break;
    attempts_.spawn("attempt", attempt(number, intended));
  }
  co_await attempts_.join();
  for (const auto& place : places_) {
    if (place->connection) place->connection->close();
  }
  idle_.clear();
  co_await connections_.join();
}

Task<void> RequestStream::attempt(std::int64_t number, TimePoint intended) {
  Request request{.method = spec_.method, .body = {}};
  if (spec_.method == "POST") request.body = make_body(spec_, number);
  Reply reply;
  const TimePoint deadline = intended + spec_.timeout;  // to get a connection
  if (spec_.protocol == Protocol::kHttp2) {
    co_await over_http2(static_cast<std::size_t>(number), request, deadline, reply);
  } else {
    co_await over_http1(request, deadline, reply);
  }
  const TimePoint ended = steady_clock::now();
  const Verdict verdict = judge(request, reply);
  recorder_.attempt(verdict, ms_between(intended, ended), ended);
  if (reply.status != 0) recorder_.answered_by(reply.version, reply.instance, ended);
}

std::unique_ptr<Link> RequestStream::take_idle() {
  while (!idle_.empty()) {
    std::unique_ptr<Link> link = std::move(idle_.front());
    idle_.pop_front();
    if (!link->peer_closed()) return link;
    ++recorder_.idle_closed;
  }
  return nullptr;
}

Task<void> RequestStream::over_http1(const Request& request, TimePoint deadline, Reply& reply) {
  if (!co_await slots_.acquire(deadline)) {
    reply.fault = {"no_connection", "every connection was busy until the attempt's time was over"};
    co_return;
  }
  // From here on the server has its whole time: one that answers late is told apart from a queue.
  deadline = steady_clock::now() + spec_.timeout;
  std::unique_ptr<Link> link = take_idle();
  const bool opens = link == nullptr;
  if (opens) link = std::make_unique<Link>(run_.runtime);
  link->set_deadline(deadline);
  if (opens) {
    reply.fault = co_await link->open(spec_.target, run_.tls, false);
    if (!reply.fault) ++recorder_.opened;
  }
  if (!reply.fault) {
    co_await exchange_http1(*link, spec_.target, request, run_.names, reply);
  }
  if (reply.complete && reply.reusable && keeps_connections()) {
    link->set_deadline(TimePoint::max());
    idle_.push_back(std::move(link));
  }
  slots_.release();
}

Task<std::shared_ptr<Http2Connection>> RequestStream::connect_http2(TimePoint deadline,
                                                                    Reply& reply) {
  auto link = std::make_unique<Link>(run_.runtime);
  link->set_deadline(deadline);
  reply.fault = co_await link->open(spec_.target, run_.tls, true);
  if (reply.fault) co_return nullptr;
  link->set_deadline(TimePoint::max());
  ++recorder_.opened;
  co_return std::make_shared<Http2Connection>(run_.runtime, connections_, std::move(link),
                                              run_.names);
}

Task<void> RequestStream::over_http2(std::size_t number, const Request& request, TimePoint deadline,
                                     Reply& reply) {
  if (!keeps_connections()) {
    const auto connection = co_await connect_http2(deadline, reply);
    if (!connection) co_return;
    co_await connection->exchange(spec_.target, request, deadline, reply);
    connection->close();
    co_return;
  }
  Place& place = *places_[number % places_.size()];
  if (!co_await place.opening.acquire(deadline)) {
    reply.fault = {"no_connection", "the connection could not be opened in time"};
    co_return;
  }
  std::shared_ptr<Http2Connection> connection = place.connection;
  if (connection && !connection->usable()) {
    ++recorder_.idle_closed;
    connection = nullptr;
  }
  if (!connection) {
    connection = co_await connect_http2(deadline, reply);
    // The one before is kept by the requests that it still carries, and ends with the last.
    place.connection = connection;
  }
  place.opening.release();
  deadline = steady_clock::now() + spec_.timeout;
  if (connection) co_await connection->exchange(spec_.target, request, deadline, reply);
}

}  // namespace croft::load
