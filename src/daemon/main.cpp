// croftd: the control plane. Options and lifetimes only; what it does is in platform.h.
#include <fmt/format.h>
#include <malloc.h>
#include <sodium.h>
#include <sys/stat.h>

#include "base/cpu_priority.h"
#include "base/error_mapping.h"
#include "base/log.h"
#include "daemon/home.h"
#include "daemon/image_command.h"
#include "daemon/platform.h"
#include "daemon/state_commands.h"
#include "daemon/upgrade_commands.h"
#include "store/state_dir.h"

namespace {

constexpr const char* kUsage =
    R"(croftd --home DIR --engine SOCKET --programs DIR --data DIR [options]

  --home DIR          everything of this installation: state, sockets, logs, bundles
  --engine SOCKET     of the container engine, such as /var/run/docker.sock
  --programs DIR      croft-init, croft-core and croft-keep
  --data DIR          catalog/, images/ and api/
  --api-address IP    where the REST API listens (127.0.0.1)
  --api-port PORT     (7420, or a free one when that is taken)
  --http-port PORT    of the edge (80)
  --https-port PORT   of the edge (443)
  --domain NAME       services are SERVICE-PROJECT.NAME (croft.localhost)
  --pool CIDR         IPv4 /10 of projects, --uplink CIDR the /16 of cores and edge: for the first
                      start, where the ranges that croft finds free are not
  --least-free-mib N  uploads, builds and images are refused below that (2048)
  --images [--all]    lists the images of the service types (--all: builds them), and exits
  --backup FILE       writes the state to a sealed file and exits; also while croftd runs.
                      Needs --home only, and a passphrase on standard input
  --restore FILE      puts it back, when croftd does not run; --confirm: in place of what is there
  --supervise         runs croftd and croft-node of this release, again when they end, and
                      of another one after an upgrade
  --upgrade FOLDER    tries the release in it (bin/, share/) under that supervisor; what does
                      not become ready is taken back. Needs --home only
  --upgrade-back      the release of before; --restore-state: with the state of before, too
  --snapshot DIR, --restore-snapshot DIR, --check-store
                      what an upgrade needs of a release
  --purge             removes what this installation made in the engine, and exits
  --verbose           logs more

CROFT_FAILPOINT=NAME,… in the environment makes it die at that point (tests/data/failpoints.txt);
KIND/STEP/fail makes that step fail.
)";

// The C library keeps what was once freed, per thread and, after one large block, up to 32 MiB at
// a time: an upload or an image would stay in the resident size for good.
void give_freed_memory_back() {
  ::mallopt(M_ARENA_MAX, 2);
  ::mallopt(M_MMAP_THRESHOLD, 256 << 10);
  ::mallopt(M_TRIM_THRESHOLD, 1 << 20);
}

int refuse(const croft::Error& error) {
  fmt::print(stderr, "croftd: {}\n", error.describe());
  return 2;
}

// The exit code of a command that is no daemon.
int end(const croft::Status& done) {
  if (done) return 0;
  fmt::print(stderr, "croftd: {}\n", done.error().message());
  return croft::exit_code(done.error().code());
}

int back_up_or_restore(const croft::Args& args) {
  const auto passphrase = croft::read_passphrase();
  if (!passphrase) return refuse(passphrase.error());
  return end(args.has("backup") ? croft::run_backup(args, *passphrase, {})
                                : croft::run_restore(args, *passphrase));
}

}  // namespace

int main(int argc, char** argv) {
  give_freed_memory_back();
  auto args = croft::Args::parse(argc, argv, croft::daemon_option_names(),
                                 {"purge", "images", "all", "verbose", "confirm", "supervise",
                                  "upgrade-back", "restore-state", "check-store"});
  if (!args) return refuse(args.error());
  if (args->has("help")) {
    fmt::print("{}", kUsage);
    return 0;
  }
  croft::log_setup("croftd",
                   args->has("verbose") ? croft::LogLevel::kDebug : croft::LogLevel::kInfo);
  if (::sodium_init() < 0) return refuse({croft::ErrorCode::kInternal, "libsodium does not start"});
  ::umask(077);
  if (args->has("backup") || args->has("restore")) return back_up_or_restore(*args);
  if (args->has("upgrade") || args->has("upgrade-back")) return end(croft::run_upgrade(*args));
  if (croft::is_state_command(*args)) return end(croft::run_state_command(*args));
  auto options = croft::DaemonOptions::from(*args);
  if (!options) return refuse(options.error());
  if (const auto made = croft::make_home(options->home); !made) return refuse(made.error());
  if (args->has("supervise")) return croft::run_supervised(*args, *options);
  auto lock = croft::lock_home(options->home);
  const bool beside = !lock && args->has("images");
  if (!lock && !beside) return refuse(lock.error());

  const bool serves = !args->has("images") && !args->has("purge");
  if (serves) croft::claim_cpu_priority();
  croft::SystemClock clock;
  croft::SystemRandom random;
  croft::Runtime runtime;  // before the store: its threads let go of it after they have answered
  if (beside) {
    auto install_id = croft::running_install_id(options->home);
    if (!install_id) return refuse(install_id.error());
    return runtime.run(
        croft::list_images(runtime, *options, std::move(*install_id), args->has("all")), [] {});
  }
  auto store = croft::open_state_dir(options->home / "state", clock, random, {});
  if (!store) return refuse(store.error());
  croft::Platform platform(runtime, **store, clock, random, *options);
  if (args->has("purge")) return runtime.run(platform.purge(), [] {});
  if (args->has("images")) {
    auto installation = runtime.run_until_done(croft::load_installation(**store));
    if (!installation) return refuse(installation.error());
    return runtime.run(croft::list_images(runtime, *options, installation->id, args->has("all")),
                       [] {});
  }
  return runtime.run(platform.run(), [&platform] { platform.stop(); });
}
