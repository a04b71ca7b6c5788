// Follows the output of this node's containers and brings it to the control plane: every line
// once, also over restarts of the collector, the engine and the control plane. Memory is bounded:
// while the control plane does not answer, lines stay in the engine's files.
//
// What can be lost: lines of a container that is removed before they were read, lines the engine
// rotated away meanwhile, and lines printed while the machine's clock was set back, if the engine's
// stream broke in that time.
#pragma once

#include <deque>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "node/log_cursors.h"
#include "node/log_sink.h"
#include "node/log_source.h"
#include "task/group.h"
#include "task/signal.h"

namespace croft::node {

struct LogCollectorOptions {
  Millis list_period{1000};      // how soon a new container is seen
  Millis retry_delay{500};       // after a broken stream
  Millis send_retry_delay{500};  // after a failed delivery, doubled up to ten times as much
  Millis linger{100};            // collecting a batch
  Millis save_period{1000};      // of the file of cursors, at most so often
};

class LogCollector {
 public:
  LogCollector(Runtime& runtime, LogSource& source, LogSink& sink, std::filesystem::path cursors,
               LogCollectorOptions options = {});
  ~LogCollector();
  LogCollector(const LogCollector&) = delete;

  // Until stop(); then the cursors are saved.
  Task<void> run();
  void stop();
  // Look for new containers now.
  void wake() { wake_.notify(); }

 private:
  struct Followed {
    LogContainer container;
    bool ended = false;  // its follower is done: nothing more will come
  };

  Task<void> load_cursors();
  Task<void> watch_containers();
  void update(std::vector<LogContainer> containers);
  Task<void> follow(std::string id);
  Task<bool> read_once(std::string id);
  Task<bool> push(std::vector<LogRecord> records);
  Task<void> send_batches();
  std::vector<LogRecord> take_batch();
  Task<void> deliver(std::vector<LogRecord> batch);
  Task<void> deliver_singly(std::vector<LogRecord> batch);
  void stored(const std::vector<LogRecord>& records);
  void save_cursors(bool now);
  bool queue_full() const;

  LogSource& source_;
  LogSink& sink_;
  LogCursors cursors_;
  LogCollectorOptions options_;
  bool stopping_ = false;
  bool unsaved_ = false;
  Millis last_save_{0};
  SystemClock clock_;
  std::map<std::string, Followed> followed_;
  std::map<std::string, LogPositions> queued_;  // read and not yet stored included
  std::deque<LogRecord> queue_;
  std::size_t queue_bytes_ = 0;
  Signal wake_;
  Signal queued_signal_;
  Group group_;
};

}  // namespace croft::node
