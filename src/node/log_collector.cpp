#include "node/log_collector.h"

#include <algorithm>

#include "base/log.h"

namespace croft::node {
namespace {

constexpr std::size_t kMaxQueueLines = 10'000;
constexpr std::size_t kMaxQueueBytes = 8u << 20;
constexpr std::size_t kBatchLines = 1000;
constexpr std::size_t kBatchBytes = 512u << 10;
constexpr Millis kRoomPeriod{20};

}  // namespace

LogCollector::LogCollector(Runtime& runtime, LogSource& source, LogSink& sink,
                           std::filesystem::path cursors, LogCollectorOptions options)
    : source_(source),
      sink_(sink),
      cursors_(std::move(cursors)),
      options_(options),
      wake_(runtime),
      queued_signal_(runtime),
      group_(runtime) {}

LogCollector::~LogCollector() = default;

Task<void> LogCollector::run() {
  co_await load_cursors();
  group_.spawn("send log lines", send_batches());
  co_await group_.run(watch_containers());
  save_cursors(true);
}

void LogCollector::stop() {
  stopping_ = true;
  wake_.notify();
  group_.cancel();
}

// Without the file everything would be read again from the containers' starts; the store would drop
// it, but asking it is cheaper. When it does not answer, that is what happens.
Task<void> LogCollector::load_cursors() {
  if (cursors_.load()) co_return;
  const auto cursors = co_await sink_.cursors();
  if (cursors) {
    cursors_.add(*cursors);
  } else {
    log_warning("the control plane does not tell its log cursors; logs are read from their start",
                {{"error", cursors.error().describe()}});
  }
}

Task<void> LogCollector::watch_containers() {
  bool complained = false;
  while (!stopping_) {
    auto containers = co_await source_.list();
    if (stopping_) co_return;
    if (containers) {
      update(std::move(*containers));
      complained = false;
    } else if (!complained) {
      log_warning("cannot list containers for their logs; trying again",
                  {{"error", containers.error().describe()}});
      complained = true;
    }
    co_await wake_.wait_for(options_.list_period);
  }
}

void LogCollector::update(std::vector<LogContainer> containers) {
  std::map<std::string, LogContainer> now;
  for (LogContainer& each : containers) now.insert_or_assign(each.id, std::move(each));
  for (auto it = followed_.begin(); it != followed_.end();) {
    if (it->second.ended && !now.contains(it->first)) {
      cursors_.forget(it->first);
      unsaved_ = true;
      it = followed_.erase(it);
    } else {
      ++it;
    }
  }
  for (auto& [id, container] : now) {
    const auto known = followed_.find(id);
    if (known == followed_.end()) {
      followed_.emplace(id, Followed{.container = std::move(container)});
      group_.spawn("logs of " + id, follow(id));
    } else {
      // A container that ran again after its end prints again.
      const bool again = known->second.ended && container.running;
      known->second.container = std::move(container);
      if (!again) continue;
      known->second.ended = false;
      group_.spawn("logs of " + id, follow(id));
    }
  }
  // One that vanished while it was read: its follower sees that by itself.
  for (auto& [id, followed] : followed_) {
    if (!now.contains(id)) followed.container.running = false;
  }
}

// Reads until everything was read in a reading that began when the container had ended already.
Task<void> LogCollector::follow(std::string id) {
  while (!stopping_) {
    const bool was_running = followed_.at(id).container.running;
    const bool whole = co_await read_once(id);
    if (stopping_) co_return;
    if (whole && !was_running) break;
    co_await sleep_for(options_.retry_delay);
  }
  if (const auto it = followed_.find(id); it != followed_.end()) it->second.ended = true;
  queued_.erase(id);
}

// One stream from the engine. True when it came to its regular end, or the container is gone.
Task<bool> LogCollector::read_once(std::string id) {
  // What is read and waits in the queue counts as read, or it would be read twice.
  if (const auto in_queue = queued_.find(id); in_queue == queued_.end()) {
    queued_[id] = cursors_.positions(id);
  }
  LogCursors reached{std::filesystem::path()};
  LogPositions from = queued_[id];
  for (std::size_t i = 0; i < from.size(); ++i) {
    if (from[i].ts < 0) continue;
    reached.add({{.container = id,
                  .stream = static_cast<LogStream>(i),
                  .ts = from[i].ts,
                  .seq = from[i].seq}});
  }
  LogLines lines(followed_.at(id).container, from);
  auto stream = co_await source_.open(id, reached.since(id));
  if (!stream) co_return stream.error().code() == ErrorCode::kNotFound;
  for (;;) {
    auto frame = co_await (*stream)->next();
    if (stopping_) co_return false;
    if (!frame) co_return false;
    std::vector<LogRecord> records;
    if (*frame) {
      lines.take(**frame, records);
    } else {
      lines.finish(records);
    }
    const bool pushed = co_await push(std::move(records));
    if (!pushed) co_return false;
    if (!*frame) co_return true;
  }
}

bool LogCollector::queue_full() const {
  return queue_.size() >= kMaxQueueLines || queue_bytes_ >= kMaxQueueBytes;
}

// False when stopped meanwhile.
Task<bool> LogCollector::push(std::vector<LogRecord> records) {
  if (records.empty()) co_return true;
  while (queue_full() && !stopping_) co_await sleep_for(kRoomPeriod);
  if (stopping_) co_return false;
  for (LogRecord& record : records) {
    LogPosition& at = queued_[record.container][static_cast<std::size_t>(record.stream)];
    at = std::max(at, record.position());
    queue_bytes_ += record.line.size();
    queue_.push_back(std::move(record));
  }
  queued_signal_.notify();
  co_return true;
}

Task<void> LogCollector::send_batches() {
  while (!stopping_) {
    if (queue_.empty()) {
      co_await queued_signal_.wait_for(options_.save_period);
      if (queue_.empty()) {
        save_cursors(false);
        continue;
      }
    }
    if (queue_.size() < kBatchLines) co_await sleep_for(options_.linger);
    if (stopping_) co_return;
    co_await deliver(take_batch());
    save_cursors(false);
  }
}

std::vector<LogRecord> LogCollector::take_batch() {
  std::vector<LogRecord> batch;
  std::size_t bytes = 0;
  while (!queue_.empty() && batch.size() < kBatchLines && bytes < kBatchBytes) {
    bytes += queue_.front().line.size();
    batch.push_back(std::move(queue_.front()));
    queue_.pop_front();
  }
  queue_bytes_ -= bytes;
  return batch;
}

// Again and again until it is stored.
Task<void> LogCollector::deliver(std::vector<LogRecord> batch) {
  Millis delay = options_.send_retry_delay;
  bool complained = false;
  while (!stopping_) {
    const auto done = co_await sink_.store(batch);
    if (done) {
      stored(batch);
      co_return;
    }
    if (done.error().code() == ErrorCode::kInvalid || done.error().code() == ErrorCode::kTooLarge) {
      if (batch.size() > 1) {
        co_await deliver_singly(std::move(batch));
        co_return;
      }
      log_error("a log line is refused and left out",
                {{"container", batch.front().container}, {"error", done.error().describe()}});
      stored(batch);
      co_return;
    }
    if (!complained) {
      log_warning("log lines wait: the control plane does not take them",
                  {{"error", done.error().describe()}});
      complained = true;
    }
    co_await sleep_for(delay);
    delay = std::min(delay * 2, options_.send_retry_delay * 10);
  }
}

Task<void> LogCollector::deliver_singly(std::vector<LogRecord> batch) {
  for (LogRecord& record : batch) {
    std::vector<LogRecord> one;
    one.push_back(std::move(record));
    co_await deliver(std::move(one));
    if (stopping_) co_return;
  }
}

void LogCollector::stored(const std::vector<LogRecord>& records) {
  for (const LogRecord& record : records) cursors_.advance(record);
  unsaved_ = true;
}

void LogCollector::save_cursors(bool now) {
  if (!unsaved_ || (!now && clock_.steady() - last_save_ < options_.save_period)) return;
  last_save_ = clock_.steady();
  const auto saved = cursors_.save();
  if (!saved) {
    log_warning("cannot save the log cursors", {{"error", saved.error().describe()}});
    return;
  }
  unsaved_ = false;
}

}  // namespace croft::node
