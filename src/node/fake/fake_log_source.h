// Containers that print, in memory, with an engine that may break its streams.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "node/log_source.h"
#include "task/signal.h"

namespace croft::node {

class FakeLogSource final : public LogSource {
 public:
  explicit FakeLogSource(Runtime& runtime) : runtime_(runtime) {}

  Task<Result<std::vector<LogContainer>>> list() override;
  Task<Result<std::unique_ptr<engine::LogStream>>> open(
      std::string id, std::optional<std::int64_t> since_ns) override;

  void add(LogContainer container);
  void print(const std::string& id, engine::LogFrame frame);
  // It ends: open streams end after its last frame.
  void end(const std::string& id);
  void remove(const std::string& id);
  // Every open stream fails, as when the engine restarts.
  void break_streams();
  // Calls fail with kUnavailable while it is not.
  void set_available(bool available) { available_ = available; }
  int opened() const { return opened_; }

 private:
  friend class FakeLogStream;
  struct Container {
    LogContainer info;
    std::vector<engine::LogFrame> frames;
    bool removed = false;
  };

  void wake_all();

  Runtime& runtime_;
  std::map<std::string, std::shared_ptr<Container>> containers_;
  std::set<Signal*> readers_;
  int generation_ = 0;  // of the engine: streams of an older one are broken
  int opened_ = 0;
  bool available_ = true;
};

}  // namespace croft::node
