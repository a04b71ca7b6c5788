// What agents send of container logs, into the log store; and the store's regular clean-up.
#pragma once

#include <functional>
#include <memory>

#include "daemon/agent_hub.h"
#include "logs/log_store.h"

namespace croft {

class LogSink final : public AgentLogs {
 public:
  explicit LogSink(std::unique_ptr<LogStore> store) : store_(std::move(store)) {}

  Task<Status> append(std::string node, std::string ndjson) override {
    // Not taken is not lost: the agent keeps its place and sends it again.
    if (const Status writable = may_write_ ? may_write_() : Status(); !writable) {
      co_return writable;
    }
    co_return co_await store_->append_ndjson(std::move(node), std::move(ndjson));
  }
  Task<Result<std::string>> cursors(std::string node) override {
    return store_->cursors_json(std::move(node));
  }

  // Asked before each append; null: always.
  void set_may_write(std::function<Status()> may_write) { may_write_ = std::move(may_write); }
  LogStore& store() { return *store_; }
  // Applies the limits now and every few minutes, for ever.
  Task<void> keep_within_limits();

 private:
  std::unique_ptr<LogStore> store_;
  std::function<Status()> may_write_;
};

}  // namespace croft
