#include "reconcile/failpoints.h"

#include <csignal>

#include "base/log.h"

namespace croft {

std::string failpoint_name(const std::string& kind, const std::string& step, Moment moment) {
  return kind + "/" + step + (moment == Moment::kBefore ? "/before" : "/after");
}

void DieAtFailpoint::pass(const Process& process, const std::string& step, Moment moment) {
  if (name_.empty() || failpoint_name(process.kind, step, moment) != name_) return;
  log_error("ending at the failpoint", {{"name", name_}, {"process", process.id.str()}});
  ::raise(SIGKILL);
}

}  // namespace croft
