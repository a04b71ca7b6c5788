// What agents send of container logs, into the log store; and the store's regular clean-up.
#pragma once

#include <memory>

#include "daemon/agent_hub.h"
#include "logs/log_store.h"

namespace croft {

class LogSink final : public AgentLogs {
 public:
  explicit LogSink(std::unique_ptr<LogStore> store) : store_(std::move(store)) {}

  Task<Status> append(std::string node, std::string ndjson) override {
    return store_->append_ndjson(std::move(node), std::move(ndjson));
  }
  Task<Result<std::string>> cursors(std::string node) override {
    return store_->cursors_json(std::move(node));
  }

  LogStore& store() { return *store_; }
  // Applies the limits now and every few minutes, for ever.
  Task<void> keep_within_limits();

 private:
  std::unique_ptr<LogStore> store_;
};

}  // namespace croft
