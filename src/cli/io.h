// What the program sees of the outside besides the network: tests give their own.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace croft::cli {

struct Io {
  std::function<void(std::string_view)> out;  // standard output
  std::function<void(std::string_view)> err;  // standard error
  // The next line of standard input without its end; nullopt at the end of input.
  std::function<std::optional<std::string>()> read_line;
  // The same with the terminal's echo off, which it is before the question is shown.
  std::function<std::optional<std::string>(const std::string& question)> read_hidden_line;
  // Standard input to its end, at most 1 MiB.
  std::function<Result<std::string>()> read_all;
  // Hands a URL to the desktop. Only called when standard output is a terminal.
  std::function<void(const std::string&)> open_browser;

  int in_fd = 0;  // standard input, for exec
  bool in_is_terminal = false;
  bool out_is_terminal = false;
  bool err_is_terminal = false;
  int width = 80;  // columns of the terminal
  std::map<std::string, std::string, std::less<>> env;
  std::filesystem::path cwd;

  std::string variable(std::string_view name) const {
    const auto found = env.find(name);
    return found == env.end() ? std::string() : found->second;
  }
};

// The process's own streams, environment and working directory.
Io system_io();

}  // namespace croft::cli
