// One program that the supervisor keeps.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"

namespace croft::supervise {

// A process of a session of its own, which ends when its parent does. Its output goes to a file.
class Child {
 public:
  Child(std::string name, std::filesystem::path log);
  Child(const Child&) = delete;
  // Kills what still runs.
  ~Child();

  const std::string& name() const { return name_; }
  bool runs() const { return pid_ > 0; }
  pid_t pid() const { return pid_; }

  // kFailed: it cannot be started (an exec that fails shows as exit code 127). Must not run.
  Status start(const std::vector<std::string>& argv);
  // How it has ended, once: the exit code, or 128 + the signal. nullopt: it runs, or never did.
  std::optional<int> take_end();
  void signal(int number) const;

 private:
  std::string name_;
  std::filesystem::path log_;
  pid_t pid_ = -1;
};

}  // namespace croft::supervise
