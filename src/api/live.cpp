#include "api/live.h"

#include <algorithm>

namespace croft {
namespace {

// Of all APIs of the program: they share its memory and descriptors.
std::atomic<int> open_answers{0};

}  // namespace

LiveAnswer::LiveAnswer(ApiContext& context, ApiRequest& request)
    : context_(context),
      request_(request),
      counted_(++open_answers <= kMaxLiveAnswers),
      seen_(context.changes.version()),
      last_write_(context.app.clock.steady()),
      last_check_(last_write_) {}

LiveAnswer::~LiveAnswer() {
  --open_answers;
}

Status LiveAnswer::ok() const {
  if (counted_) return {};
  return fail(ErrorCode::kUnavailable, "too many streams are open; close some and try again");
}

Task<Status> LiveAnswer::write(std::string text) {
  last_write_ = context_.app.clock.steady();
  co_return co_await request_.exchange().write(std::move(text));
}

Task<Status> LiveAnswer::wait(Millis limit, std::string heartbeat) {
  const Millis quiet = context_.app.clock.steady() - last_write_;
  const Millis pause = std::min({limit, kRecheck, std::max(Millis(1), kHeartbeat - quiet)});
  co_await context_.changes.wait_past(seen_, pause);
  seen_ = context_.changes.version();
  if (context_.app.clock.steady() - last_check_ >= kRecheck) CROFT_CO_TRY(co_await recheck());
  if (context_.app.clock.steady() - last_write_ < kHeartbeat) co_return Status();
  co_return co_await write(std::move(heartbeat));
}

// The user may see less than when the answer began, or nothing any more.
Task<Status> LiveAnswer::recheck() {
  last_check_ = context_.app.clock.steady();
  auto actor = co_await context_.auth.authenticate(request_.bearer_, request_.caller());
  if (!actor) co_return fail(std::move(actor).error());
  request_.actor_ = std::move(*actor);
  co_return authorize(*request_.actor_, Action::kRead, {});
}

}  // namespace croft
