// Logs, events and exec sessions: what stays open.
#include <fmt/format.h>

#include <boost/json.hpp>
#include <deque>

#include "engine/docker/container_json.h"
#include "engine/docker/docker_engine.h"
#include "engine/docker/frames.h"

namespace croft::engine {

namespace json = boost::json;

namespace {

constexpr std::size_t kReadBytes = 32u << 10;

// The engine writes such a cursor as seconds.nanoseconds.
std::string seconds_text(std::int64_t ns) {
  return fmt::format("{}.{:09}", ns / 1'000'000'000, ns % 1'000'000'000);
}

class DockerLogStream final : public LogStream {
 public:
  DockerLogStream(std::unique_ptr<ByteSource> body, bool tty) : body_(std::move(body)), tty_(tty) {}

  Task<Result<std::optional<LogFrame>>> next() override {
    while (frames_.empty() && !ended_) {
      auto piece = co_await body_->next();
      if (!piece) co_return fail(std::move(piece).error().in("read a container's log"));
      if (!*piece) {
        ended_ = true;
        if (auto rest = raw_.finish()) frames_.push_back(std::move(*rest));
        break;
      }
      CROFT_CO_TRY(take(**piece));
    }
    if (frames_.empty()) co_return std::nullopt;
    LogFrame frame = std::move(frames_.front());
    frames_.pop_front();
    co_return frame;
  }

 private:
  Status take(const std::string& piece) {
    std::vector<LogFrame> frames;
    if (tty_) {
      raw_.feed(piece, frames);
    } else {
      std::vector<Output> outputs;
      CROFT_TRY(multiplexed_.feed(piece, outputs));
      for (Output& output : outputs) frames.push_back(parse_log_frame(std::move(output)));
    }
    std::move(frames.begin(), frames.end(), std::back_inserter(frames_));
    return {};
  }

  std::unique_ptr<ByteSource> body_;
  bool tty_;
  bool ended_ = false;
  FrameParser multiplexed_;
  RawLogParser raw_;
  std::deque<LogFrame> frames_;
};

class DockerEventStream final : public EventStream {
 public:
  DockerEventStream(std::unique_ptr<ByteSource> body, std::int64_t since_ns)
      : body_(std::move(body)), since_ns_(since_ns) {}

  Task<Result<Event>> next() override {
    while (true) {
      const std::size_t end = text_.find('\n');
      if (end == std::string::npos) {
        auto piece = co_await body_->next();
        if (!piece) co_return fail(std::move(piece).error().in("follow the engine's events"));
        if (!*piece) {
          co_return fail(ErrorCode::kUnavailable, "the engine ended its stream of events");
        }
        text_ += **piece;
        if (text_.size() > kMaxTextBytes) {
          co_return fail(ErrorCode::kFailed, "an event of the engine is too long");
        }
        continue;
      }
      boost::system::error_code error;
      const json::value parsed = json::parse(text_.substr(0, end), error);
      text_.erase(0, end + 1);
      if (error) continue;
      Event event = event_from_json(parsed);
      // The engine's cursor includes the event that it points at.
      if (event.time_ns > since_ns_) co_return event;
    }
  }

 private:
  static constexpr std::size_t kMaxTextBytes = 4u << 20;
  std::unique_ptr<ByteSource> body_;
  std::int64_t since_ns_;
  std::string text_;
};

class DockerExecSession final : public ExecSession {
 public:
  DockerExecSession(DockerApi& api, std::string id, std::unique_ptr<ByteStream> stream, bool tty)
      : api_(api), id_(std::move(id)), stream_(std::move(stream)), tty_(tty) {}

  Task<Result<std::optional<Output>>> read() override {
    while (outputs_.empty()) {
      auto data = co_await stream_->read_some(kReadBytes, kNoLimit);
      if (!data) co_return fail(std::move(data).error().in("read from a process in a container"));
      if (data->empty()) {
        if (multiplexed_.at_boundary()) co_return std::nullopt;
        co_return fail(ErrorCode::kUnavailable, "the engine cut the output of a process");
      }
      if (tty_) co_return Output{OutputSource::kStdout, std::move(*data)};
      std::vector<Output> outputs;
      CROFT_CO_TRY(multiplexed_.feed(*data, outputs));
      std::move(outputs.begin(), outputs.end(), std::back_inserter(outputs_));
    }
    Output output = std::move(outputs_.front());
    outputs_.pop_front();
    co_return output;
  }

  Task<Status> write(std::string data, Millis limit) override {
    return stream_->write_all(std::move(data), limit);
  }

  Task<Status> close_stdin() override { return stream_->shutdown_write(); }

