// The control plane's side of the agent protocol (docs/architecture.md): hands out desired state,
// takes reports and log lines. Reached over a unix socket that only root may open; agents of other
// machines will come in by mutual TLS.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "model/node_state.h"
#include "net/http_exchange.h"
#include "reconcile/world.h"
#include "task/signal.h"
#include "task/task.h"

namespace croft {

// Takes over what agents send; each returns when it is durable.
class AgentLogs {
 public:
  virtual ~AgentLogs() = default;
  // NDJSON as in the protocol.
  virtual Task<Status> append(std::string node, std::string ndjson) = 0;
  // A JSON list of LogCursor (model/log_record.h).
  virtual Task<Result<std::string>> cursors(std::string node) = 0;
};

class AgentHub final : public HttpHandler {
 public:
  AgentHub(Runtime& runtime, const Clock& clock, World& world, AgentLogs& logs);

  // Sends `desired` to the node's agent now, and to whichever agent of it connects later.
  void publish(const NodeId& node, NodeDesired desired);

  // When each node's agent last reported, since this program started.
  const std::map<NodeId, Timestamp>& last_seen() const { return last_seen_; }
  std::optional<Timestamp> last_seen(const NodeId& node) const;

  Task<void> handle(HttpExchange& exchange) override;

 private:
  struct Subscriber {
    NodeId node;
    std::unique_ptr<Signal> wake;
  };

  Task<void> stream_desired(HttpExchange& exchange, NodeId node);
  Task<void> take_observed(HttpExchange& exchange, NodeId node);
  Task<void> take_logs(HttpExchange& exchange, NodeId node);
  Task<void> send_cursors(HttpExchange& exchange, NodeId node);

  // The agent that connected last, and its newest report: that of now, or the one that it had when
  // it connected, because what it sent to a croftd before this one may still come.
  struct Reporter {
    std::string life;
    std::int64_t sequence = 0;
  };

  Runtime& runtime_;
  const Clock& clock_;
  World& world_;
  AgentLogs& logs_;
  std::map<NodeId, NodeDesired> desired_;
  std::map<NodeId, Reporter> reporters_;
  std::map<NodeId, Timestamp> last_seen_;
  std::vector<Subscriber*> subscribers_;
};

}  // namespace croft
