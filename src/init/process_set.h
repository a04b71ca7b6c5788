// The service's own processes: started together, ended together.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "init/child.h"
#include "model/init_config.h"

namespace croft::init {

// "start" or "start:NAME", the step of an exit report.
std::string start_step(const InitProcess& process);
// The command line as people know it.
std::string command_text(const InitProcess& process);

class ProcessSet {
 public:
  struct Ended {
    const InitProcess& process;
    int wait_status;
    std::vector<std::string> last_lines;
  };
  // A process ended that was not told to.
  using OnEnd = std::function<void(const Ended& ended)>;

  // `config` outlives the set.
  ProcessSet(ChildContext& context, const InitConfig& config, OnEnd on_end);

  // Starts all; on failure those that were started go on and `failed` (when not null) is the one
  // that could not be.
  Status start(const InitProcess** failed);

  // Sends the stop signal to every group and SIGKILL after stop_timeout_s. `stopped` is called
  // once, from the loop, when nothing of the groups is left. A second call changes nothing.
  void stop(std::function<void()> stopped);
  void kill_now();  // SIGKILL at once; stop() was called before

  // To the first process of each group, as PID 1 would have got it.
  void forward(int signal);

  bool any_running() const;
  // Of the first process: its code, 0 when the signal of stop() ended it; nullopt while it runs or
  // when it was never started.
  std::optional<int> main_exit_code() const;
  // The newest 20 lines of what the processes that run said, in the order of the processes.
  std::vector<std::string> last_lines() const;
  bool killed() const { return killed_; }  // SIGKILL was needed

 private:
  struct Member {
    const InitProcess* process = nullptr;
    std::unique_ptr<Child> child;
    std::optional<int> wait_status;
  };
  Status start_member(Member& member);
  void ended(Member& member, int wait_status);
  void check_stopped();

  ChildContext& context_;
  const InitConfig& config_;
  OnEnd on_end_;
  std::vector<Member> members_;
  std::function<void()> stopped_;
  bool stopping_ = false;
  bool killed_ = false;
  Timer kill_timer_;
  Timer poll_;
};

}  // namespace croft::init
