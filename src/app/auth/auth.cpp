#include "app/auth/auth.h"

#include <fmt/format.h>

#include <algorithm>

#include "app/resolve.h"
#include "base/log.h"
#include "model/variable.h"
#include "store/audit.h"
#include "store/projects.h"
#include "store/tokens.h"
#include "store/users.h"

namespace croft {
namespace {

constexpr int kMaxChecking = 4;  // each takes PasswordCost::memory_bytes
constexpr RequestRate kAuditedRate{.per_second = 1.0 / 60, .burst = 1};
constexpr Millis kTouchEvery{60'000};

tl::unexpected<Error> wrong_login() {
  return fail(ErrorCode::kUnauthenticated,
              "user name or password is wrong; check both and try again");
}

tl::unexpected<Error> bad_token() {
  return fail(ErrorCode::kUnauthenticated,
              "the token is unknown, revoked or expired; log in again (`croft login`)");
}

tl::unexpected<Error> set_up_already() {
  return fail(ErrorCode::kConflict, "croft is set up already; log in with a user's name");
}

Status check_new_user(const LoginInput& input) {
  if (!valid_user_name(input.user)) {
    return fail(Error(ErrorCode::kInvalid, "the user name is not a valid one")
                    .with_field({"/user",
                                 "1 to 64 letters, digits and . _ @ + -, starting with a letter or "
                                 "digit"}));
  }
  const std::size_t size = input.password.reveal().size();
  if (size < kMinPassword || size > kMaxPassword) {
    return fail(Error(ErrorCode::kInvalid, "the password is too short or too long")
                    .with_field({"/password",
                                 fmt::format("{} to {} characters", kMinPassword, kMaxPassword)}));
  }
  return {};
}

Scope scope_of(const User& user, const Token& token, std::vector<ProjectId> member_of) {
  if (token.project_id.empty()) {
    return user.role == UserRole::kOwner ? Scope::owner(user.id)
                                         : Scope::of(user.id, std::move(member_of));
  }
  const bool allowed =
      user.role == UserRole::kOwner ||
      std::find(member_of.begin(), member_of.end(), token.project_id) != member_of.end();
  return Scope::of(user.id, allowed ? std::vector{token.project_id} : std::vector<ProjectId>());
}

// Decrements when the check is over, however it ends.
class Counted {
 public:
  explicit Counted(int& count) : count_(count) { ++count_; }
  Counted(const Counted&) = delete;
  ~Counted() { --count_; }

 private:
  int& count_;
};

Status append_login_audit(Tx& tx, const User& user, const Caller& caller, const char* action) {
  return append_audit(tx, Scope::platform(),
                      {.user_id = user.id,
                       .actor = user.name,
                       .action = action,
                       .object = "user " + user.name,
                       .peer = caller.peer,
                       .request_id = caller.request_id});
}

}  // namespace

Auth::Auth(Store& store, Pool& pool, Clock& clock, Random& random, PasswordCost cost)
    : store_(store),
      pool_(pool),
      clock_(clock),
      random_(random),
      cost_(cost),
      limiter_(clock),
      audited_(clock) {}

Task<Result<bool>> Auth::setup_needed() {
  const auto users =
      co_await store_.read([](const Tx& tx) { return count_users(tx, Scope::platform()); });
  if (!users) co_return fail(users.error());
  co_return *users == 0;
}

Task<Result<std::optional<Secret>>> Auth::issue_setup_token() {
  const Secret token = make_token(random_);
  const std::string hash = sha256_hex(token.reveal());
  const auto issued = co_await store_.write([&](Tx& tx) -> Result<bool> {
    const auto users = count_users(tx, Scope::platform());
    if (!users) return fail(users.error());
    if (*users > 0) return false;
    CROFT_TRY(set_setup_token(tx, Scope::platform(), hash, tx.now() + kSetupTokenLife));
    return true;
  });
  if (!issued) co_return fail(issued.error());
  co_return *issued ? std::optional<Secret>(token) : std::nullopt;
}

Result<LoginOutput> Auth::open_session(Tx& tx, const User& user, const LoginInput& input,
                                       const Secret& token) const {
  const Millis life = input.expires_in_s ? std::clamp(Millis(*input.expires_in_s * 1000),
                                                      Millis(60'000), kSessionLife)
                                         : kSessionLife;
  auto info = croft::create_token(tx, Scope::platform(),
                                  {.user_id = user.id,
                                   .kind = TokenKind::kSession,
                                   .name = input.token_name.empty() ? "login" : input.token_name,
                                   .hint = token_hint(token),
                                   .hash = sha256_hex(token.reveal()),
                                   .scopes = {TokenScope::kAdmin},
                                   .expires_at = tx.now() + life});
  if (!info) return fail(std::move(info).error());
  return LoginOutput{token, std::move(*info), user};
}

Task<Result<LoginOutput>> Auth::set_up(Secret setup_token, LoginInput input, Caller caller) {
  CROFT_CO_TRY(check_new_user(input));
  const auto needed = co_await setup_needed();
  if (!needed) co_return fail(needed.error());
  if (!*needed) co_return set_up_already();
  const std::string account = "(setup) " + caller.peer;  // nobody holds up another's setup
  if (limiter_.wait_for(account, caller.peer) > Millis(0)) {
    co_return fail(ErrorCode::kRateLimited, "too many attempts to set up; wait a little");
  }
  limiter_.attempt(account, caller.peer);
  const std::string hash = sha256_hex(setup_token.reveal());
  const auto hashed = co_await run_blocking(
      pool_, [&password = input.password, cost = cost_] { return hash_password(password, cost); });
  if (!hashed) co_return fail(hashed.error());
  const Secret token = make_token(random_);
  auto made = co_await store_.write([&](Tx& tx) -> Result<LoginOutput> {
    const Scope all = Scope::platform();
    const auto users = count_users(tx, all);
    if (!users) return fail(users.error());
    if (*users > 0) return set_up_already();
    const auto right = use_setup_token(tx, all, hash);
    if (!right) return fail(right.error());
    if (!*right) {
      return fail(ErrorCode::kUnauthenticated,
                  "the setup token is wrong or has expired; restart croftd to get a new one");
    }
    const auto user = create_user(
        tx, all, {.name = input.user, .role = UserRole::kOwner, .password_hash = *hashed});
    if (!user) return fail(user.error());
    CROFT_TRY(append_login_audit(tx, *user, caller, "setup"));
    return open_session(tx, *user, input, token);
  });
  if (made) limiter_.succeeded(account, caller.peer);
  co_return made;
}

Task<Result<bool>> Auth::check_password(const LoginInput& input, std::optional<Secret> hash) {
  if (checking_ >= kMaxChecking) {
    co_return fail(ErrorCode::kRateLimited, "many people log in right now; try again in a moment");
  }
  const Counted counted(checking_);
  const bool known = hash.has_value();
  if (!nobody_hash_) {  // also for known users, so that the first check tells nothing
    const Secret nobody = make_token(random_);
    auto made = co_await run_blocking(
        pool_, [&nobody, cost = cost_] { return hash_password(nobody, cost); });
    if (!made) co_return fail(std::move(made).error());
    nobody_hash_ = std::move(*made);
  }
  const Secret& against = known ? *hash : *nobody_hash_;
  const bool right = co_await run_blocking(pool_, [&password = input.password, copy = against] {
    return password.reveal().size() <= kMaxPassword && verify_password(password, copy);
  });
  co_return known&& right;
}

Task<Result<LoginOutput>> Auth::log_in(LoginInput input, Caller caller) {
  const std::string account = folded_key(input.user);
  if (account.size() > 64 || limiter_.wait_for(account, caller.peer) > Millis(0)) {
    if (account.size() > 64) co_return wrong_login();
    co_return fail(ErrorCode::kRateLimited, "too many attempts to log in; wait a little");
  }
  limiter_.attempt(account, caller.peer);
  const auto found = co_await store_.read(
      [&](const Tx& tx) { return get_user_by_name(tx, Scope::platform(), account); });
  if (!found && found.error().code() != ErrorCode::kNotFound) co_return fail(found.error());
  std::optional<Secret> hash;
  if (found) hash = found->password_hash;
  const auto right = co_await check_password(input, std::move(hash));
  if (!right) co_return fail(right.error());
  if (!*right) {
    ++failed_logins_;
    co_return wrong_login();
  }
  limiter_.succeeded(account, caller.peer);
  const Secret token = make_token(random_);
  co_return co_await store_.write([&](Tx& tx) -> Result<LoginOutput> {
    CROFT_TRY(append_login_audit(tx, found->user, caller, "login"));
    return open_session(tx, found->user, input, token);
  });
}

Millis Auth::retry_after(const std::string& user, const std::string& peer) {
  return std::max(Millis(1000), limiter_.wait_for(folded_key(user), peer));
}

Task<Result<Actor>> Auth::authenticate(Secret token, Caller caller) {
  if (!token.reveal().starts_with(kTokenPrefix)) co_return bad_token();
  const std::string hash = sha256_hex(token.reveal());
  TokenId expired;
  auto actor = co_await store_.read([&](const Tx& tx) -> Result<Actor> {
    const Scope all = Scope::platform();
    auto stored = get_token_by_hash(tx, all, hash);
    if (!stored && stored.error().code() == ErrorCode::kNotFound) return bad_token();
    if (!stored) return fail(std::move(stored).error());
    if (stored->revoked_at) return bad_token();
    if (stored->expires_at && *stored->expires_at <= tx.now()) {
      expired = stored->id;
      return bad_token();
    }
    auto user = get_user(tx, all, stored->user_id);
    if (!user) return fail(std::move(user).error());
    auto projects = member_projects(tx, all, user->id);
    if (!projects) return fail(std::move(projects).error());
    Scope scope = scope_of(*user, *stored, std::move(*projects));
    return Actor{std::move(*user), std::move(*stored), std::move(scope), {}, {}};
  });
  if (!expired.empty()) {
    // Expired once is expired for good, also when the clock is put back.
    const Status revoked = co_await store_.write(
        [&](Tx& tx) { return croft::revoke_token(tx, Scope::platform(), expired); });
    if (!revoked) log_warning("token not revoked", {{"error", revoked.error().describe()}});
  }
  if (!actor) co_return actor;
  actor->peer = std::move(caller.peer);
  actor->request_id = std::move(caller.request_id);
  const auto& last = actor->token.last_used_at;
  const Timestamp now = clock_.now();
  if (!last || now - *last >= kTouchEvery) {
    const TokenId id = actor->token.id;
    const Status touched = co_await store_.write(
        [id, now](Tx& tx) { return touch_token(tx, Scope::platform(), id, now); });
    if (!touched) log_warning("token not touched", {{"error", touched.error().describe()}});
  }
  co_return actor;
}

Task<Status> Auth::log_out(const Actor& actor) {
  co_return co_await store_.write([&](Tx& tx) -> Status {
    CROFT_TRY(croft::revoke_token(tx, actor.scope, actor.token.id));
    return audit_done(tx, actor, "logout", {}, "user " + actor.user.name);
  });
}

Task<Result<LoginOutput>> Auth::create_token(const Actor& actor, CreateTokenInput input) {
  if (input.name.empty() || input.name.size() > 64 || !is_valid_utf8(input.name)) {
    co_return fail(Error(ErrorCode::kInvalid, "the token needs a name")
                       .with_field({"/name", "1 to 64 characters"}));
  }
  if (input.scopes.empty()) input.scopes = {TokenScope::kRead};
  const TokenScope asked = *std::max_element(input.scopes.begin(), input.scopes.end());
  if (actor.token.scopes.empty() || asked > highest_scope(actor.token)) {
    co_return fail(ErrorCode::kForbidden,
                   fmt::format("token {}: the scope {} is more than the token used has", input.name,
                               enum_to_string(asked)));
  }
  std::optional<Timestamp> expires =
      actor.token.kind == TokenKind::kSession ? std::nullopt : actor.token.expires_at;
  if (input.expires_in_s) {
    const Millis life =
        std::min(Millis(std::clamp<std::int64_t>(*input.expires_in_s, 60, 1ll << 40) * 1000),
                 kLongestTokenLife);
    const Timestamp wanted = clock_.now() + life;
    if (expires && wanted > *expires) {
      co_return fail(ErrorCode::kForbidden,
                     fmt::format("token {}: it would outlive the token used, which expires at {}",
                                 input.name, format_rfc3339(*expires)));
    }
    expires = wanted;
  }
  const Secret token = make_token(random_);
  co_return co_await store_.write([&](Tx& tx) -> Result<LoginOutput> {
    ProjectId project = actor.token.project_id;
    if (!input.project.empty()) {
      const auto found = find_project(tx, actor.scope, input.project);
      if (!found) return fail(found.error());
      project = found->id;
    }
    auto info = croft::create_token(tx, actor.scope,
                                    {.user_id = actor.user.id,
                                     .kind = TokenKind::kPersonal,
                                     .name = input.name,
                                     .hint = token_hint(token),
                                     .hash = sha256_hex(token.reveal()),
                                     .scopes = input.scopes,
                                     .project_id = project,
                                     .expires_at = expires});
    if (!info) return fail(std::move(info).error());
    CROFT_TRY(audit_done(tx, actor, "token.create", project, "token " + input.name));
    return LoginOutput{token, std::move(*info), actor.user};
  });
}

Task<Result<Paged<Token>>> Auth::list_tokens(const Actor& actor, Page page) {
  co_return co_await store_.read(
      [&](const Tx& tx) { return croft::list_tokens(tx, actor.scope, actor.user.id, page); });
}

// Of this user only, whoever the scope shows: nobody revokes another's token by its id.
Task<Status> Auth::revoke_token(const Actor& actor, TokenId id) {
  co_return co_await store_.write([&](Tx& tx) -> Status {
    const Scope own = Scope::of(actor.user.id, {});
    const auto token = get_token(tx, own, id);
    if (!token) return fail(token.error());
    CROFT_TRY(croft::revoke_token(tx, own, id));
    return audit_done(tx, actor, "token.revoke", token->project_id, "token " + token->name);
  });
}

Task<void> Auth::audit_refusal(const Actor* actor, Caller caller, std::string action, Error error) {
  AuditEntry entry{.action = std::move(action),
                   .result = AuditResult::kDenied,
                   .reason = error.message(),
                   .peer = std::move(caller.peer),
                   .request_id = std::move(caller.request_id)};
  if (actor != nullptr) {
    entry.user_id = actor->user.id;
    entry.actor = actor->user.name;
    entry.token_id = actor->token.id;
  }
  const Status written =
      co_await store_.write([&](Tx& tx) { return append_audit(tx, Scope::platform(), entry); });
  if (!written) log_error("a refusal was not audited", {{"error", written.error().describe()}});
}

Task<void> Auth::audit_rate_limit(Caller caller, std::string path) {
  ++rate_limited_;
  if (audited_.take(caller.peer, kAuditedRate) > Millis(0)) {
    if (unaudited_.size() < RateLimiter::kMaxKeys) ++unaudited_[caller.peer];
    co_return;
  }
  const std::int64_t before = std::exchange(unaudited_[caller.peer], 0);
  unaudited_.erase(caller.peer);
  Error error(ErrorCode::kRateLimited, "too many attempts");
  if (before > 0) {
    error = Error(ErrorCode::kRateLimited,
                  fmt::format("too many attempts; {} more since the last entry", before));
  }
  co_await audit_refusal(nullptr, std::move(caller), "rate limit " + path, std::move(error));
}

}  // namespace croft
