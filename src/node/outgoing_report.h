// The latest report of an agent, as the agent protocol wants it: numbered within the agent's life,
// with a new number only when it says something new.
#pragma once

#include <string>

#include "model/node_state.h"

namespace croft::node {

class OutgoingReport {
 public:
  // `life`: different at every start of the agent.
  explicit OutgoingReport(std::string life) : life_(std::move(life)) {}

  const std::string& life() const { return life_; }
  // Of the latest report; 0: none yet.
  std::int64_t sequence() const { return latest_.sequence; }
  // Takes what is observed now, whatever it says of life and number; whether it differs from the
  // one before.
  bool set(NodeObserved observed);
  // As it is to be sent; empty: none yet.
  const std::string& body() const { return body_; }

 private:
  std::string life_;
  NodeObserved latest_;
  std::string body_;  // the same
};

}  // namespace croft::node
