// croftd --backup and --restore: an installation's state in and out of one sealed file. Without the
// API: restoring must work when nothing else does, and the key file leaves through no socket.
#pragma once

#include "base/args.h"
#include "base/result.h"
#include "base/secret.h"
#include "store/backup.h"

namespace croft {

// The first line of standard input.
Result<Secret> read_passphrase();

// `--home` and `--backup FILE`; beside a running croftd. Prints the manifest as JSON.
Status run_backup(const Args& args, const Secret& passphrase, const SealCost& cost);
// `--home` and `--restore FILE`, `--confirm` to replace what is there; croftd must not run. Prints
// the report as JSON.
Status run_restore(const Args& args, const Secret& passphrase);

}  // namespace croft
