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
  // Aborts while children are left, so an owner whose task may be cancelled puts its work into
  // run().
  ~Group();

  // Runs the owner's own part. However that ends (returning, by an exception, because the owner's
  // task was cancelled), the children are cancelled and waited for; only then does the exception go
  // on. `body` may spawn children, and may refer to what outlives the group.
  Task<void> run(Task<void> body);

  // Starts a child. `name` is for the log when it ends with an exception (which is our bug).
  void spawn(std::string name, Task<void> task);

  // Cancels all children: their pending waits return at once.
  void cancel();
  // Ends when the last child has ended. Being cancelled while it waits, it cancels the children,
  // goes on waiting and does not throw. (A `co_await` of a task that was cancelled before throws in
  // the caller, whatever is awaited: that is what run() is for.)
  Task<void> join();

  std::size_t size() const;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace croft
