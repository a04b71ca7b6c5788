// Ctrl-C, SIGTERM and a terminal that hangs up: said, cleaned up after, and exit 128 + signal.
#pragma once

#include <signal.h>
#include <termios.h>

#include <string>

namespace croft::cli {

// From now on SIGINT ends the program with exit code 130 (and SIGTERM with 143, SIGHUP with 129)
// instead of by the signal; a terminal whose mode was changed gets its old one back. Called once.
void exit_on_interrupt();

// While it lives, an interrupt says `message` on standard error first. They nest.
class InterruptMessage {
 public:
  explicit InterruptMessage(const std::string& message);
  InterruptMessage(const InterruptMessage&) = delete;
  ~InterruptMessage();

 private:
  std::string previous_;
};

enum class TerminalInput : unsigned char {
  kHidden,  // lines, without echo
  kRaw,     // every key as it is typed, Ctrl-C too
};

// Another mode of the terminal `fd` for its lifetime; nothing when `fd` is none. One at a time.
class TerminalMode {
 public:
  TerminalMode(int fd, TerminalInput input);
  TerminalMode(const TerminalMode&) = delete;
  ~TerminalMode();

 private:
  bool on_ = false;
};

}  // namespace croft::cli
