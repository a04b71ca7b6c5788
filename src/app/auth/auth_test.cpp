#include "app/auth/auth.h"

#include <gtest/gtest.h>

#include "store/audit.h"
#include "store/projects.h"
#include "store/store_fixture.h"
#include "store/tokens.h"
#include "store/users.h"

namespace croft {
namespace {

constexpr const char* kPassword = "correct horse battery";

// An Actor has no default, which Asio would want of a task that it starts.
Task<void> authenticate_into(Auth& auth, Secret token, Caller caller,
                             std::optional<Result<Actor>>& result) {
  result.emplace(co_await auth.authenticate(std::move(token), std::move(caller)));
}

class AuthTest : public StoreTest {
 protected:
  AuthTest() : StoreTest(StoreKind::kSqliteMemory) {}

  template <class T>
  T run(Task<T> task) {
    return runtime_.run_until_done(std::move(task));
  }
  LoginOutput set_up() {
    const Secret token = must(run(auth_.issue_setup_token())).value();
    return must(run(auth_.set_up(token, login("ann", kPassword), caller_)));
  }
  static LoginInput login(const std::string& user, const std::string& password) {
    return {.user = user, .password = Secret(password)};
  }
  Result<Actor> authenticate(const Secret& token) {
    std::optional<Result<Actor>> result;
    run(authenticate_into(auth_, token, caller_, result));
    return *result;
  }
  ErrorCode login_error(const std::string& user, const std::string& password,
                        const std::string& peer) {
    return run(auth_.log_in(login(user, password), {.peer = peer})).error().code();
  }
  Actor member(const std::string& name, std::vector<TokenScope> scopes, ProjectId project) {
    const Secret token = make_token(random_);
    must(write([&](Tx& tx) -> Status {
      const auto user = create_user(tx, Scope::platform(), {.name = name});
      if (!user) return fail(user.error());
      CROFT_TRY(create_token(tx, Scope::platform(),
                             {.user_id = user->id,
                              .name = name,
                              .hash = sha256_hex(token.reveal()),
                              .scopes = scopes,
                              .project_id = project}));
      return {};
    }));
    return must(authenticate(token));
  }

