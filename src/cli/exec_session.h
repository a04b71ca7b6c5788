// One command in a container over a WebSocket: standard input, output and errors, terminal size,
// exit code (api/openapi.json, operation exec).
#pragma once

#include <memory>

#include "cli/session.h"
#include "net/web_socket.h"

namespace croft::cli {

enum class ExecChannel : unsigned char { kInput = 0, kOutput = 1, kErrors = 2, kControl = 3 };

struct ExecOptions {
  bool tty = false;   // local terminal in raw mode, its size sent along
  bool input = true;  // send standard input
};

// Runs until the command has ended and returns its exit code. A connection that breaks before is
// a failure with exit 8: what became of the command is not known.
Outcome<int> run_exec_session(Session& session, Api& api, const HttpRequest& request,
                              const ExecOptions& options);

}  // namespace croft::cli
