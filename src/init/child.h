// Child processes: starting them as the service's user in a group of their own, and reaping all.
#pragma once

#include <sys/types.h>

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "init/environment.h"
#include "init/output.h"
#include "init/user.h"

namespace croft::init {

// 0 to 255 of an exit, 128 + n of signal n.
int exit_code_of(int wait_status);

// "exit code 3", "signal SIGKILL": for people.
std::string describe_end(int wait_status);

// Waits for every child that ends, ours or an orphan that was given to us.
class Reaper {
 public:
  using OnExit = std::function<void(int wait_status)>;

  void expect(pid_t pid, OnExit on_exit) { expected_[pid] = std::move(on_exit); }
  void forget(pid_t pid) { expected_.erase(pid); }  // it is still reaped, nobody is told
  // On SIGCHLD: reaps all that has ended.
  void reap();

 private:
  std::map<pid_t, OnExit> expected_;
};

struct ChildSpec {
  std::vector<std::string> argv;
  std::string workdir;
  const Account* account = nullptr;  // null: what all children of the container run as
  Stream out = Stream::kOut;
  Stream err = Stream::kErr;
};

// What every child of this container shares.
struct ChildContext {
  Loop& loop;
  Reaper& reaper;
  Output& output;
  User user;
  Environment env;
};

class Child {
 public:
  using OnExit = Reaper::OnExit;

  // Forks and executes; the error names what could not be done (workdir missing, program missing,
  // user cannot be taken on). `on_exit` is called once, after the output up to then was relayed.
  static Result<std::unique_ptr<Child>> start(ChildContext& context, const ChildSpec& spec,
                                              OnExit on_exit);
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  ~Child();  // kills the group when the child still runs

  pid_t pid() const { return pid_; }
  bool running() const { return running_; }
  void signal(int number) const;        // the child alone, while it runs
  void signal_group(int number) const;  // it and what it started, also after its end
  // Something of its process group is left (a shell may end before what it started).
  bool group_alive() const;
  std::vector<std::string> last_lines() const { return ring_->lines(); }
  std::string last_line() const { return ring_->last_line(); }

 private:
  explicit Child(ChildContext& context) : context_(context) {}
  void ended(int wait_status, const OnExit& on_exit);

  ChildContext& context_;
  pid_t pid_ = -1;
  bool running_ = false;
  std::shared_ptr<LineRing> ring_ = std::make_shared<LineRing>();
};

// {"/bin/sh", "-c", command}: a command line of the user, run inside their own container.
std::vector<std::string> shell_argv(const std::string& command);

}  // namespace croft::init
