// What flows out of the engine: log frames, events, and sessions of processes in containers.
// Destroying a stream ends it; cancelling the task that waits in it ends the wait.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "base/result.h"
#include "engine/container.h"
#include "task/task.h"

namespace croft::engine {

enum class OutputSource : std::uint8_t { kStdout, kStderr };  // everything on a terminal is stdout

struct Output {
  OutputSource source = OutputSource::kStdout;
  std::string data;
  bool operator==(const Output&) const = default;
};

struct LogOptions {
  bool follow = false;
  std::optional<std::int64_t> since_ns;  // frames at or after it; nanoseconds since 1970
  std::optional<std::int64_t> until_ns;
  std::optional<std::uint64_t> tail;  // only the last n frames; nullopt: all
  bool want_stdout = true;
  bool want_stderr = true;
};

// One write of the container as the log driver stored it: a line, or a piece of a line longer than
// the driver's 16 KiB.
struct LogFrame {
  OutputSource source = OutputSource::kStdout;
  std::int64_t time_ns = 0;  // when the engine read it; 0 when it did not say
  std::string text;          // without its line end
  bool complete = true;      // false: the line goes on in the next frame of the same source
  bool operator==(const LogFrame&) const = default;
};

class LogStream {
 public:
  virtual ~LogStream() = default;
  // nullopt at the end: of the log, or with `follow` when the container is gone.
  virtual Task<Result<std::optional<LogFrame>>> next() = 0;
};

struct Event {
  enum class Kind : std::uint8_t { kContainer, kService, kNode, kNetwork, kVolume, kImage, kOther };
  enum class Action : std::uint8_t {
    kCreate,
    kStart,
    kKill,
    kOom,
    kDie,
    kStop,
    kHealth,
    kUpdate,
    kRemove,
    kConnect,
    kDisconnect,
    kOther,
  };
  Kind kind = Kind::kOther;
  Action action = Action::kOther;
  std::string raw_action;  // as the engine named it, such as "health_status: healthy"
  std::string id;          // of the object; for a volume its name
  std::string name;
  std::map<std::string, std::string> attributes;  // labels among them
  std::optional<int> exit_code;                   // kDie
  std::optional<int> signal;                      // kKill
  std::int64_t time_ns = 0;                       // cursor for events(since_ns)
};

class EventStream {
 public:
  virtual ~EventStream() = default;
  // Waits for the next event. kUnavailable when the engine went away: open a new stream from the
  // last cursor and look at everything again, events in between may be lost.
  virtual Task<Result<Event>> next() = 0;
};

struct ExecSpec {
  Strings command;
  std::map<std::string, std::string> env;
  std::string user;
  std::string workdir;
  bool tty = false;
  bool stdin_open = false;
  std::uint16_t rows = 0;  // of the terminal; 0: the engine's default
  std::uint16_t columns = 0;
};

// A process in a container with its input and output. One task reads, one writes.
class ExecSession {
 public:
  virtual ~ExecSession() = default;
  // nullopt when the process ended and its output is read.
  virtual Task<Result<std::optional<Output>>> read() = 0;
  virtual Task<Status> write(std::string data, Millis limit) = 0;
  virtual Task<Status> close_stdin() = 0;
  // Rows and columns 1..65535; kInvalid without a terminal.
  virtual Task<Status> resize(std::uint16_t rows, std::uint16_t columns, Millis limit) = 0;
  // After read() returned nullopt. kConflict while it still runs.
  virtual Task<Result<int>> exit_code(Millis limit) = 0;
};

}  // namespace croft::engine
