#include "node/outgoing_report.h"

namespace croft::node {

bool OutgoingReport::set(NodeObserved observed) {
  observed.life = life_;
  observed.sequence = 0;
  std::string content = to_json_text(observed);
  if (content == content_) return false;
  content_ = std::move(content);
  observed.sequence = ++sequence_;
  body_ = to_json_text(observed);
  return true;
}

}  // namespace croft::node
