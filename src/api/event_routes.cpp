// Server-sent events (WHATWG HTML §9.2): changes as they happen, from a durable cursor.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "api/dto.h"
#include "api/live.h"
#include "api/routes.h"
#include "app/resolve.h"
#include "store/events.h"

namespace croft {
namespace {

constexpr int kBatch = 200;
constexpr std::size_t kMaxTypes = 50;

struct EventWish {
  ProjectId project;               // empty: all in the scope
  std::vector<std::string> types;  // empty: all
  std::int64_t after = 0;
  bool lost = false;  // what follows the id asked for is not kept any more
};

std::optional<std::int64_t> asked_for(const HttpHeaders& headers) {
  const auto header = headers.find("Last-Event-ID");
  if (!header) return std::nullopt;
  std::int64_t id = 0;
  const char* end = header->data() + header->size();
  const auto parsed = std::from_chars(header->data(), end, id);
  // Not one of ours: then what the client has seen is unknown, as for an id that is too old.
  return parsed.ec == std::errc() && parsed.ptr == end && id >= 0 ? id : -1;
}

Result<EventWish> event_wish(const Tx& tx, const ApiRequest& request,
                             std::optional<std::int64_t> last_seen) {
  const Scope& scope = request.actor().scope;
  EventWish wish;
  if (const auto project = request.query("project")) {
    const auto found = find_project(tx, scope, *project);
    if (!found) return fail(found.error());
    wish.project = found->id;
  }
  wish.types = request.query_all("type");
  if (wish.types.size() > kMaxTypes) {
    return fail(ErrorCode::kInvalid, fmt::format("query parameter `type`: at most {}", kMaxTypes));
  }
  const auto newest = last_event_id(tx, Scope::platform());
  if (!newest) return fail(newest.error());
  const auto oldest = first_event_id(tx, scope);
  if (!oldest) return fail(oldest.error());
  wish.after = last_seen.value_or(*newest);
  wish.lost = wish.after < *oldest - 1 || wish.after > *newest;
  if (wish.lost) wish.after = *newest;
  return wish;
}

std::string event_text(const Event& event) {
  return fmt::format("id: {}\nevent: {}\ndata: {}\n\n", event.id, event.type,
                     boost::json::serialize(event_json(event)));
}

bool wanted(const EventWish& wish, const Event& event) {
  return wish.types.empty() ||
         std::find(wish.types.begin(), wish.types.end(), event.type) != wish.types.end();
}

Task<Status> stream_events(ApiContext& context, ApiRequest& request, LiveAnswer& live,
                           EventWish wish) {
  if (wish.lost) CROFT_CO_TRY(co_await live.write("event: reset\ndata: {}\n\n"));
  while (true) {
    const Scope scope = request.actor().scope;
    const auto events = co_await context.app.store.read(
        [&](const Tx& tx) { return list_events(tx, scope, wish.project, wish.after, kBatch); });
    if (!events) co_return fail(events.error());
    std::string text;
    for (const Event& event : *events) {
      if (wanted(wish, event)) text += event_text(event);
      wish.after = event.id;
    }
    if (!text.empty()) CROFT_CO_TRY(co_await live.write(std::move(text)));
    if (events->size() == static_cast<std::size_t>(kBatch)) continue;
    CROFT_CO_TRY(co_await live.wait(kHeartbeat, ": alive\n\n"));
  }
}

Task<Result<ApiResponse>> events_route(ApiContext& context, ApiRequest& request) {
  const auto last_seen = asked_for(request.exchange().headers());
  LiveAnswer live(context, request);
  CROFT_CO_TRY(live.ok());
  const auto wish = co_await context.app.store.read(
      [&](const Tx& tx) { return event_wish(tx, request, last_seen); });
  if (!wish) co_return fail(wish.error());
  if (!co_await request.start_stream("text/event-stream")) co_return streamed_response();
  // Tells the client at once that it is connected, whatever buffers lie between.
  if (co_await live.write(": connected\n\n")) {
    static_cast<void>(co_await stream_events(context, request, live, *wish));
  }
  static_cast<void>(co_await request.exchange().finish());
  co_return streamed_response();
}

}  // namespace

void add_event_routes(Router& router, ApiContext& context) {
  router.add({"GET", std::string(kApiPrefix) + "/events", Access::kRead, BodyKind::kNone,
              bind_route(context, events_route)});
}

}  // namespace croft
