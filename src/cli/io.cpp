#include "cli/io.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>

#include "base/spawn.h"
#include "cli/interrupt.h"

extern char** environ;

namespace croft::cli {
namespace {

constexpr std::size_t kMaxInput = 1u << 20;

void write_fd(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t n = ::write(fd, text.data(), text.size());
    if (n < 0 && errno == EINTR) continue;
    // The reader has gone (`croft logs | head`): nothing is left to do, and nobody to tell.
    if (n <= 0) ::_exit(1);
    text.remove_prefix(static_cast<std::size_t>(n));
  }
}

std::optional<std::string> read_line_fd() {
  std::string line;
  char c = 0;
  while (line.size() < kMaxInput) {
    const ssize_t n = ::read(STDIN_FILENO, &c, 1);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return line.empty() ? std::nullopt : std::optional(line);
    if (c == '\n') break;
    line.push_back(c);
  }
  if (!line.empty() && line.back() == '\r') line.pop_back();
  return line;
}

std::optional<std::string> read_hidden(const std::string& question) {
  const TerminalMode hidden(STDIN_FILENO, TerminalInput::kHidden);
  write_fd(STDERR_FILENO, question);
  auto line = read_line_fd();
  write_fd(STDERR_FILENO, "\n");
  return line;
}

Result<std::string> read_all_fd() {
  std::string text;
  char buffer[16384];
  for (;;) {
    const ssize_t n = ::read(STDIN_FILENO, buffer, sizeof buffer);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return fail(errno_error("read standard input", errno));
    if (n == 0) return text;
    text.append(buffer, static_cast<std::size_t>(n));
    if (text.size() > kMaxInput) {
      return fail(ErrorCode::kTooLarge, "standard input: more than 1 MiB");
    }
  }
}

void open_browser(const std::string& url) {
  // Failure is no failure: the address has been printed.
  (void)run_program({.argv = {"xdg-open", url}, .timeout = std::chrono::seconds(5)});
}

int terminal_width() {
  winsize size{};
  if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) return size.ws_col;
  return 80;
}

}  // namespace

Io system_io() {
  ::signal(SIGPIPE, SIG_IGN);
  exit_on_interrupt();
  Io io;
  io.out = [](std::string_view text) { write_fd(STDOUT_FILENO, text); };
  io.err = [](std::string_view text) { write_fd(STDERR_FILENO, text); };
  io.read_line = read_line_fd;
  io.read_hidden_line = read_hidden;
  io.read_all = read_all_fd;
  io.open_browser = open_browser;
  io.in_is_terminal = ::isatty(STDIN_FILENO) == 1;
  io.out_is_terminal = ::isatty(STDOUT_FILENO) == 1;
  io.err_is_terminal = ::isatty(STDERR_FILENO) == 1;
  if (io.out_is_terminal) io.width = terminal_width();
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view text(*entry);
    const auto equals = text.find('=');
    if (equals == std::string_view::npos) continue;
    io.env.emplace(text.substr(0, equals), text.substr(equals + 1));
  }
  std::error_code error;
  io.cwd = std::filesystem::current_path(error);
  return io;
}

}  // namespace croft::cli
