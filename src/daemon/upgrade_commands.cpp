#include "daemon/upgrade_commands.h"

#include <fmt/format.h>

#include "base/file.h"
#include "base/free_space.h"
#include "daemon/home.h"
#include "store/backup.h"
#include "store/migrations.h"
#include "store/sqlite/sqlite_database.h"
#include "supervise/supervisor.h"

namespace croft {
namespace {

namespace fs = std::filesystem;
using supervise::Release;
using supervise::Releases;
using supervise::UpgradeAnswer;
using supervise::UpgradeFiles;
using supervise::UpgradeRequest;

constexpr const char* kSupervisorLock = "supervisor.lock";
constexpr const char* kUpgradeLock = "upgrade.lock";
constexpr Millis kPoll{200};
// Longer than a trial and the way back from it.
constexpr Millis kLongest = supervise::TrialLimits{}.whole + Millis(600'000);

Status check_supervised(const fs::path& home) {
  const auto lock = try_lock(home / "run" / kSupervisorLock);
  if (!lock) return fail(lock.error());
  if (!*lock) return {};
  return fail(
      ErrorCode::kUnavailable,
      fmt::format("no supervisor runs in {}; start croft by croftd --supervise", home.string()));
}

// What does not work now would be blamed on the new release.
Task<Status> check_ready(Runtime* runtime, fs::path home) {
  auto ready = co_await supervise::is_ready(*runtime, home, Millis(10'000));
  if (!ready) co_return fail(std::move(ready).error());
  if (*ready) co_return Status();
  co_return fail(ErrorCode::kFailed,
                 "the platform is not ready now, see croft status; mend that before an upgrade");
}

// That its croftd runs on this machine, and can work with the state.
Status check_release(const Release& release, const fs::path& home) {
  Status checked = supervise::run_croftd(release, home, {"--check-store"});
  if (checked) return {};
  const std::string program = (release.programs / "croftd").string();
  return fail(std::move(checked).error().in(fmt::format("{} cannot be used", program)));
}

Task<Result<UpgradeAnswer>> wait_for_answer(UpgradeFiles files, std::string id) {
  for (Millis waited{0}; waited < kLongest; waited += kPoll) {
    auto answer = files.answered();
    if (answer && answer->id == id) co_return std::move(*answer);
    co_await sleep_for(kPoll);
  }
  co_return fail(ErrorCode::kTimeout, "the supervisor does not answer; see its log");
}

Result<UpgradeRequest> prepare_upgrade(const fs::path& home, const Releases& releases,
                                       const fs::path& folder) {
  CROFT_TRY(check_free_space(home, kLeastFreeBytes));
  CROFT_TRY(check_release({.name = "", .programs = folder / "bin", .data = {}}, home));
  auto release = releases.add(folder, system_now());
  if (!release) return fail(std::move(release).error());
  CROFT_TRY(take_snapshot(home / "state", releases.snapshot(release->name)));
  return UpgradeRequest{.id = release->name, .release = release->name};
}

Result<UpgradeRequest> prepare_going_back(const Releases& releases, bool restore) {
  const auto previous = releases.previous();
  const auto current = releases.current();
  if (!previous) return fail(previous.error());
  if (!current) return fail(current.error());
  if (!*previous) return fail(ErrorCode::kConflict, "there was no upgrade that could be undone");
  if (restore && !fs::exists(releases.snapshot(current->name))) {
    return fail(ErrorCode::kConflict, "no state was kept from before the release that runs");
  }
  return UpgradeRequest{.id = format_rfc3339(system_now()) + "-back",
                        .release = (*previous)->name,
                        .restore = restore};
}

}  // namespace

int run_supervised(const Args& args, const DaemonOptions& options) {
  const auto lock = try_lock(options.home / "run" / kSupervisorLock);
  if (!lock || !*lock) {
    fmt::print(stderr, "croftd: {}\n",
               lock ? fmt::format("{} is supervised already", options.home.string())
                    : lock.error().message());
    return 2;
  }
  supervise::SupervisorOptions made{
      .home = options.home,
      .engine_socket = options.engine_socket,
      .given = {.name = "", .programs = options.programs, .data = options.data},
      .croftd_words = {}};
  for (const std::string& name : daemon_option_names()) {
    const bool ours = name == "home" || name == "engine" || name == "programs" || name == "data";
    if (ours || args.get(name).empty()) continue;
    made.croftd_words.insert(made.croftd_words.end(), {"--" + name, args.get(name)});
  }
  if (args.has("verbose")) made.croftd_words.emplace_back("--verbose");
  Runtime runtime;
  SystemClock clock;
  supervise::Supervisor supervisor(runtime, clock, std::move(made));
  return runtime.run(supervisor.run(), [&supervisor] { supervisor.request_stop(); });
}

Status run_upgrade(const Args& args) {
  const auto home = home_of(args);
  if (!home) return fail(home.error());
  CROFT_TRY(check_supervised(*home));
  const auto lock = try_lock(*home / "run" / kUpgradeLock);
  if (!lock) return fail(lock.error());
  if (!*lock) return fail(ErrorCode::kConflict, "another upgrade is under way");
  Runtime runtime;
  CROFT_TRY(runtime.run_until_done(check_ready(&runtime, *home)));
  const Releases releases(*home, {});
  auto request = args.has("upgrade")
                     ? prepare_upgrade(*home, releases, fs::absolute(args.get("upgrade")))
                     : prepare_going_back(releases, args.has("restore-state"));
  if (!request) return fail(std::move(request).error());
  const UpgradeFiles files(*home);
  CROFT_TRY(files.ask(*request));
  auto answer = runtime.run_until_done(wait_for_answer(files, request->id));
  if (!answer) return fail(std::move(answer).error());
  fmt::print("{}\n", to_json_text(*answer));
  if (answer->done) return {};
  return fail(
      ErrorCode::kFailed,
      fmt::format("the release does not work here: {}; the one before it runs{}", answer->problem,
                  answer->restored ? ", with the state of before the upgrade" : ""));
}

bool is_state_command(const Args& args) {
  return args.has("snapshot") || args.has("restore-snapshot") || args.has("check-store");
}

Status run_state_command(const Args& args) {
  const auto home = home_of(args);
  if (!home) return fail(home.error());
  const fs::path state = *home / "state";
  if (args.has("snapshot")) return take_snapshot(state, fs::absolute(args.get("snapshot")));
  if (args.has("check-store")) {
    if (!fs::exists(state / "croft.db")) return {};
    auto connection = sqlite_file(state / "croft.db")->open_writer();
    if (!connection) return fail(std::move(connection).error());
    return check_schema(**connection, migrations_for((*connection)->dialect()));
  }
  const auto lock = lock_home(*home);
  if (!lock) return fail(lock.error());
  SystemClock clock;
  SystemRandom random;
  return restore_snapshot(fs::absolute(args.get("restore-snapshot")), state, clock, random);
}

}  // namespace croft
