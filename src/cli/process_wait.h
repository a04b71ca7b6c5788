// Following processes: progress on standard error until they have ended.
#pragma once

#include <boost/json/value.hpp>
#include <optional>
#include <string>

#include "cli/session.h"

namespace croft::cli {

struct WaitOptions {
  bool follow_log = false;        // show what the process says, not only its steps
  std::optional<Millis> timeout;  // then exit 7; the process goes on
};

// Waits until the process has ended and returns it as the server told it. A server that is away for
// a while (an upgrade, a crash) is waited for: processes survive it. Ctrl-C detaches: the process
// goes on, and how to follow it is said.
Outcome<boost::json::value> wait_for_process(Session& session, const std::string& id,
                                             const WaitOptions& options);

// The process with `version`, `url` and `status` on its top level, as `croft deploy --json` prints
// it.
boost::json::value process_summary(const boost::json::value& process);

// Exit 0 for a finished process; otherwise a failure that names step, exit code and last lines.
// Deployments that failed or were canceled end with exit 6.
Outcome<void> judge_process(Session& session, const ApiProcess& process);

// For commands that started a process: with --detach prints its id, otherwise waits, prints the
// process with --json, or `done` on standard error, and judges it.
Outcome<void> finish_process(Session& session, const Args& args, const boost::json::value& process,
                             const std::string& done);

// --timeout as a duration; a usage failure when it is none.
Outcome<std::optional<Millis>> timeout_of(const Args& args);

// "shop/api", "shop", or "the platform".
std::string subject_of(const ApiProcess& process);

}  // namespace croft::cli
