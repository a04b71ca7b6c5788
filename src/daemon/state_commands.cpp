#include "daemon/state_commands.h"

#include <fmt/format.h>
#include <sodium.h>

#include <cstdio>

#include "daemon/home.h"
#include "daemon/last_backup.h"

namespace croft {
namespace {

constexpr std::size_t kMaxPassphrase = 1024;

}  // namespace

Result<Secret> read_passphrase() {
  std::string line;
  for (int c = std::getchar(); c != EOF && c != '\n'; c = std::getchar()) {
    if (line.size() == kMaxPassphrase) {
      return fail(ErrorCode::kInvalid, "the passphrase on standard input is too long");
    }
    line += static_cast<char>(c);
  }
  return Secret(std::move(line));
}

Status run_backup(const Args& args, const Secret& passphrase, const SealCost& cost) {
  const auto home = home_of(args);
  if (!home) return fail(home.error());
  const auto manifest = write_backup(*home / "state", std::filesystem::absolute(args.get("backup")),
                                     passphrase, cost, system_now());
  if (!manifest) return fail(manifest.error());
  CROFT_TRY(note_backup(*home / "state", manifest->created_at));
  fmt::print("{}\n", to_json_text(*manifest));
  return {};
}

Status run_restore(const Args& args, const Secret& passphrase) {
  const auto home = home_of(args);
  if (!home) return fail(home.error());
  CROFT_TRY(make_home(*home));
  const auto lock = lock_home(*home);
  if (!lock) return fail(lock.error());
  SystemClock clock;
  SystemRandom random;
  const auto report =
      restore_backup(std::filesystem::absolute(args.get("restore")), *home / "state", passphrase,
                     args.has("confirm"), clock, random);
  if (!report) return fail(report.error());
  fmt::print("{}\n", to_json_text(*report));
  return {};
}

}  // namespace croft
