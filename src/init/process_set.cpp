#include "init/process_set.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <signal.h>
#include <sys/wait.h>

#include <algorithm>

#include "init/config.h"

namespace croft::init {
namespace {

// What a shell leaves in its group is no child of ours that could be waited for: it is looked at.
constexpr Millis kGroupPoll{20};

}  // namespace

std::string start_step(const InitProcess& process) {
  return process.name.empty() ? "start" : fmt::format("start:{}", process.name);
}

std::string command_text(const InitProcess& process) {
  return process.argv.empty() ? process.command : fmt::format("{}", fmt::join(process.argv, " "));
}

ProcessSet::ProcessSet(ChildContext& context, const InitConfig& config, OnEnd on_end)
    : context_(context),
      config_(config),
      on_end_(std::move(on_end)),
      kill_timer_(context.loop),
      poll_(context.loop) {}

Status ProcessSet::start(const InitProcess** failed) {
  members_.clear();
  members_.resize(config_.processes.size());
  for (std::size_t i = 0; i < members_.size(); ++i) {
    Member& member = members_[i];
    member.process = &config_.processes[i];
    if (Status started = start_member(member); !started) {
      if (failed != nullptr) *failed = member.process;
      return started;
    }
  }
  return {};
}

Status ProcessSet::start_member(Member& member) {
  const InitProcess& process = *member.process;
  ChildSpec spec{.argv = process.argv.empty() ? shell_argv(process.command) : process.argv,
                 .workdir = process.workdir.empty() ? config_.workdir : process.workdir};
  Account account;
  if (!process.user.empty()) {
    auto loaded = load_account(process.user, config_, context_.env);
    if (!loaded) return fail(std::move(loaded).error());
    account = std::move(*loaded);
    spec.account = &account;
  }
  auto child = Child::start(context_, spec,
                            [this, &member](int wait_status) { ended(member, wait_status); });
  if (!child) return fail(std::move(child).error());
  member.child = std::move(*child);
  return {};
}

void ProcessSet::ended(Member& member, int wait_status) {
  member.wait_status = wait_status;
  if (stopping_) return check_stopped();
  on_end_({*member.process, wait_status, member.child->last_lines()});
}

void ProcessSet::stop(std::function<void()> stopped) {
  if (stopping_) return;
  stopping_ = true;
  stopped_ = std::move(stopped);
  const int number = signal_from_name(config_.stop_signal).value_or(SIGTERM);
  for (const Member& member : members_) {
    if (member.child) member.child->signal_group(number);
  }
  kill_timer_.start(Millis(1000) * std::max(config_.stop_timeout_s, 0), [this] { kill_now(); });
  poll_.start(Millis(0), [this] { check_stopped(); });
}

void ProcessSet::kill_now() {
  for (const Member& member : members_) {
    if (!member.child || !member.child->group_alive()) continue;
    member.child->signal_group(SIGKILL);
    killed_ = true;
  }
}

void ProcessSet::check_stopped() {
  const bool alive = std::any_of(members_.begin(), members_.end(), [](const Member& member) {
    return member.child && member.child->group_alive();
  });
  if (alive) return poll_.start(kGroupPoll, [this] { check_stopped(); });
  kill_timer_.stop();
  poll_.stop();
  const auto stopped = std::move(stopped_);
  stopped_ = nullptr;
  if (stopped) stopped();  // may destroy this
}

void ProcessSet::forward(int signal) {
  for (const Member& member : members_) {
    if (member.child) member.child->signal(signal);
  }
}

bool ProcessSet::any_running() const {
  return std::any_of(members_.begin(), members_.end(),
                     [](const Member& member) { return member.child && member.child->running(); });
}

std::vector<std::string> ProcessSet::last_lines() const {
  constexpr std::size_t kMost = 20;  // as in an ExitReport
  std::vector<std::string> lines;
  for (const Member& member : members_) {
    if (!member.child) continue;
    for (std::string& line : member.child->last_lines()) lines.push_back(std::move(line));
  }
  if (lines.size() > kMost) lines.erase(lines.begin(), lines.end() - kMost);
  return lines;
}

std::optional<int> ProcessSet::main_exit_code() const {
  if (members_.empty() || !members_.front().wait_status) return std::nullopt;
  const int wait_status = *members_.front().wait_status;
  const int code = exit_code_of(wait_status);
  const int stop_signal = signal_from_name(config_.stop_signal).value_or(SIGTERM);
  // A shell that passes the signal on reports it as 128 + n.
  return stopping_ && code == 128 + stop_signal ? 0 : code;
}

}  // namespace croft::init
