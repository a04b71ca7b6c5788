// The store's contract: processes, variables, users, tokens, events, audit, idempotency.
#include "store/store_contract.h"

namespace croft {
namespace {

class StoreQueue : public StoreContract {};

TEST_P(StoreQueue, ProcessesQueuePerService) {
  const Project p = project("shop");
  const Service api = service(p, "api");
  const Service web = service(p, "web");
  const Process a1 = process(p, api.id, "a1");
  process(p, api.id, "a2");
  process(p, web.id, "w1");
  process(p, {}, "p1");
  process(p, {}, "p2");
  EXPECT_EQ(runnable(), (std::vector<std::string>{"a1", "w1", "p1"}));
  const Process running = move_to(a1, ProcessStatus::kRunning);
  EXPECT_TRUE(running.started_at.has_value());
  EXPECT_FALSE(running.finished_at.has_value());
  EXPECT_EQ(runnable(), (std::vector<std::string>{"w1", "p1"}));
  EXPECT_EQ(must(read([](const Tx& tx) { return active_processes(tx, kPlatform); })).size(), 1u);
  const Process failed = move_to(running, ProcessStatus::kFailed);
  EXPECT_TRUE(failed.finished_at.has_value());
  EXPECT_EQ(runnable(), (std::vector<std::string>{"a2", "w1", "p1"}));
}

TEST_P(StoreQueue, AParentDoesNotHoldUpItsChildren) {
  const Project p = project("shop");
  const Process parent = move_to(process(p, {}, "parent"), ProcessStatus::kRunning);
  process(p, {}, "behind");
  const auto child = must(write([&](Tx& tx) {
    return create_process(tx, kPlatform,
                          {.project_id = p.id, .kind = "child", .parent_id = parent.id});
  }));
  const auto second = must(write([&](Tx& tx) {
    return create_process(tx, kPlatform,
                          {.project_id = p.id, .kind = "second", .parent_id = parent.id});
  }));
  EXPECT_EQ(runnable(), (std::vector<std::string>{"child"}));
  const Process running = move_to(child, ProcessStatus::kRunning);
  EXPECT_EQ(runnable(), (std::vector<std::string>{}));
  // The parent ends first: what waits behind it waits for its child too.
  move_to(parent, ProcessStatus::kFinished);
  EXPECT_EQ(runnable(), (std::vector<std::string>{}));
  move_to(running, ProcessStatus::kFinished);
  EXPECT_EQ(runnable(), (std::vector<std::string>{"behind"}));
  const auto children =
      must(read([&](const Tx& tx) { return child_processes(tx, kPlatform, parent.id); }));
  ASSERT_EQ(children.size(), 2u);
  EXPECT_EQ(children[1].id, second.id);
}

TEST_P(StoreQueue, CancellingWaitsForTheExecutorOnceItRuns) {
  const Project p = project("shop");
  const Process pending = process(p, {}, "x");
  EXPECT_EQ(must(write([&](Tx& tx) { return request_cancel(tx, kPlatform, pending.id); })).status,
            ProcessStatus::kCanceled);
  Process running = move_to(process(p, {}, "y"), ProcessStatus::kRunning);
  EXPECT_EQ(must(write([&](Tx& tx) { return request_cancel(tx, kPlatform, running.id); })).status,
            ProcessStatus::kCanceling);
  // The executor, which has not heard of it, records a step: the request stays.
  running.step = "build";
  running.progress = 40;
  const Process seen = must(write([&](Tx& tx) { return update_process(tx, kPlatform, running); }));
  EXPECT_EQ(seen.status, ProcessStatus::kCanceling);
  EXPECT_EQ(seen.step, "build");
  move_to(seen, ProcessStatus::kCanceled);
  EXPECT_EQ(write([&](Tx& tx) { return update_process(tx, kPlatform, running); }).error().code(),
            ErrorCode::kConflict);

  Process late = process(p, {}, "z");
  late.cancellable = false;
  move_to(late, ProcessStatus::kRunning);
  EXPECT_EQ(write([&](Tx& tx) { return request_cancel(tx, kPlatform, late.id); }).error().code(),
            ErrorCode::kConflict);
}

TEST_P(StoreQueue, AProcessKeepsItsStateAndError) {
  Process p = process(project("shop"), {}, "deploy");
  p.status = ProcessStatus::kFailed;
  p.step = "ready";
  p.step_state = {{"set", "s1"}};
  p.error = ProcessError{.code = "deploy-failed",
                         .message = "exited",
                         .step = "initCommands[0]",
                         .exit_code = 1,
                         .last_lines = {"a", "b"}};
  must(write([&](Tx& tx) { return update_process(tx, kPlatform, p); }));
  const Process back = must(read([&](const Tx& tx) { return get_process(tx, kPlatform, p.id); }));
  EXPECT_EQ(back.step_state.at("set").as_string(), "s1");
  ASSERT_TRUE(back.error);
  EXPECT_EQ(back.error->exit_code, 1);
  EXPECT_EQ(back.error->last_lines.size(), 2u);
}

TEST_P(StoreQueue, AProcessKeepsTheNamesOfWhatIsGone) {
  const Project p = project("shop");
  const Process made = process(p, service(p, "api").id, "deploy");
  must(write([&](Tx& tx) { return delete_project(tx, kPlatform, p.id); }));
  const Process back =
      must(read([&](const Tx& tx) { return get_process(tx, kPlatform, made.id); }));
  EXPECT_EQ(back.project_name, "shop");
  EXPECT_EQ(back.service_name, "api");
}

TEST_P(StoreQueue, AProcessKeepsTheRequestThatStartedIt) {
  const Project p = project("shop");
  const Process made = must(write([&](Tx& tx) {
    return create_process(tx, kPlatform,
                          {.project_id = p.id, .kind = "deploy", .request_id = "r1"});
  }));
  EXPECT_EQ(made.request_id, "r1");
  EXPECT_EQ(move_to(made, ProcessStatus::kRunning).request_id, "r1");
  EXPECT_EQ(process(p, {}, "x").request_id, "");
}

TEST_P(StoreQueue, AProcessShowsItsSteps) {
  Process p = process(project("shop"), {}, "deploy");
  p.status = ProcessStatus::kRunning;
  p.step = "prepare";
  p.steps = {{.name = "prepare"}, {.name = "build"}, {.name = "switch"}};
  p = must(write([&](Tx& tx) { return update_process(tx, kPlatform, p); }));
  ASSERT_EQ(p.steps.size(), 3u);
  EXPECT_EQ(p.steps[0].status, StepStatus::kRunning);
  EXPECT_EQ(p.steps[2].status, StepStatus::kPending);
  clock_.advance(Millis(5000));
  p.step = "build";
  p = must(write([&](Tx& tx) { return update_process(tx, kPlatform, p); }));
  EXPECT_EQ(p.steps[0].status, StepStatus::kFinished);
  EXPECT_EQ(*p.steps[0].finished_at - *p.steps[0].started_at, Millis(5000));
  p.status = ProcessStatus::kFailed;
  p = must(write([&](Tx& tx) { return update_process(tx, kPlatform, p); }));
  EXPECT_EQ(p.steps[1].status, StepStatus::kFailed);
  EXPECT_EQ(p.steps[2].status, StepStatus::kSkipped);
  EXPECT_FALSE(p.steps[2].finished_at);
}

TEST_P(StoreQueue, ChangesAppendEvents) {
  const Project p = project("shop");
  const Service api = service(p, "api");
  for (int i = 0; i < 2; ++i) {  // the second changes nothing
    must(write(
        [&](Tx& tx) { return set_service_status(tx, kPlatform, api.id, ServiceStatus::kActive); }));
  }
  const Process made = process(p, api.id, "deploy");
  move_to(made, ProcessStatus::kRunning);
  std::vector<std::string> types;
  for (const Event& event :
       must(read([&](const Tx& tx) { return list_events(tx, kPlatform, p.id, 0, 100); }))) {
    types.push_back(event.type);
  }
  EXPECT_EQ(types,
            (std::vector<std::string>{"project.created", "service.created", "service.changed",
                                      "process.created", "process.changed"}));
}

TEST_P(StoreQueue, ProcessLogsContinueAfterASequenceNumber) {
  const Process p = process(project("shop"), {}, "x");
  must(write([&](Tx& tx) {
    return append_process_log(tx, kPlatform, p.id, {{.step = "a", .text = "one"}, {.text = "two"}});
  }));
  must(write([&](Tx& tx) { return append_process_log(tx, kPlatform, p.id, {{.text = "three"}}); }));
  const auto rest =
      must(read([&](const Tx& tx) { return process_log(tx, kPlatform, p.id, 1, 100); }));
  ASSERT_EQ(rest.size(), 2u);
  EXPECT_EQ(rest[0].text, "two");
  EXPECT_EQ(rest[1].seq, 3);
}

TEST_P(StoreQueue, ProcessLogsHaveAnEnd) {
  const Process p = process(project("shop"), {}, "x");
  const std::vector<ProcessLogLine> many(kMaxProcessLogLines + 50, {.text = "x"});
  must(write([&](Tx& tx) { return append_process_log(tx, kPlatform, p.id, many); }));
  must(write([&](Tx& tx) { return append_process_log(tx, kPlatform, p.id, many); }));
  const auto end = must(read([&](const Tx& tx) {
    return process_log(tx, kPlatform, p.id, kMaxProcessLogLines - 1, 100);
  }));
  ASSERT_EQ(end.size(), 1u);
  EXPECT_NE(end[0].text, "x");
}

TEST_P(StoreQueue, VariablesAreUniqueRegardlessOfCase) {
  const Project p = project("shop");
  const Service api = service(p, "api");
  const NewVariable wanted{
      .project_id = p.id, .service_id = api.id, .key = "Db_Url", .value = Secret("a$b\n\"ü'")};
  const Variable made = must(write([&](Tx& tx) { return set_variable(tx, kPlatform, wanted); }));
  EXPECT_EQ(made.value.reveal(), "a$b\n\"ü'");
  NewVariable other_case = wanted;
  other_case.key = "DB_URL";
  EXPECT_EQ(write([&](Tx& tx) { return set_variable(tx, kPlatform, other_case); }).error().code(),
            ErrorCode::kConflict);
  NewVariable replaced = wanted;
  replaced.value = Secret("2");
  const Variable second =
      must(write([&](Tx& tx) { return set_variable(tx, kPlatform, replaced); }));
  EXPECT_EQ(second.id, made.id);
  EXPECT_EQ(second.value.reveal(), "2");
  EXPECT_EQ(second.generation, 2);
  // The same key on the project is another variable.
  NewVariable of_project = wanted;
  of_project.service_id = {};
  of_project.key = "db_url";
  must(write([&](Tx& tx) { return set_variable(tx, kPlatform, of_project); }));
  EXPECT_EQ(must(read([&](const Tx& tx) { return all_variables(tx, kPlatform, p.id); })).size(),
            2u);
  EXPECT_EQ(must(read([&](const Tx& tx) { return get_service(tx, kPlatform, api.id); })).generation,
            3);
}

TEST_P(StoreQueue, RemovingVariables) {
  const Project p = project("shop");
  for (const char* key : {"A", "B"}) {
    must(write([&](Tx& tx) {
      return set_variable(tx, kPlatform,
                          {.project_id = p.id, .key = key, .kind = VariableKind::kYaml});
    }));
  }
  must(write([&](Tx& tx) { return remove_variable(tx, kPlatform, p.id, {}, "A"); }));
  EXPECT_EQ(
      write([&](Tx& tx) { return remove_variable(tx, kPlatform, p.id, {}, "A"); }).error().code(),
      ErrorCode::kNotFound);
  must(write([&](Tx& tx) {
    return remove_variables_of_kind(tx, kPlatform, p.id, {}, VariableKind::kYaml);
  }));
  EXPECT_TRUE(
      must(read([&](const Tx& tx) { return list_variables(tx, kPlatform, p.id, {}); })).empty());
}

TEST_P(StoreQueue, UsersAndTokens) {
  const User ann = must(write([](Tx& tx) {
    return create_user(tx, kPlatform,
                       {.name = "Ann", .role = UserRole::kOwner, .password_hash = Secret("h1")});
  }));
  EXPECT_EQ(
      write([](Tx& tx) { return create_user(tx, kPlatform, {.name = "aNN"}); }).error().code(),
      ErrorCode::kConflict);
  const auto found =
      must(read([](const Tx& tx) { return get_user_by_name(tx, kPlatform, "ANN"); }));
  EXPECT_EQ(found.user.id, ann.id);
  EXPECT_EQ(found.password_hash.reveal(), "h1");
  const auto token = [&](const std::string& hash, TokenKind kind) {
    return must(write([&](Tx& tx) {
      return create_token(tx, kPlatform,
                          {.user_id = ann.id,
                           .kind = kind,
                           .hash = hash,
                           .scopes = {TokenScope::kRead, TokenScope::kDeploy}});
    }));
  };
  const Token session = token("aa", TokenKind::kSession);
  const Token personal = token("bb", TokenKind::kPersonal);
  EXPECT_EQ(
      must(read([](const Tx& tx) { return get_token_by_hash(tx, kPlatform, "bb"); })).scopes.size(),
      2u);
  // A new password ends sessions, not the tokens of programs.
  must(write([&](Tx& tx) { return set_password(tx, kPlatform, ann.id, Secret("h2")); }));
  EXPECT_TRUE(
      must(read([&](const Tx& tx) { return get_token(tx, kPlatform, session.id); })).revoked_at);
  EXPECT_FALSE(
      must(read([&](const Tx& tx) { return get_token(tx, kPlatform, personal.id); })).revoked_at);
  EXPECT_EQ(
      must(read([&](const Tx& tx) { return list_tokens(tx, kPlatform, ann.id, {}); })).items.size(),
      1u);
  EXPECT_EQ(write([&](Tx& tx) { return delete_user(tx, kPlatform, ann.id); }).error().code(),
            ErrorCode::kConflict);
}

TEST_P(StoreQueue, TheSetupTokenWorksOnceAndInTime) {
  const auto use = [&](const char* hash) {
    return must(write([&](Tx& tx) { return use_setup_token(tx, kPlatform, hash); }));
  };
  must(write(
      [&](Tx& tx) { return set_setup_token(tx, kPlatform, "h1", clock_.now() + Millis(1000)); }));
  EXPECT_FALSE(use("wrong"));
  EXPECT_TRUE(use("h1"));
  EXPECT_FALSE(use("h1"));
  must(write(
      [&](Tx& tx) { return set_setup_token(tx, kPlatform, "h2", clock_.now() + Millis(1000)); }));
  clock_.advance(Millis(1001));
  EXPECT_FALSE(use("h2"));
}

TEST_P(StoreQueue, EventsReplayInOrderAndTellTheListener) {
  const Project p = project("shop");
  std::vector<std::int64_t> told;
  store().on_events([&](std::int64_t id) { told.push_back(id); });
  for (int i = 0; i < 3; ++i) {
    must(write([&](Tx& tx) { return append_event(tx, kPlatform, p.id, "x", {{"i", i}}); }));
  }
  ASSERT_EQ(told.size(), 3u);
  EXPECT_FALSE(write([&](Tx& tx) -> Status {
    CROFT_TRY(append_event(tx, kPlatform, p.id, "rolled-back", nullptr));
    return fail(ErrorCode::kInvalid, "no");
  }));
  EXPECT_EQ(told.size(), 3u);
  const auto rest =
      must(read([&](const Tx& tx) { return list_events(tx, kPlatform, {}, told.front(), 100); }));
  ASSERT_EQ(rest.size(), 2u);
  EXPECT_EQ(rest[0].data.at("i").as_int64(), 1);
  must(write([&](Tx& tx) { return prune_events(tx, kPlatform, {0}, 1); }));
  EXPECT_EQ(must(read([&](const Tx& tx) { return list_events(tx, kPlatform, {}, 0, 100); })).size(),
            1u);
  EXPECT_EQ(must(read([&](const Tx& tx) { return last_event_id(tx, kPlatform); })), told.back());
}

TEST_P(StoreQueue, TheAuditTrailIsAppendOnly) {
  must(write(
      [](Tx& tx) { return append_audit(tx, kPlatform, {.actor = "ann", .action = "login"}); }));
  EXPECT_FALSE(write([](Tx& tx) { return tx.execute("DELETE FROM audit", {}); }));
  EXPECT_FALSE(write([](Tx& tx) { return tx.execute("UPDATE audit SET actor = 'bob'", {}); }));
  const auto all = must(read([](const Tx& tx) { return list_audit(tx, kPlatform, {}, {}); }));
  ASSERT_EQ(all.items.size(), 1u);
  EXPECT_EQ(all.items[0].actor, "ann");
}

TEST_P(StoreQueue, IdempotencyKeysAnswerAgain) {
  const auto begin = [&](const char* hash) {
    return write([&](Tx& tx) { return begin_idempotent(tx, kPlatform, "k", hash); });
  };
  EXPECT_FALSE(must(begin("r1")).has_value());
  EXPECT_EQ(begin("r1").error().code(), ErrorCode::kConflict);
  must(write(
      [](Tx& tx) { return finish_idempotent(tx, kPlatform, "k", {.status = 201, .body = "{}"}); }));
  EXPECT_EQ(must(begin("r1"))->status, 201);
  EXPECT_EQ(begin("r2").error().code(), ErrorCode::kUnsupported);
  clock_.advance(kIdempotencyKept + Millis(1));
  EXPECT_FALSE(must(begin("r2")).has_value());
  must(write([](Tx& tx) { return prune_idempotent(tx, kPlatform, true); }));
  EXPECT_FALSE(must(begin("r3")).has_value());
}

INSTANTIATE_TEST_SUITE_P(Stores, StoreQueue,
                         testing::Values(StoreKind::kSqliteFile, StoreKind::kSqliteMemory,
                                         StoreKind::kInline),
                         [](const auto& test) { return store_kind_name(test.param); });

}  // namespace
}  // namespace croft
