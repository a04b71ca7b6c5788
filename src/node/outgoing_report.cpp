#include "node/outgoing_report.h"

#include "base/described.h"

namespace croft::node {

bool OutgoingReport::set(NodeObserved observed) {
  observed.life = life_;
  observed.sequence = latest_.sequence;
  if (!body_.empty() && same(observed, latest_)) return false;
  ++observed.sequence;
  body_ = to_json_text(observed);
  latest_ = std::move(observed);
  return true;
}

}  // namespace croft::node
