#include "edge/fake/fake_edge.h"

#include "base/json_codec.h"
#include "plan/edge_config.h"

namespace croft {
namespace {

// As far as Caddy looks at the shape: an object whose apps it has.
bool acceptable(const boost::json::value& config) {
  if (!config.is_object()) return false;
  const auto* apps = config.get_object().if_contains("apps");
  if (apps == nullptr) return true;
  if (!apps->is_object()) return false;
  for (const auto& [name, app] : apps->get_object()) {
    if ((name != "http" && name != "tls" && name != "pki") || !app.is_object()) return false;
  }
  return true;
}

}  // namespace

Task<Status> FakeEdge::apply(std::string config, Millis) {
  if (!available_) co_return fail(ErrorCode::kUnavailable, "configure the edge: it is down");
  const auto json = parse_json(config);
  if (!json || !acceptable(*json)) {
    co_return fail(ErrorCode::kInvalid, "configure the edge: it refused the new configuration");
  }
  if (!same_edge_config(config_, config)) ++changes_;
  config_ = std::move(config);
  co_return Status();
}

Task<Result<std::string>> FakeEdge::current(Millis) {
  if (!available_) co_return fail(ErrorCode::kUnavailable, "read the edge: it is down");
  co_return config_;
}

}  // namespace croft
