#include "cli/interrupt.h"

#include <unistd.h>

#include <array>
#include <atomic>

namespace croft::cli {
namespace {

// What the handler reads. Signals are blocked while these change.
std::array<char, 512> message_text{};
std::size_t message_length = 0;
termios saved_mode{};
int changed_terminal = -1;

// Only calls that are allowed in a signal handler.
void handle(int number) {
  if (changed_terminal >= 0) ::tcsetattr(changed_terminal, TCSANOW, &saved_mode);
  [[maybe_unused]] const auto n = ::write(STDERR_FILENO, message_text.data(), message_length);
  ::_exit(128 + number);
}

sigset_t handled_signals() {
  sigset_t set;
  sigemptyset(&set);
  for (const int number : {SIGINT, SIGTERM, SIGHUP}) sigaddset(&set, number);
  return set;
}

class Blocked {
 public:
  Blocked() {
    const sigset_t set = handled_signals();
    ::pthread_sigmask(SIG_BLOCK, &set, &previous_);
  }
  Blocked(const Blocked&) = delete;
  ~Blocked() { ::pthread_sigmask(SIG_SETMASK, &previous_, nullptr); }

 private:
  sigset_t previous_;
};

void set_message(const std::string& message) {
  const Blocked blocked;
  message_length = message.copy(message_text.data(), message_text.size());
}

}  // namespace

void exit_on_interrupt() {
  struct sigaction action = {};
  action.sa_handler = handle;
  action.sa_mask = handled_signals();
  for (const int number : {SIGINT, SIGTERM, SIGHUP}) {
    struct sigaction before = {};
    ::sigaction(number, nullptr, &before);
    // Somebody (nohup, a script's background job) wants it ignored.
    if (before.sa_handler != SIG_IGN) ::sigaction(number, &action, nullptr);
  }
}

InterruptMessage::InterruptMessage(const std::string& message)
    : previous_(message_text.data(), message_length) {
  set_message(message);
}

InterruptMessage::~InterruptMessage() {
  set_message(previous_);
}

TerminalMode::TerminalMode(int fd, TerminalInput input) {
  const Blocked blocked;
  if (changed_terminal >= 0 || ::tcgetattr(fd, &saved_mode) != 0) return;
  termios mode = saved_mode;
  if (input == TerminalInput::kRaw) {
    ::cfmakeraw(&mode);
  } else {
    mode.c_lflag &= ~static_cast<tcflag_t>(ECHO);
  }
  // What was typed before the question is no answer to it.
  ::tcsetattr(fd, input == TerminalInput::kRaw ? TCSANOW : TCSAFLUSH, &mode);
  changed_terminal = fd;
  on_ = true;
}

TerminalMode::~TerminalMode() {
  if (!on_) return;
  const Blocked blocked;
  ::tcsetattr(changed_terminal, TCSADRAIN, &saved_mode);
  changed_terminal = -1;
}

}  // namespace croft::cli
