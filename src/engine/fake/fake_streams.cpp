// Logs, events and exec sessions of the fake.
#include <algorithm>

#include "engine/fake/fake_call.h"
#include "engine/fake/fake_engine.h"

namespace croft::engine {
namespace {

bool wanted(const LogOptions& options, const LogFrame& frame) {
  const bool of_source =
      frame.source == OutputSource::kStdout ? options.want_stdout : options.want_stderr;
  return of_source && (!options.since_ns || frame.time_ns >= *options.since_ns) &&
         (!options.until_ns || frame.time_ns < *options.until_ns);
}

class FakeLogStream final : public LogStream {
 public:
  FakeLogStream(FakeCluster& cluster, std::string container_id, LogOptions options)
      : cluster_(cluster), container_id_(std::move(container_id)), options_(options) {
    const std::vector<LogFrame>& log = cluster_.find_container(container_id_)->log;
    if (!options_.follow) end_ = log.size();
    if (!options_.tail) return;
    std::uint64_t left = *options_.tail;
    next_ = log.size();
    while (next_ > 0 && left > 0) {
      if (wanted(options_, log[--next_])) --left;
    }
  }

  Task<Result<std::optional<LogFrame>>> next() override {
    while (true) {
      const FakeContainer* container = cluster_.find_container(container_id_);
      if (container == nullptr) co_return std::nullopt;
      const std::size_t end = std::min(end_, container->log.size());
      while (next_ < end) {
        const LogFrame frame = container->log[next_++];
        if (wanted(options_, frame)) co_return frame;
      }
      const bool runs = container->info.state == ContainerInfo::State::kRunning;
      if (!options_.follow || !runs) co_return std::nullopt;
      co_await cluster_.schedule.wait_for_change();
    }
  }

 private:
  FakeCluster& cluster_;
  std::string container_id_;
  LogOptions options_;
  std::size_t next_ = 0;
  std::size_t end_ = static_cast<std::size_t>(-1);  // of a log that is not followed
};

class FakeEventStream final : public EventStream {
 public:
  FakeEventStream(FakeCluster& cluster, std::string node_id, std::optional<std::int64_t> since_ns)
      : cluster_(cluster), node_id_(std::move(node_id)) {
    next_ = cluster_.events_dropped;
    if (!since_ns) next_ += cluster_.events.size();
    since_ns_ = since_ns.value_or(0);
  }

  Task<Result<Event>> next() override {
    while (true) {
      if (!cluster_.node(node_id_).reachable) {
        co_return fail(ErrorCode::kUnavailable, "the engine ended its stream of events");
      }
      next_ = std::max(next_, cluster_.events_dropped);
      while (next_ - cluster_.events_dropped < cluster_.events.size()) {
        const FakeEvent& one = cluster_.events[next_++ - cluster_.events_dropped];
        const bool mine =
            one.node == node_id_ || (one.node.empty() && cluster_.node(node_id_).info.manager);
        if (mine && one.event.time_ns > since_ns_) co_return one.event;
      }
      co_await cluster_.schedule.wait_for_change();
    }
  }

 private:
  FakeCluster& cluster_;
  std::string node_id_;
  std::uint64_t next_ = 0;  // counted over all events there ever were
  std::int64_t since_ns_ = 0;
};

class FakeExecSession final : public ExecSession {
 public:
  FakeExecSession(FakeCluster& cluster, std::string container_id, FakeExec behaviour, ExecSpec spec)
      : cluster_(cluster),
        container_id_(std::move(container_id)),
        behaviour_(std::move(behaviour)),
        spec_(std::move(spec)),
        input_open_(behaviour_.echoes_input && spec_.stdin_open) {
    outputs_.assign(behaviour_.output.begin(), behaviour_.output.end());
  }

  Task<Result<std::optional<Output>>> read() override {
    while (outputs_.empty() && runs()) co_await cluster_.schedule.wait_for_change();
    if (outputs_.empty()) co_return std::nullopt;
    Output output = std::move(outputs_.front());
    outputs_.pop_front();
    co_return output;
  }

  Task<Status> write(std::string data, Millis) override {
    if (!runs()) co_return fail(ErrorCode::kUnavailable, "the process in the container has ended");
    if (spec_.tty && data.find('\x04') != std::string::npos) input_open_ = false;
    if (!spec_.tty && behaviour_.echoes_input) {
      outputs_.push_back({OutputSource::kStdout, std::move(data)});
    }
    cluster_.schedule.changed();
    co_return Status();
  }

  Task<Status> close_stdin() override {
    input_open_ = false;
    cluster_.schedule.changed();
    co_return Status();
  }

  Task<Status> resize(std::uint16_t rows, std::uint16_t columns, Millis) override {
    if (!spec_.tty || rows == 0 || columns == 0) {
      co_return fail(ErrorCode::kInvalid, "only a process with a terminal has rows and columns");
    }
    spec_.rows = rows;
    spec_.columns = columns;
    co_return Status();
  }

  Task<Result<int>> exit_code(Millis) override {
    if (runs()) co_return fail(ErrorCode::kConflict, "the process in the container still runs");
    const FakeContainer* container = cluster_.find_container(container_id_);
    const bool killed =
        container == nullptr || container->info.state != ContainerInfo::State::kRunning;
    co_return killed ? 137 : behaviour_.exit_code;
  }

 private:
  // A process that reads its input runs until that is closed, or its container ends.
  bool runs() const {
    const FakeContainer* container = cluster_.find_container(container_id_);
    return input_open_ && container != nullptr &&
           container->info.state == ContainerInfo::State::kRunning;
  }

  FakeCluster& cluster_;
  std::string container_id_;
  FakeExec behaviour_;
  ExecSpec spec_;
  bool input_open_;
  std::deque<Output> outputs_;
};

}  // namespace

Answer<std::unique_ptr<LogStream>> FakeEngine::container_logs(std::string id, LogOptions options,
                                                              Millis limit) {
  return fake_call(cluster_, {client_, node_id_, "container_logs", id}, limit,
                   [this, id, options]() -> Result<std::unique_ptr<LogStream>> {
                     const auto found = container(id, "read the log of container");
                     if (!found) return fail(Error(found.error()));
                     return std::make_unique<FakeLogStream>(cluster_, (*found)->info.id, options);
                   });
}

Answer<std::unique_ptr<EventStream>> FakeEngine::events(std::optional<std::int64_t> since_ns,
                                                        Millis limit) {
  return fake_call(cluster_, {client_, node_id_, "events", ""}, limit,
                   [this, since_ns]() -> Result<std::unique_ptr<EventStream>> {
                     return std::make_unique<FakeEventStream>(cluster_, node_id_, since_ns);
                   });
}

Answer<std::unique_ptr<ExecSession>> FakeEngine::exec(std::string id, const ExecSpec& spec,
                                                      Millis limit) {
  return fake_call(
      cluster_, {client_, node_id_, "exec", id}, limit,
      [this, id, &spec]() -> Result<std::unique_ptr<ExecSession>> {
        const auto found = container(id, "run a process in container");
        if (!found) return fail(Error(found.error()));
        if ((*found)->info.state != ContainerInfo::State::kRunning) {
          return fail(ErrorCode::kConflict,
                      fmt::format("run a process in container {}: it is not running", id));
        }
        const FakeBehaviour& behaviour = cluster_.behaviour;
        FakeExec process = behaviour.exec ? behaviour.exec((*found)->settings, spec) : FakeExec();
        return std::make_unique<FakeExecSession>(cluster_, (*found)->info.id, std::move(process),
                                                 spec);
      });
}

}  // namespace croft::engine
