#include "core/pair_keeper.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <csignal>
#include <cstdlib>

#include "base/file.h"
#include "base/log.h"
#include "net/socket_stream.h"

namespace croft {
namespace {

constexpr Millis kCheckPeriod{30'000};
// A partner advertises every 0.06 s.
constexpr Millis kPartnerSilence{500};
constexpr Millis kAskLimit{200};
// Two that began at the same instant hear each other once or twice.
constexpr int kStuckAfter = 5;

// Tells two starts of conntrackd apart; empty while it does not run.
std::string identity_of(const std::filesystem::path& socket) {
  struct stat info{};
  if (::stat(socket.c_str(), &info) != 0) return {};
  return fmt::format("{}.{}.{}", info.st_ino, info.st_ctim.tv_sec, info.st_ctim.tv_nsec);
}

// Process in that file, if it still is `program`; 0 otherwise.
pid_t process_in(const std::filesystem::path& file, const std::string& program) {
  const auto text = read_file(file, 100);
  const pid_t pid = text ? std::atoi(text->c_str()) : 0;
  if (pid <= 1) return 0;
  const auto name = read_file(fmt::format("/proc/{}/comm", pid), 100);
  return name && *name == program + "\n" ? pid : 0;
}

}  // namespace

PairKeeper::PairKeeper(Runtime& runtime, CoreNetwork& network, Pool& pool, Clock& clock,
                       Signal& changed, PairOptions options)
    : runtime_(runtime),
      network_(network),
      pool_(pool),
      clock_(clock),
      options_(std::move(options)),
      group_(runtime),
      events_(runtime, changed),
      partner_(runtime, changed),
      activity_(runtime, clock, changed, VitalSigns(clock)) {
  // A croft-core before this one has begun: keepalived runs.
  begun_ = std::filesystem::exists(options_.run_dir / kKeepalivedFile);
}

Task<Status> PairKeeper::converge(const CoreDesired& desired, const CoreInterfaces& interfaces,
                                  bool rules) {
  auto addresses = pair_addresses(desired, options_.slot);
  if (!addresses) co_return fail(std::move(addresses).error());
  auto config = render_pair(desired, interfaces, options_.slot, options_.run_dir.string());
  if (!config) co_return fail(std::move(config).error());
  config_ = std::move(*config);
  if (!listening_) {
    CROFT_CO_TRY(events_.open());
    group_.spawn("address events", events_.run());
    listening_ = true;
  }
  if (table_ != config_->table || clock_.steady() >= next_check_) {
    CROFT_CO_TRY(co_await run_blocking(
        pool_, [&] { return network_.prepare_interfaces(desired, interfaces, *addresses); }));
    co_await guard_addresses();
    next_check_ = clock_.steady() + kCheckPeriod;
  }
  if (!begun_) begun_ = rules && co_await may_begin(desired, *addresses);
  if (!begun_) co_return Status();
  CROFT_CO_TRY(write_files());
  const auto holds =
      co_await run_blocking(pool_, [&] { return network_.holds_addresses(desired, interfaces); });
  if (!holds) co_return fail(holds.error());
  note_role(*holds);
  watch_partner(active_, addresses->partner);
  if (active_ && partner_.heard() >= kStuckAfter) {
    // This core was frozen and does not know that its partner has taken over.
    log_warning("the partner holds the addresses, too; keepalived begins anew");
    end_keepalived(SIGKILL);
    partner_.close();
  }
  co_await exchange_connections();
  watch_activity(*addresses, rules);
  co_return Status();
}

// keepalived says farewell, and the partner takes over at once; the next keepalived is standby.
void PairKeeper::watch_activity(const PairAddresses& addresses, bool rules) {
  const Status speaks = activity_.converge(addresses);
  const std::string problem = speaks ? "" : speaks.error().describe();
  if (problem != talk_problem_ && !speaks) {
    log_warning("the partner is not told how this core is", {{"error", problem}});
  }
  talk_problem_ = problem;
  activity_.note(role(), !rules);
  const std::string reason = activity_.take_reason();
  if (!active_ || reason.empty()) return;
  log_warning("gives the active role to its partner", {{"reason", reason}});
  end_keepalived(SIGTERM);
}

// Without it two cores work as well, until one of them is frozen.
Task<void> PairKeeper::guard_addresses() {
  if (table_ == config_->table) co_return;
  table_ = config_->table;
  const Status done = co_await run_blocking(
      pool_, [this, script = table_] { return network_.apply_ruleset(script); });
  if (!done) {
    log_warning("a frozen core is not kept from answering; the kernel should be 5.16 or later",
                {{"error", done.error().describe()}});
  }
}

// A core of an older croft has no partner and would hold on to the addresses while keepalived takes
// them, too: as long as somebody serves them and does not advertise, this one waits.
Task<bool> PairKeeper::may_begin(const CoreDesired& desired, const PairAddresses& addresses) {
  if (!asking_since_) asking_since_ = clock_.steady();
  watch_partner(true, addresses.partner);
  if (partner_.heard() > 0) co_return true;
  const auto served =
      co_await connect_tcp(runtime_, desired.gateway4, options_.dns_port, kAskLimit);
  if (!served) co_return true;
  if (clock_.steady() - *asking_since_ >= kPartnerSilence) {
    reason_ = "waits for a core of an older croft to go, which holds the addresses";
  }
  co_return partner_.heard() > 0;
}

// The supervisor starts both programs once their files are there, and again when they end.
Status PairKeeper::write_files() {
  const auto keepalived = options_.run_dir / kKeepalivedFile;
  const auto before = read_file(keepalived);
  CROFT_TRY(write_file_if_changed(options_.run_dir / kConntrackdFile, config_->conntrackd, 0600));
  CROFT_TRY(write_file_if_changed(keepalived, config_->keepalived, 0600));
  if (before && *before != config_->keepalived) {
    log_info("the project's addresses have changed; keepalived begins anew");
    end_keepalived(SIGTERM);
  }
  return {};
}

void PairKeeper::watch_partner(bool wanted, const std::string& partner) {
  if (!wanted) partner_.close();
  if (!wanted || partner_.is_open()) return;
  const Status opened = partner_.open(partner);
  if (opened) {
    group_.spawn("partner", partner_.run());
  } else {
    log_warning("the partner is not watched", {{"error", opened.error().describe()}});
  }
}

void PairKeeper::note_role(bool holds) {
  if (holds == active_) return;
  active_ = holds;
  if (holds) active_since_ = clock_.now();
  exchanged_.clear();
  partner_.close();  // what was heard before this belongs to the other role
}

// The active core tells the partner of all connections that it has, the standby asks for them;
// what changes later is told as it happens.
Task<void> PairKeeper::exchange_connections() {
  const std::string running = identity_of(options_.run_dir / kConntrackdSocket);
  if (running.empty()) {
    reason_ = "conntrackd is not running";
    co_return;
  }
  if (running != exchanged_) {
    const std::string file = (options_.run_dir / kConntrackdFile).string();
    const Status done = co_await run_blocking(pool_, [this, file, active = active_] {
      return network_.exchange_connections(file, active);
    });
    reason_ = done ? "" : "connections are not exchanged: " + done.error().message();
    if (!done) co_return;
    exchanged_ = running;
    told_at_ = clock_.steady() + options_.exchange_time;
  }
  reason_ = clock_.steady() < told_at_ ? "connections of the partner are on their way" : "";
}

void PairKeeper::end_keepalived(int signal_number) {
  for (const char* file : {kKeepalivedPidFile, kVrrpPidFile}) {
    const pid_t pid = process_in(options_.run_dir / file, "keepalived");
    if (pid > 0) ::kill(pid, signal_number);
  }
}

CoreRole PairKeeper::role() const {
  if (active_) return CoreRole::kActive;
  return begun_ && reason_.empty() ? CoreRole::kStandby : CoreRole::kFault;
}

std::string PairKeeper::reason() const {
  return role() == CoreRole::kFault ? reason_ : activity_.abnormal();
}

Task<void> PairKeeper::stop() {
  co_await activity_.stop();
  events_.close();
  partner_.close();
  group_.cancel();
  co_await group_.join();
}

}  // namespace croft
