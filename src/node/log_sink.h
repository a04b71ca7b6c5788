// Where the collector brings lines: the control plane.
#pragma once

#include <string>
#include <vector>

#include "model/log_record.h"
#include "net/http_client.h"
#include "task/task.h"

namespace croft::node {

class LogSink {
 public:
  virtual ~LogSink() = default;
  // On success the records are durable. kInvalid and kTooLarge: it will never take them.
  virtual Task<Status> store(std::vector<LogRecord> records) = 0;
  // What it holds of this node's containers.
  virtual Task<Result<std::vector<LogCursor>>> cursors() = 0;
};

// By the agent protocol.
class AgentLogSink final : public LogSink {
 public:
  AgentLogSink(Runtime& runtime, HttpEndpoint control_plane, std::string node_id);

  Task<Status> store(std::vector<LogRecord> records) override;
  Task<Result<std::vector<LogCursor>>> cursors() override;

 private:
  HttpClient client_;
  std::string node_id_;
};

}  // namespace croft::node