  Task<Status> resize(std::uint16_t rows, std::uint16_t columns, Millis limit) override {
    if (!tty_ || rows == 0 || columns == 0) {
      co_return fail(ErrorCode::kInvalid,
                     "a terminal has 1 to 65535 rows and columns, and only a process that was "
                     "started with one has a terminal");
    }
    ApiCall call("POST", fmt::format("/exec/{}/resize", id_), "resize a terminal");
    call.query.add("h", std::to_string(rows)).add("w", std::to_string(columns));
    const Deadline deadline(limit);
    // The process may start a moment after its stream is open; until then the engine knows no
    // terminal.
    constexpr int kAttempts = 20;
    for (int attempt = 1;; ++attempt) {
      const auto answer = co_await api_.send(call, deadline);
      if (answer) co_return Status();
      const bool last = attempt == kAttempts || deadline.remaining() == Millis(0);
      if (last || answer.error().code() == ErrorCode::kUnavailable) {
        co_return fail(Error(answer.error()));
      }
      co_await sleep_for(Millis(25));
    }
  }

  Task<Result<int>> exit_code(Millis limit) override {
    const ApiCall call("GET", fmt::format("/exec/{}/json", id_), "look at a process");
    const Deadline deadline(limit);
    while (true) {
      const auto answer = co_await api_.send(call, deadline);
      if (!answer) co_return fail(Error(answer.error()));
      const JsonView view(*answer);
      if (!view["Running"].flag() && view["ExitCode"].present()) {
        co_return static_cast<int>(view["ExitCode"].integer());
      }
      // The stream ends a moment before the engine has the exit code.
      if (deadline.remaining() == Millis(0)) {
        co_return fail(ErrorCode::kConflict, "the process in the container still runs");
      }
      co_await sleep_for(std::min(Millis(20), deadline.remaining()));
    }
  }

 private:
  DockerApi& api_;
  std::string id_;
  std::unique_ptr<ByteStream> stream_;
  bool tty_;
  FrameParser multiplexed_;
  std::deque<Output> outputs_;
};

Query log_query(const LogOptions& options) {
  Query query;
  query.add("timestamps", "1");
  if (options.want_stdout) query.add("stdout", "1");
  if (options.want_stderr) query.add("stderr", "1");
  if (options.follow) query.add("follow", "1");
  if (options.since_ns) query.add("since", seconds_text(*options.since_ns));
  if (options.until_ns) query.add("until", seconds_text(*options.until_ns));
  query.add("tail", options.tail ? std::to_string(*options.tail) : "all");
  return query;
}

}  // namespace

Answer<std::unique_ptr<LogStream>> DockerEngine::container_logs(std::string id, LogOptions options,
                                                                Millis limit) {
  const Deadline deadline(limit);
  const auto container = co_await inspect_container(id, deadline.remaining());
  if (!container) co_return fail(Error(container.error()));
  ApiCall call("GET", fmt::format("/containers/{}/logs", percent_encode(id)),
               fmt::format("read the log of container {}", id));
  call.query = log_query(options);
  auto stream = co_await api_.open(call, deadline);
  if (!stream) co_return fail(std::move(stream).error());
  co_return std::make_unique<DockerLogStream>(std::move(*stream), container->tty);
}

Answer<std::unique_ptr<EventStream>> DockerEngine::events(std::optional<std::int64_t> since_ns,
                                                          Millis limit) {
  ApiCall call("GET", "/events", "follow the engine's events");
  if (since_ns) call.query.add("since", seconds_text(*since_ns));
  auto stream = co_await api_.open(call, Deadline(limit));
  if (!stream) co_return fail(std::move(stream).error());
  co_return std::make_unique<DockerEventStream>(std::move(*stream), since_ns.value_or(0));
}

Answer<std::unique_ptr<ExecSession>> DockerEngine::exec(std::string id, const ExecSpec& spec,
                                                        Millis limit) {
  const Deadline deadline(limit);
  const std::string what = fmt::format("run a process in container {}", id);
  ApiCall create("POST", fmt::format("/containers/{}/exec", percent_encode(id)), what);
  create.body = json::serialize(exec_to_json(spec));
  const auto created = co_await api_.send(create, deadline);
  if (!created) co_return fail(Error(created.error()));
  const std::string exec_id = JsonView(*created)["Id"].text();
  ApiCall start("POST", fmt::format("/exec/{}/start", exec_id), what);
  start.body = json::serialize(json::object{{"Detach", false}, {"Tty", spec.tty}});
  auto stream = co_await api_.hijack(start, deadline);
  if (!stream) co_return fail(std::move(stream).error());
  auto session = std::make_unique<DockerExecSession>(api_, exec_id, std::move(*stream), spec.tty);
  if (spec.tty && spec.rows > 0 && spec.columns > 0) {
    // A process that ended at once has no terminal any more: its output still counts.
    co_await session->resize(spec.rows, spec.columns, deadline.remaining());
  }
  co_return session;
}

}  // namespace croft::engine
