#include "daemon/agent_hub.h"

#include <algorithm>
#include <charconv>

#include "base/error_mapping.h"
#include "base/json_at_once.h"
#include "base/log.h"

namespace croft {
namespace {

constexpr std::size_t kMaxReportBytes = 64u << 20;
constexpr std::size_t kMaxLogBytes = 16u << 20;
// Sent when nothing changes, so that a broken connection is noticed from both sides.
constexpr Millis kHeartbeat{5000};

class SubscriberEntry {
 public:
  template <class T>
  SubscriberEntry(std::vector<T*>& list, T& entry)
      : remove_([&list, &entry] { std::erase(list, &entry); }) {
    list.push_back(&entry);
  }
  SubscriberEntry(const SubscriberEntry&) = delete;
  ~SubscriberEntry() { remove_(); }

 private:
  std::function<void()> remove_;
};

// 0 when it is none.
std::int64_t number_of(const std::string& text) {
  std::int64_t number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

Task<void> refuse(HttpExchange& exchange, Error error) {
  co_await exchange.respond(http_status(error.code()), {{"Content-Type", "text/plain"}},
                            error.message() + "\n");
}

}  // namespace

AgentHub::AgentHub(Runtime& runtime, const Clock& clock, World& world, AgentLogs& logs)
    : runtime_(runtime), clock_(clock), world_(world), logs_(logs) {}

void AgentHub::publish(const NodeId& node, NodeDesired desired) {
  desired_[node] = std::move(desired);
  for (Subscriber* subscriber : subscribers_) {
    if (subscriber->node == node) subscriber->wake->notify();
  }
}

std::optional<Timestamp> AgentHub::last_seen(const NodeId& node) const {
  const auto it = last_seen_.find(node);
  return it == last_seen_.end() ? std::nullopt : std::optional(it->second);
}

Task<void> AgentHub::handle(HttpExchange& exchange) {
  const auto node = NodeId::parse(exchange.query().find("node").value_or(""));
  if (!node) {
    co_await refuse(exchange, Error(ErrorCode::kInvalid, "the query needs node=ID"));
    co_return;
  }
  const std::string route = exchange.method() + " " + exchange.path();
  if (route == "GET /agent/v1/desired") {
    co_await stream_desired(exchange, *node);
  } else if (route == "POST /agent/v1/observed") {
    co_await take_observed(exchange, *node);
  } else if (route == "POST /agent/v1/logs") {
    co_await take_logs(exchange, *node);
  } else if (route == "GET /agent/v1/cursors") {
    co_await send_cursors(exchange, *node);
  } else {
    co_await refuse(exchange, Error(ErrorCode::kNotFound, "no such agent endpoint"));
  }
}

Task<void> AgentHub::stream_desired(HttpExchange& exchange, NodeId node) {
  Subscriber self{.node = node, .wake = std::make_unique<Signal>(runtime_)};
  const SubscriberEntry entry(subscribers_, self);
  exchange.notify_when_gone(*self.wake);
  Status sent = co_await exchange.start(200, {{"Content-Type", "application/x-ndjson"}});
  const std::string life = exchange.query().find("life").value_or("");
  Reporter& reporter = reporters_[node];
  if (reporter.life != life) reporter = {.life = life};
  reporter.sequence =
      std::max(reporter.sequence, number_of(exchange.query().find("sequence").value_or("")));
  log_info("an agent connected", {{"node", node.str()}});
  std::int64_t sent_generation = -1;
  while (sent && !exchange.client_gone()) {
    const auto it = desired_.find(node);
    std::string line = "\n";
    if (it != desired_.end() && it->second.generation != sent_generation) {
      sent_generation = it->second.generation;
      line = to_json_text(it->second) + "\n";
    }
    sent = co_await exchange.write(std::move(line));
    if (sent) co_await self.wake->wait_for(kHeartbeat);
  }
  log_warning("an agent disconnected", {{"node", node.str()}});
}

Task<void> AgentHub::take_observed(HttpExchange& exchange, NodeId node) {
  auto body = co_await exchange.read_body(kMaxReportBytes);
  if (!body) {
    co_await refuse(exchange, body.error());
    co_return;
  }
  auto observed = from_json_text_at_once<NodeObserved>(*body);
  if (!observed) {
    log_warning("an agent sent a report that cannot be read",
                {{"node", node.str()}, {"error", observed.error().message()}});
    co_await refuse(exchange, observed.error());
    co_return;
  }
  // A report may come late: its connection broke, and another has brought a newer one, or another
  // agent has taken over. It would make what has come since look gone.
  const auto reporter = reporters_.find(node);
  if (reporter == reporters_.end() || reporter->second.life != observed->life) {
    co_await refuse(exchange, Error(ErrorCode::kConflict, "another agent reports for this node"));
    co_return;
  }
  if (observed->sequence >= reporter->second.sequence) {
    last_seen_[node] = clock_.now();
    reporter->second.sequence = observed->sequence;
    world_.set_node(node, std::move(*observed));
  }
  co_await exchange.respond(204, {}, "");
}

Task<void> AgentHub::take_logs(HttpExchange& exchange, NodeId node) {
  auto body = co_await exchange.read_body(kMaxLogBytes);
  Status stored =
      body ? co_await logs_.append(node.str(), std::move(*body)) : Status(fail(body.error()));
  if (!stored) {
    co_await refuse(exchange, stored.error());
    co_return;
  }
  co_await exchange.respond(200, {}, "");
}

Task<void> AgentHub::send_cursors(HttpExchange& exchange, NodeId node) {
  auto cursors = co_await logs_.cursors(node.str());
  if (!cursors) {
    co_await refuse(exchange, cursors.error());
    co_return;
  }
  co_await exchange.respond(200, {{"Content-Type", "application/json"}}, std::move(*cursors));
}

}  // namespace croft
