// The audit trail: who did what, and whether it is as it was written.
#include "api/dto.h"
#include "api/routes.h"
#include "app/read.h"

namespace croft {
namespace {

Task<Result<ApiResponse>> list_audit_route(ApiContext& context, ApiRequest& request) {
  const auto page = request.page();
  if (!page) co_return fail(page.error());
  const auto entries = co_await list_audit(context.app, request.actor(),
                                           request.query("project").value_or(""), *page);
  if (!entries) co_return fail(entries.error());
  boost::json::array items;
  for (const AuditEntry& entry : entries->items) items.push_back(audit_json(entry));
  co_return json_response(200, page_json(std::move(items), entries->next));
}

Task<Result<ApiResponse>> verify_audit_route(ApiContext& context, ApiRequest& request) {
  const auto verdict = co_await verify_audit(context.app, request.actor());
  if (!verdict) co_return fail(verdict.error());
  co_return json_response(200, to_json(*verdict));
}

}  // namespace

void add_audit_routes(Router& router, ApiContext& context) {
  const std::string prefix(kApiPrefix);
  router.add({"GET", prefix + "/audit", Access::kRead, BodyKind::kNone,
              bind_route(context, list_audit_route)});
  router.add({"GET", prefix + "/audit/verification", Access::kAdmin, BodyKind::kNone,
              bind_route(context, verify_audit_route)});
}

}  // namespace croft
