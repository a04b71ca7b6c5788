// What `croft platform upgrade` and `rollback` start beside a running croft, and what the
// supervisor asks of a release's own croftd: all about the state, nothing through the API.
#pragma once

#include "base/args.h"
#include "base/result.h"
#include "daemon/settings.h"

namespace croft {

// croftd --supervise: until SIGTERM. The exit code.
int run_supervised(const Args& args, const DaemonOptions& options);

// `--upgrade FOLDER` (bin/ and share/ of a release) or `--upgrade-back [--restore]`: waits for the
// end of the trial and prints it as JSON. kUnavailable: no supervisor runs; kConflict: another
// upgrade is under way, or there is nothing to go back to; kFailed: the platform is not ready now,
// or the release did not become ready, and the one before it runs.
Status run_upgrade(const Args& args);

// `--snapshot DIR`, `--restore-snapshot DIR`, `--check-store`: see store/backup.h.
bool is_state_command(const Args& args);
Status run_state_command(const Args& args);

}  // namespace croft
