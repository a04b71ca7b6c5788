#include "api/live.h"

#include <algorithm>
#include <map>
#include <mutex>

namespace croft {
namespace {

// Of all APIs of the program: they share its memory and descriptors.
class OpenAnswers {
 public:
  bool take(const std::string& user) {
    const std::lock_guard lock(mutex_);
    ++all_;
    return ++of_user_[user] <= kMaxLiveAnswersOfUser && all_ <= kMaxLiveAnswers;
  }
  void give_back(const std::string& user) {
    const std::lock_guard lock(mutex_);
    --all_;
    if (--of_user_[user] == 0) of_user_.erase(user);
  }
  bool full() {
    const std::lock_guard lock(mutex_);
    return all_ > kMaxLiveAnswers;
  }

 private:
  std::mutex mutex_;
  int all_ = 0;
  std::map<std::string, int> of_user_;
};

OpenAnswers& open_answers() {
  static OpenAnswers answers;
  return answers;
}

}  // namespace

LiveAnswer::LiveAnswer(ApiContext& context, ApiRequest& request)
    : context_(context),
      request_(request),
      user_(request.actor().user.id.str()),
      counted_(open_answers().take(user_)),
      seen_(context.changes.version()),
      last_write_(context.app.clock.steady()),
      last_check_(last_write_) {}

LiveAnswer::~LiveAnswer() {
  open_answers().give_back(user_);
}

Status LiveAnswer::ok() const {
  if (counted_) return {};
  if (open_answers().full()) {
    return fail(ErrorCode::kUnavailable, "too many streams are open; try again later");
  }
  return fail(ErrorCode::kRateLimited,
              "too many streams of this user are open; close some and try again");
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
  if (context_.app.clock.steady() - last_check_ >= kRecheck) {
    CROFT_CO_TRY(co_await recheck(Action::kRead, {}));
  }
  if (context_.app.clock.steady() - last_write_ < kHeartbeat) co_return Status();
  co_return co_await write(std::move(heartbeat));
}

// The user may see less than when the answer began, or nothing any more.
Task<Status> LiveAnswer::recheck(Action action, ProjectId project) {
  last_check_ = context_.app.clock.steady();
  auto actor = co_await context_.auth.authenticate(request_.bearer_, request_.caller());
  if (!actor) co_return fail(std::move(actor).error());
  request_.actor_ = std::move(*actor);
  co_return authorize(*request_.actor_, action, project);
}

}  // namespace croft
