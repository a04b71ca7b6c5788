// Group: owns child tasks. Nothing in croft is detached from one.
#pragma once

#include <list>
#include <memory>
#include <string>

#include "task/task.h"

namespace croft {

class Group {
 public:
  explicit Group(Runtime& runtime);
  Group(const Group&) = delete;
  // A group must be joined (or never used) before it is destroyed.
  ~Group();

  // Starts a child. `name` is for the log when it ends with an exception (which is our bug).
  void spawn(std::string name, Task<void> task);

  // Cancels all children: their pending waits return at once.
  void cancel();
  // Ends when the last child has ended.
  Task<void> join();

  std::size_t size() const;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace croft
