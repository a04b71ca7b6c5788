#include "reconcile/failpoints.h"

#include <csignal>
#include <sstream>

#include "base/log.h"

namespace croft {

std::string failpoint_name(const std::string& kind, const std::string& step, Moment moment) {
  return kind + "/" + step + (moment == Moment::kBefore ? "/before" : "/after");
}

NamedFailpoints::NamedFailpoints(const std::string& names) {
  std::istringstream stream(names);
  for (std::string name; std::getline(stream, name, ',');) names_.insert(name);
}

void NamedFailpoints::pass(const Process& process, const std::string& step, Moment moment) {
  const std::string name = failpoint_name(process.kind, step, moment);
  if (!names_.contains(name)) return;
  log_error("ending at the failpoint", {{"name", name}, {"process", process.id.str()}});
  ::raise(SIGKILL);
}

bool NamedFailpoints::fails(const Process& process, const std::string& step) {
  return names_.contains(process.kind + "/" + step + "/fail");
}

}  // namespace croft
