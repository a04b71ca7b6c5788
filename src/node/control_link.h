// The agent's side of the agent protocol (docs/architecture.md): desired state comes, reports go.
#pragma once

#include <functional>
#include <string>

#include "model/node_state.h"
#include "net/http_client.h"
#include "node/outgoing_report.h"
#include "task/group.h"
#include "task/signal.h"

namespace croft::node {

class ControlLink {
 public:
  using OnDesired = std::function<void(NodeDesired)>;

  // `life`: different at every start of the agent; with it and a number every report says whether
  // it is older than another. Told when connecting, as the generation is.
  ControlLink(Runtime& runtime, HttpEndpoint control, std::string node_id, std::string life,
              OnDesired on_desired);
  ControlLink(const ControlLink&) = delete;

  void start(std::int64_t generation);
  // Sends a report now, and again every 5 s; only the latest is sent.
  void report(NodeObserved observed);

  // Ends all tasks. Call it before destruction.
  Task<void> stop();

 private:
  Task<void> receive();
  Task<void> receive_once();
  Task<void> send();

  Runtime& runtime_;
  HttpEndpoint control_;
  std::string node_id_;
  OutgoingReport report_;
  OnDesired on_desired_;
  Group group_;
  Signal to_send_;
  bool stopping_ = false;
  bool connected_ = false;
  std::int64_t generation_ = 0;
};

}  // namespace croft::node
