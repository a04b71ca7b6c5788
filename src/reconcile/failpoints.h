// Failpoints: the named places between the steps of processes where croftd may die, so that tests
// can make it die exactly there. The executor passes every one of them; no step can lack one.
#pragma once

#include <string>

#include "model/process.h"

namespace croft {

enum class Moment : std::uint8_t { kBefore, kAfter };

// Beside the steps of each kind: what puts a failed or cancelled process right.
inline constexpr const char* kUndoStep = "undo";

// "deploy/switch/before": the step is noted in the store and has not begun; "deploy/switch/after":
// it has ended, well or badly, and that is not noted yet.
std::string failpoint_name(const std::string& kind, const std::string& step, Moment moment);

class Failpoints {
 public:
  virtual ~Failpoints() = default;
  // May end the program.
  virtual void pass(const Process& process, const std::string& step, Moment moment) = 0;
};

// Ends the program at once, as SIGKILL would, when the named point is passed for the first time;
// an empty name: never.
class DieAtFailpoint final : public Failpoints {
 public:
  explicit DieAtFailpoint(std::string name) : name_(std::move(name)) {}
  void pass(const Process& process, const std::string& step, Moment moment) override;

 private:
  std::string name_;
};

}  // namespace croft