  Pool pool_{2};
  // The cheapest that libsodium allows.
  Auth auth_{store(), pool_, clock_, random_, {.passes = 1, .memory_bytes = 8192}};
  Caller caller_{.peer = "192.0.2.1", .request_id = "r1"};
};

TEST_F(AuthTest, TheSetupTokenMakesTheOwnerOnce) {
  EXPECT_TRUE(must(run(auth_.setup_needed())));
  const Secret token = must(run(auth_.issue_setup_token())).value();
  EXPECT_TRUE(token.reveal().starts_with("croft_"));
  const auto made = must(run(auth_.set_up(token, login("ann", kPassword), caller_)));
  EXPECT_EQ(made.user.role, UserRole::kOwner);
  EXPECT_FALSE(must(run(auth_.setup_needed())));
  EXPECT_FALSE(must(run(auth_.issue_setup_token())).has_value());
  EXPECT_EQ(must(authenticate(made.token)).user.name, "ann");
  EXPECT_EQ(run(auth_.set_up(token, login("bob", kPassword), caller_)).error().code(),
            ErrorCode::kConflict);
}

TEST_F(AuthTest, AWrongOrLateSetupTokenIsRefused) {
  const Secret token = must(run(auth_.issue_setup_token())).value();
  EXPECT_EQ(run(auth_.set_up(make_token(random_), login("ann", kPassword), caller_)).error().code(),
            ErrorCode::kUnauthenticated);
  clock_.advance(kSetupTokenLife + Millis(1));
  EXPECT_EQ(run(auth_.set_up(token, login("ann", kPassword), caller_)).error().code(),
            ErrorCode::kUnauthenticated);
  EXPECT_TRUE(must(run(auth_.setup_needed())));
}

TEST_F(AuthTest, WeakPasswordsAndOddNamesAreRefusedByField) {
  const Secret token = must(run(auth_.issue_setup_token())).value();
  const auto weak = run(auth_.set_up(token, login("ann", "short"), caller_));
  ASSERT_FALSE(weak);
  EXPECT_EQ(weak.error().fields().at(0).pointer, "/password");
  const auto odd = run(auth_.set_up(token, login("an n", kPassword), caller_));
  ASSERT_FALSE(odd);
  EXPECT_EQ(odd.error().fields().at(0).pointer, "/user");
}

TEST_F(AuthTest, LoginRegardlessOfCaseOfTheNameOnly) {
  set_up();
  const auto in = run(auth_.log_in(login("ANN", kPassword), caller_));
  ASSERT_TRUE(in) << in.error().describe();
  EXPECT_EQ(in->info.kind, TokenKind::kSession);
  EXPECT_EQ(*in->info.expires_at - clock_.now(), kSessionLife);
  EXPECT_EQ(login_error("ann", "Correct horse battery", "p1"), ErrorCode::kUnauthenticated);
  EXPECT_EQ(login_error("nobody", kPassword, "p1"), ErrorCode::kUnauthenticated);
}

TEST_F(AuthTest, AnUnknownUserAnswersLikeAWrongPassword) {
  set_up();
  const auto wrong = run(auth_.log_in(login("ann", "wrong password"), {.peer = "p1"}));
  const auto unknown = run(auth_.log_in(login("zoe", "wrong password"), {.peer = "p1"}));
  EXPECT_EQ(wrong.error().describe(), unknown.error().describe());
}

TEST_F(AuthTest, GuessingIsSlowedDownPerPeerAndAccount) {
  set_up();
  for (int i = 0; i < LoginLimiter::kFreeFailures; ++i) {
    EXPECT_EQ(login_error("ann", "wrong password", "evil"), ErrorCode::kUnauthenticated) << i;
  }
  EXPECT_EQ(login_error("ann", kPassword, "evil"), ErrorCode::kRateLimited);
  EXPECT_EQ(login_error("other", kPassword, "evil"), ErrorCode::kRateLimited);
  // Another peer is held up on this account, unless it has logged in before.
  EXPECT_EQ(login_error("ann", kPassword, "elsewhere"), ErrorCode::kRateLimited);
  clock_.advance(auth_.retry_after("ann", "elsewhere"));
  EXPECT_TRUE(run(auth_.log_in(login("ann", kPassword), {.peer = "elsewhere"})));
}

TEST_F(AuthTest, AnAttackerDoesNotLockTheOwnerOut) {
  set_up();
  ASSERT_TRUE(run(auth_.log_in(login("ann", kPassword), {.peer = "home"})));
  for (int i = 0; i < 30; ++i) login_error("ann", "wrong password", "evil" + std::to_string(i));
  EXPECT_TRUE(run(auth_.log_in(login("ann", kPassword), {.peer = "home"})));
}

TEST(LoginLimiter, WaitsDoubleUpToTheLongestAndAreForgotten) {
  ManualClock clock;
  LoginLimiter limiter(clock);
  Millis before{0};
  for (int i = 0; i < 20; ++i) {
    limiter.attempt("a", "p");
    const Millis wait = limiter.wait_for("a", "p");
    EXPECT_GE(wait, before);
    before = wait;
    clock.advance(wait);
    EXPECT_EQ(limiter.wait_for("a", "p"), Millis(0));
  }
  EXPECT_EQ(before, LoginLimiter::kLongestWait);
  clock.advance(LoginLimiter::kForgetAfter);
  limiter.attempt("a", "p");
  limiter.wait_for("a", "p");
  EXPECT_EQ(limiter.wait_for("b", "p"), limiter.wait_for("a", "p"));
}

TEST_F(AuthTest, TokensAreKeptAsHashesOnly) {
  const auto owner = set_up();
  const auto rows = must(read([](const Tx& tx) {
    return tx.query("SELECT hash, hint, password_hash FROM tokens, users", {});
  }));
  ASSERT_EQ(rows.size(), 1u);
  EXPECT_EQ(rows[0].text(0), sha256_hex(owner.token.reveal()));
  EXPECT_EQ(rows[0].text(1).size(), 10u);
  EXPECT_TRUE(rows[0].text(2).starts_with("$argon2id$"));
}

TEST_F(AuthTest, ExpiredRevokedAndForeignTokensDoNotAuthenticate) {
  const auto owner = set_up();
  const Actor actor = must(authenticate(owner.token));
  EXPECT_EQ(authenticate(Secret("croft_x")).error().code(), ErrorCode::kUnauthenticated);
  EXPECT_EQ(authenticate(Secret("")).error().code(), ErrorCode::kUnauthenticated);
  const auto brief = must(run(auth_.create_token(actor, {.name = "brief", .expires_in_s = 60})));
  EXPECT_TRUE(authenticate(brief.token));
  clock_.advance(Millis(60'001));
  EXPECT_EQ(authenticate(brief.token).error().code(), ErrorCode::kUnauthenticated);
  clock_.jump_wall_clock(Millis(-3'600'000));  // what has expired once stays so
  EXPECT_EQ(authenticate(brief.token).error().code(), ErrorCode::kUnauthenticated);
  clock_.jump_wall_clock(Millis(3'600'000));
  const auto other = must(run(auth_.create_token(actor, {.name = "other"})));
  must(run(auth_.revoke_token(actor, other.info.id)));
  EXPECT_EQ(authenticate(other.token).error().code(), ErrorCode::kUnauthenticated);
  must(run(auth_.log_out(actor)));
  EXPECT_EQ(authenticate(owner.token).error().code(), ErrorCode::kUnauthenticated);
}

TEST_F(AuthTest, AChildTokenIsNeverMoreThanItsParent) {
  const Project shop =
      must(write([](Tx& tx) { return create_project(tx, Scope::platform(), {.name = "shop"}); }));
  must(write([](Tx& tx) { return create_project(tx, Scope::platform(), {.name = "other"}); }));
  const Actor owner = must(authenticate(set_up().token));
  const auto deploy = must(run(auth_.create_token(
      owner,
      {.name = "ci", .scopes = {TokenScope::kDeploy}, .project = "shop", .expires_in_s = 3600})));
  const Actor ci = must(authenticate(deploy.token));
  EXPECT_EQ(ci.token.project_id, shop.id);
  const auto child = [&](CreateTokenInput input) {
    return run(auth_.create_token(ci, std::move(input)));
  };
  EXPECT_EQ(child({.name = "x", .scopes = {TokenScope::kWrite}}).error().code(),
            ErrorCode::kForbidden);
  EXPECT_EQ(child({.name = "x", .expires_in_s = 7200}).error().code(), ErrorCode::kForbidden);
  EXPECT_EQ(child({.name = "x", .project = "other"}).error().code(), ErrorCode::kNotFound);
  const auto same = must(child({.name = "x", .scopes = {TokenScope::kDeploy}}));
  EXPECT_EQ(same.info.project_id, shop.id);
  EXPECT_EQ(same.info.expires_at, ci.token.expires_at);
}

TEST_F(AuthTest, NobodyRevokesAnothersToken) {
  const auto owner = set_up();
  const Actor bob = member("bob", {TokenScope::kAdmin}, {});
  EXPECT_EQ(run(auth_.revoke_token(bob, owner.info.id)).error().code(), ErrorCode::kNotFound);
  EXPECT_TRUE(authenticate(owner.token));
}

TEST_F(AuthTest, ScopesOfActors) {
  const Project shop =
      must(write([](Tx& tx) { return create_project(tx, Scope::platform(), {.name = "shop"}); }));
  const Actor bob = member("bob", {TokenScope::kWrite}, {});
  EXPECT_FALSE(bob.scope.sees(shop.id));
  // A token for a project its user is no member of shows nothing.
  const Actor eve = member("eve", {TokenScope::kWrite}, shop.id);
  EXPECT_FALSE(eve.scope.sees(shop.id));
  must(write([&](Tx& tx) { return add_member(tx, Scope::platform(), shop.id, eve.user.id); }));
}

TEST_F(AuthTest, AuthorizeTable) {
  const ProjectId seen = ProjectId::generate(random_);
  const ProjectId unseen = ProjectId::generate(random_);
  const std::vector<Action> all{Action::kRead, Action::kDeploy, Action::kWrite,
                                Action::kCreateProject, Action::kAdmin};
  const auto allowed = [&](UserRole role, std::vector<TokenScope> scopes, ProjectId limit) {
    Actor actor{.user = {.role = role},
                .token = {.scopes = std::move(scopes), .project_id = limit},
                .scope = Scope::of(UserId::generate(random_), {seen})};
    std::string good;
    for (const Action action : all) {
      good += authorize(actor, action, seen) ? "y" : "-";
      EXPECT_EQ(authorize(actor, action, unseen).error().code(), ErrorCode::kNotFound);
    }
    return good;
  };
  EXPECT_EQ(allowed(UserRole::kOwner, {}, {}), "-----");
  EXPECT_EQ(allowed(UserRole::kOwner, {TokenScope::kRead}, {}), "y----");
  EXPECT_EQ(allowed(UserRole::kOwner, {TokenScope::kDeploy}, {}), "yy---");
  EXPECT_EQ(allowed(UserRole::kOwner, {TokenScope::kRead, TokenScope::kWrite}, {}), "yyyy-");
  EXPECT_EQ(allowed(UserRole::kOwner, {TokenScope::kAdmin}, {}), "yyyyy");
  EXPECT_EQ(allowed(UserRole::kOwner, {TokenScope::kAdmin}, seen), "yyy--");
  EXPECT_EQ(allowed(UserRole::kMember, {TokenScope::kAdmin}, {}), "yyyy-");
}

TEST_F(AuthTest, LoginsAndRefusalsAreAudited) {
  const Actor owner = must(authenticate(set_up().token));
  run(auth_.audit_refusal(&owner, caller_, "POST /projects",
                          Error(ErrorCode::kForbidden, "no scope")));
  const auto entries =
      must(read([](const Tx& tx) { return list_audit(tx, Scope::platform(), {}, {}); }));
  ASSERT_EQ(entries.items.size(), 2u);
  EXPECT_EQ(entries.items[0].result, AuditResult::kDenied);
  EXPECT_EQ(entries.items[0].actor, "ann");
  EXPECT_EQ(entries.items[0].peer, "192.0.2.1");
  EXPECT_EQ(entries.items[1].action, "setup");
}

}  // namespace
}  // namespace croft
