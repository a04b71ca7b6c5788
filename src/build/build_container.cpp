#include "build/build_container.h"

#include <fmt/format.h>

#include <array>
#include <boost/asio/experimental/awaitable_operators.hpp>

#include "base/line_ring.h"
#include "base/log.h"
#include "base/oom.h"
#include "base/utf8.h"
#include "build/archive_writer.h"
#include "build/image_host.h"
#include "build/registry_trouble.h"

namespace croft::build {
namespace {

constexpr Millis kCall{60'000};
constexpr std::size_t kMaxLine = 8192;
constexpr std::size_t kMaxQueryOutput = 32u << 20;
constexpr const char* kCaFile = "/usr/local/share/ca-certificates/croft-host.crt";
constexpr Millis kEnding{3000};
constexpr int kKilled = 128 + 9;  // exit code of a container that was killed
constexpr const char* kAptFile = "/etc/apt/apt.conf.d/99croft-host";

// Where tools look for the certificates they trust.
constexpr std::array<const char*, 6> kCaVariables = {"SSL_CERT_FILE",  "NODE_EXTRA_CA_CERTS",
                                                     "PIP_CERT",       "REQUESTS_CA_BUNDLE",
                                                     "GIT_SSL_CAINFO", "CURL_CA_BUNDLE"};

std::map<std::string, std::string> host_env(const HostAccess& host) {
  std::map<std::string, std::string> env = host.env;
  if (host.ca_certificates.empty()) return env;
  for (const char* name : kCaVariables) env[name] = kCaFile;
  return env;
}

}  // namespace

struct BuildContainer::Ended {
  enum class How : std::uint8_t { kExited, kTimedOut, kTooMuchOutput, kLost } how = How::kExited;
  int exit_code = 0;
  std::vector<std::string> last_lines;
};

HostAccess host_access(const HostSettings& settings) {
  return {settings.env, settings.ca_certificates, settings.apt_transport + settings.apt_validity};
}

engine::Strings shell_line(const std::string& text) {
  return {"/bin/sh", "-c", text};
}

void LineCutter::feed(std::string_view piece, const OnLine& on_line) {
  while (!piece.empty()) {
    const auto end = std::min(piece.find('\n'), piece.size());
    const std::size_t room = kMaxLine - std::min(kMaxLine, open_.size());
    open_.append(piece.substr(0, std::min(end, room)));
    if (end > room || end < piece.size()) finish(on_line);
    piece.remove_prefix(end > room ? room : std::min(end + 1, piece.size()));
  }
}

void LineCutter::finish(const OnLine& on_line) {
  on_line(to_valid_utf8(shown_line(open_)));
  open_.clear();
}

BuildContainer::BuildContainer(engine::ContainerEngine& engine, BuildContainerSpec spec,
                               BuildTrace& trace)
    : engine_(engine),
      spec_(std::move(spec)),
      trace_(trace),
      output_left_(spec_.limits.output_bytes) {}

Task<Status> BuildContainer::start() {
  const Status cleared = co_await engine_.remove_container(spec_.name, true, kCall);
  if (!cleared && cleared.error().code() != ErrorCode::kNotFound) {
    co_return fail(Error(cleared.error()));
  }
  engine::ContainerSpec container;
  container.name = spec_.name;
  engine::ContainerSettings& settings = container.settings;
  settings.image = spec_.image;
  // Sleeps, and reaps what commands leave behind.
  settings.command = {"/usr/local/bin/zsc", "noop", "--silent"};
  settings.user = "root";
  settings.workdir = "/";
  settings.hostname = "build";
  settings.labels = spec_.labels;
  settings.no_healthcheck = true;
  // It sits on the project's segment as instances do: no forged packets, no devices.
  settings.capabilities_drop = {"NET_RAW", "MKNOD"};
  settings.dns = spec_.dns;
  settings.resources = {.nano_cpus = spec_.limits.nano_cpus,
                        .memory_bytes = spec_.limits.memory_bytes,
                        .pids = spec_.limits.pids,
                        .cpu_shares = spec_.limits.cpu_shares};
  // Nobody reads what its first process says, but a build may write there for ever.
  settings.log = {.name = "json-file", .options = {{"max-size", "1m"}, {"max-file", "1"}}};
  container.networks = spec_.networks;
  if (spec_.networks.empty()) container.network_mode = spec_.network_mode;
  auto created = co_await engine_.create_container(container, kCall);
  if (!created) co_return fail(std::move(created).error());
  id_ = std::move(*created);
  CROFT_CO_TRY(co_await put_host_settings());
  CROFT_CO_TRY(co_await engine_.start_container(id_, kCall));
  deadline_.emplace(spec_.limits.wall_time);
  co_return Status();
}

Task<Status> BuildContainer::put_host_settings() {
  ArchiveWriter archive({.compress = false});
  std::string apt = spec_.host.apt_conf;
  if (!spec_.host.ca_certificates.empty()) {
    CROFT_CO_TRY(archive.add_file(kCaFile + 1, spec_.host.ca_certificates, 0644));
    apt += fmt::format("Acquire::https::CAInfo \"{}\";\n", kCaFile);
  }
  if (!apt.empty()) CROFT_CO_TRY(archive.add_file(kAptFile + 1, apt, 0644));
  if (archive.entries() == 0) co_return Status();
  CROFT_CO_TRY(archive.finish());
  StringSource source(archive.take());
  co_return co_await engine_.put_archive(id_, "/", source, kCall);
}

Task<Status> BuildContainer::remove_host_settings() {
  auto removed = co_await query({"rm", "-f", kCaFile, kAptFile}, "root");
  if (!removed) co_return fail(std::move(removed).error());
  co_return Status();
}

std::map<std::string, std::string> BuildContainer::seen_by(const BuildCommand& command) const {
  std::map<std::string, std::string> env = host_env(spec_.host);
  for (const auto& [key, value] : command.env) env[key] = value;
  return env;
}

Task<Status> BuildContainer::run(BuildCommand command) {
  if (cancelled_) co_return fail(ErrorCode::kCancelled, "the build was cancelled");
  engine::ExecSpec exec;
  exec.command = command.argv;
  exec.user = command.user;
  exec.workdir = command.workdir;
  exec.env = seen_by(command);
  auto session = co_await engine_.exec(id_, exec, kCall);
  if (!session) {
    if (cancelled_) co_return fail(ErrorCode::kCancelled, "the build was cancelled");
    co_return fail(std::move(session).error().in(command.step));
  }
  auto ended = co_await follow(command, **session);
  if (cancelled_) co_return fail(ErrorCode::kCancelled, "the build was cancelled");
  if (!ended) co_return fail(std::move(ended).error().in(command.step));
  co_return co_await judge(command, std::move(*ended));
}

Task<Result<BuildContainer::Ended>> BuildContainer::follow(const BuildCommand& command,
                                                           engine::ExecSession& session) {
  using namespace boost::asio::experimental::awaitable_operators;
  LineRing ring;
  std::array<LineCutter, 2> cutters;
  const auto on_line = [&](std::string_view line) { trace_.say(command.step, line); };
  Ended ended;
  for (;;) {
    // The wait is over at once when somebody cancels: the container is then gone.
    auto got = co_await (session.read() || sleep_for(deadline_->remaining()));
    if (got.index() == 1) {
      ended.how = Ended::How::kTimedOut;
      break;
    }
    auto& piece = std::get<0>(got);
    if (!piece) {
      ended.how = Ended::How::kLost;
      break;
    }
    if (!*piece) break;
    const std::size_t source = (*piece)->source == engine::OutputSource::kStderr ? 1 : 0;
    const std::string& data = (*piece)->data;
    ring.feed(data, source);
    cutters.at(source).feed(data, on_line);
    if (data.size() > output_left_) {
      ended.how = Ended::How::kTooMuchOutput;
      break;
    }
    output_left_ -= data.size();
  }
  for (LineCutter& cutter : cutters) {
    cutter.finish([&](std::string_view line) {
      if (!line.empty()) on_line(line);
    });
  }
  ended.last_lines = ring.lines();
  if (ended.how == Ended::How::kExited) {
    auto code = co_await session.exit_code(kCall);
    if (!code) {
      ended.how = Ended::How::kLost;
    } else {
      ended.exit_code = *code;
    }
  }
  co_return ended;
}

Task<Status> BuildContainer::judge(const BuildCommand& command, Ended ended) {
  if (ended.how == Ended::How::kExited && ended.exit_code == 0) co_return Status();
  StepFailure failure{.step = command.step, .command = command.text};
  failure.last_lines = std::move(ended.last_lines);
  ErrorCode code = ErrorCode::kDeployFailed;
  switch (ended.how) {
    case Ended::How::kTimedOut:
      code = ErrorCode::kTimeout;
      failure.reason = fmt::format("the build took longer than {} minutes",
                                   spec_.limits.wall_time.count() / 60'000);
      break;
    case Ended::How::kTooMuchOutput:
      failure.reason =
          fmt::format("the build printed more than {} MiB", spec_.limits.output_bytes >> 20);
      break;
    case Ended::How::kExited:
      failure.exit_code = ended.exit_code;
      failure.reason = fmt::format("ended with exit code {}", ended.exit_code);
      if (const auto trouble = find_registry_trouble(failure.last_lines, seen_by(command))) {
        failure.reason += ": " + describe(*trouble);
      }
      break;
    case Ended::How::kLost:
      failure.reason = "its container ended";
      break;
  }
  if (ended.how == Ended::How::kExited || ended.how == Ended::How::kLost) {
    const bool killed = ended.how == Ended::How::kLost || ended.exit_code == kKilled;
    failure.reason += co_await outer_cause(killed);
  }
  trace_.failure = failure;
  co_return fail(code, fmt::format("{}: '{}' {}", failure.step, failure.command, failure.reason));
}

// What ended it from outside, as the end of a sentence; empty when it ended by itself.
Task<std::string> BuildContainer::outer_cause(bool killed) {
  // The engine knows the end of a command before it knows that of its container.
  if (killed) static_cast<void>(co_await engine_.wait_container(id_, kEnding));
  auto info = co_await engine_.inspect_container(id_, kCall);
  if ((info && info->oom_killed) || co_await new_oom_kills()) {
    co_return fmt::format(": out of memory, the limit is {} MiB", spec_.limits.memory_bytes >> 20);
  }
  if (!info || info->exit_code != kKilled) co_return "";
  co_return ": its container was killed, as croft does when a build writes more than "
            "container_disk_bytes (croft platform limits)";
}

Task<bool> BuildContainer::new_oom_kills() {
  const std::uint64_t before = oom_kills_;
  for (const char* path :
       {"/sys/fs/cgroup/memory.events", "/sys/fs/cgroup/memory/memory.oom_control"}) {
    const auto text = co_await query({"cat", path}, "root");
    if (text) oom_kills_ = std::max(oom_kills_, parse_oom_kills(*text));
  }
  co_return oom_kills_ > before;
}

Task<Result<std::string>> BuildContainer::query(engine::Strings argv, std::string user) {
  engine::ExecSpec exec;
  exec.command = std::move(argv);
  exec.user = std::move(user);
  auto session = co_await engine_.exec(id_, exec, kCall);
  if (!session) co_return fail(std::move(session).error());
  std::string output;
  std::string errors;
  for (;;) {
    auto piece = co_await (*session)->read();
    if (!piece) co_return fail(std::move(piece).error());
    if (!*piece) break;
    std::string& into = (*piece)->source == engine::OutputSource::kStdout ? output : errors;
    into += (*piece)->data;
    if (into.size() > kMaxQueryOutput) {
      co_return fail(ErrorCode::kTooLarge, fmt::format("{} said too much", exec.command.front()));
    }
  }
  auto code = co_await (*session)->exit_code(kCall);
  if (!code) co_return fail(std::move(code).error());
  if (*code == 0) co_return output;
  co_return fail(
      ErrorCode::kFailed,
      fmt::format("{} in the build container ended with exit code {}", exec.command.front(), *code),
      to_valid_utf8(errors));
}

Task<void> BuildContainer::cancel() {
  cancelled_ = true;
  co_await remove();
}

Task<void> BuildContainer::remove() {
  const Deadline deadline(kCall);
  Status removed;
  do {
    removed = co_await engine_.remove_container(spec_.name, true, kCall);
    if (removed || removed.error().code() != ErrorCode::kConflict) break;
    co_await sleep_for(Millis(50));  // it is being removed already, by cancel()
  } while (deadline.remaining() > Millis(0));
  if (!removed && removed.error().code() != ErrorCode::kNotFound) {
    log_warning("a build container was not removed",
                {{"container", spec_.name}, {"error", removed.error().describe()}});
  }
}

}  // namespace croft::build
