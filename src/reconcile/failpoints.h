// Failpoints: the named places between the steps of processes where croftd may die, so that tests
// can make it die exactly there. The executor passes every one of them; no step can lack one.
#pragma once

#include <set>
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
  // Whether a step that has ended well is to count as failed, so that undoing can be reached.
  virtual bool fails(const Process&, const std::string&) { return false; }
};

// Of CROFT_FAILPOINT: names with commas between them, or nothing. Ends the program at once, as
// SIGKILL would, when a named point is passed; "deploy/ready/fail" makes that step fail.
class NamedFailpoints final : public Failpoints {
 public:
  explicit NamedFailpoints(const std::string& names);
  void pass(const Process& process, const std::string& step, Moment moment) override;
  bool fails(const Process& process, const std::string& step) override;

 private:
  std::set<std::string> names_;
};

}  // namespace croft
