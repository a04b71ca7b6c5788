// An edge in memory.
#pragma once

#include <string>

#include "edge/edge.h"

namespace croft {

class FakeEdge final : public Edge {
 public:
  Task<Status> apply(std::string config, Millis limit) override;
  Task<Result<std::string>> current(Millis limit) override;

  // As if it were down: calls fail with kUnavailable. What it works by stays.
  void set_available(bool available) { available_ = available; }
  // How often a configuration took the place of a different one.
  int changes() const { return changes_; }

 private:
  std::string config_;
  bool available_ = true;
  int changes_ = 0;
};

}  // namespace croft
