// Logging in and out, and tokens.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "app/auth/actor.h"
#include "app/auth/login_limiter.h"
#include "app/auth/password.h"
#include "app/auth/rate_limiter.h"
#include "store/store.h"
#include "task/pool.h"

namespace croft {

inline constexpr Millis kSetupTokenLife{15 * 60'000};
inline constexpr Millis kSessionLife{90ll * 24 * 3600 * 1000};
inline constexpr Millis kLongestTokenLife{3650ll * 24 * 3600 * 1000};

// Where a request without credentials comes from.
struct Caller {
  std::string peer;
  std::string request_id;
};

struct LoginInput {
  std::string user;
  Secret password;
  std::string token_name;
  std::optional<std::int64_t> expires_in_s;  // default kSessionLife
};

struct LoginOutput {
  Secret token;  // shown this once
  Token info;
  User user;
};

struct CreateTokenInput {
  std::string name;
  std::vector<TokenScope> scopes;            // empty: read
  std::string project;                       // name or id; empty: every project of the user
  std::optional<std::int64_t> expires_in_s;  // nullopt: as the token used, if that expires
};

class Auth {
 public:
  // Everything must outlive it. At most a few passwords are checked at once (they take memory).
  Auth(Store& store, Pool& pool, Clock& clock, Random& random, PasswordCost cost);

  Task<Result<bool>> setup_needed();
  // For the installer to print: a new one-time token, valid kSetupTokenLife; nullopt once there is
  // a user.
  Task<Result<std::optional<Secret>>> issue_setup_token();
  // Makes the owner. kUnauthenticated: wrong, used or expired token. kConflict: there is a user.
  Task<Result<LoginOutput>> set_up(Secret setup_token, LoginInput input, Caller caller);

  // kUnauthenticated for an unknown user as for a wrong password, after the same time;
  // kRateLimited after too many attempts.
  Task<Result<LoginOutput>> log_in(LoginInput input, Caller caller);
  // How long a rate-limited caller should wait.
  Millis retry_after(const std::string& user, const std::string& peer);

  // kUnauthenticated: unknown, revoked or expired.
  Task<Result<Actor>> authenticate(Secret token, Caller caller);
  Task<Status> log_out(const Actor& actor);

  // kForbidden: more than the token used may do, or longer than it lives.
  Task<Result<LoginOutput>> create_token(const Actor& actor, CreateTokenInput input);
  Task<Result<Paged<Token>>> list_tokens(const Actor& actor, Page page);
  Task<Status> revoke_token(const Actor& actor, TokenId id);

  // The one audit entry of a request that was refused; `actor` null: nobody known.
  Task<void> audit_refusal(const Actor* actor, Caller caller, std::string action, Error error);
  // Somebody was held up by a rate limit at `path` (log-in, set-up): counted, and audited at most
  // once a minute for each address, so that a flood does not become one of the trail.
  Task<void> audit_rate_limit(Caller caller, std::string path);
  // Refusals since the start, for metrics.
  std::int64_t rate_limited() const { return rate_limited_; }
  std::int64_t failed_logins() const { return failed_logins_; }

 private:
  Result<LoginOutput> open_session(Tx& tx, const User& user, const LoginInput& input,
                                   const Secret& token) const;
  Task<Result<bool>> check_password(const LoginInput& input, std::optional<Secret> hash);

  Store& store_;
  Pool& pool_;
  Clock& clock_;
  Random& random_;
  PasswordCost cost_;
  LoginLimiter limiter_;
  RateLimiter audited_;                            // by address
  std::map<std::string, std::int64_t> unaudited_;  // by address, since its last entry
  std::int64_t rate_limited_ = 0;
  std::int64_t failed_logins_ = 0;
  int checking_ = 0;
  std::optional<Secret> nobody_hash_;  // checked for unknown users, so that they take as long
};

}  // namespace croft
