// The store's contract, run against every database it can live in.
#include <gtest/gtest.h>

#include "store/audit.h"
#include "store/events.h"
#include "store/idempotency.h"
#include "store/instance_sets.h"
#include "store/nodes.h"
#include "store/processes.h"
#include "store/projects.h"
#include "store/services.h"
#include "store/settings.h"
#include "store/store_fixture.h"
#include "store/tokens.h"
#include "store/users.h"
#include "store/variables.h"
#include "store/versions.h"

namespace croft {
namespace {

const Scope kPlatform = Scope::platform();

class StoreContract : public StoreTest, public testing::WithParamInterface<StoreKind> {
 protected:
  StoreContract() : StoreTest(GetParam()) {}

  Project project(const std::string& name) {
    return must(write([&](Tx& tx) { return create_project(tx, kPlatform, {.name = name}); }));
  }
  Service service(const Project& in, const std::string& hostname) {
    return must(write([&](Tx& tx) {
      return create_service(tx, kPlatform,
                            {.project_id = in.id,
                             .hostname = hostname,
                             .type = "nodejs@22",
                             .ports = {{.port = 80}}});
    }));
  }
  Version version(const Service& of, VersionStatus status) {
    return must(write([&](Tx& tx) {
      return create_version(tx, kPlatform, {.service_id = of.id, .status = status});
    }));
  }
  Process process(const Project& in, const ServiceId& service_id, const std::string& kind) {
    return must(write([&](Tx& tx) {
      return create_process(tx, kPlatform,
                            {.project_id = in.id, .service_id = service_id, .kind = kind});
    }));
  }
  std::vector<std::string> runnable() {
    const auto ready = must(read([](const Tx& tx) { return next_runnable(tx, kPlatform, 100); }));
    std::vector<std::string> kinds;
    for (const Process& p : ready) kinds.push_back(p.kind);
    return kinds;
  }
  Process move_to(Process p, ProcessStatus status) {
    p.status = status;
    return must(write([&](Tx& tx) { return update_process(tx, kPlatform, p); }));
  }
};

TEST_P(StoreContract, ProjectsKeepWhatTheyWereGiven) {
  const Project made = must(write([](Tx& tx) {
    return create_project(tx, kPlatform,
                          {.name = "shop",
                           .description = "größe \"1\"",
                           .tags = {"a", "b"},
                           .env_isolation = EnvIsolation::kNone});
  }));
  const auto back = must(read([&](const Tx& tx) { return get_project(tx, kPlatform, made.id); }));
  EXPECT_EQ(to_json_text(back), to_json_text(made));
  EXPECT_EQ(back.tags, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(must(read([](const Tx& tx) { return get_project_by_name(tx, kPlatform, "shop"); })).id,
            made.id);
}

TEST_P(StoreContract, NetworkNumbersAreTheSmallestFree) {
  const Project a = project("a");
  const Project b = project("b");
  EXPECT_EQ(a.network_number, 1);
  EXPECT_EQ(b.network_number, 2);
  must(write([&](Tx& tx) { return delete_project(tx, kPlatform, a.id); }));
  EXPECT_EQ(project("c").network_number, 1);
  EXPECT_EQ(project("d").network_number, 3);
}

TEST_P(StoreContract, ATakenProjectNameIsAConflictAndChangesNothing) {
  project("shop");
  const auto again = write([](Tx& tx) { return create_project(tx, kPlatform, {.name = "shop"}); });
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code(), ErrorCode::kConflict);
  EXPECT_EQ(must(read([](const Tx& tx) { return all_projects(tx, kPlatform); })).size(), 1u);
}

TEST_P(StoreContract, AStaleGenerationIsRefused) {
  Project p = project("shop");
  p.description = "one";
  const Project second = must(write([&](Tx& tx) { return update_project(tx, kPlatform, p); }));
  EXPECT_EQ(second.generation, p.generation + 1);
  EXPECT_EQ(second.description, "one");
  const auto stale = write([&](Tx& tx) { return update_project(tx, kPlatform, p); });
  ASSERT_FALSE(stale);
  EXPECT_EQ(stale.error().code(), ErrorCode::kPrecondition);
}

TEST_P(StoreContract, AFailedTransactionLeavesNothing) {
  const auto failed = write([](Tx& tx) -> Result<Project> {
    auto made = create_project(tx, kPlatform, {.name = "half"});
    if (!made) return made;
    return fail(ErrorCode::kInvalid, "the second step failed");
  });
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().message(), "the second step failed");
  EXPECT_TRUE(must(read([](const Tx& tx) { return all_projects(tx, kPlatform); })).empty());
}

TEST_P(StoreContract, AnExceptionInATransactionIsAnErrorAndLeavesNothing) {
  const auto failed = write([](Tx& tx) -> Result<Project> {
    auto made = create_project(tx, kPlatform, {.name = "half"});
    throw std::runtime_error("bug");
  });
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().code(), ErrorCode::kInternal);
  EXPECT_TRUE(must(read([](const Tx& tx) { return all_projects(tx, kPlatform); })).empty());
}

TEST_P(StoreContract, ListingsComeInPages) {
  for (const char* name : {"c", "a", "e", "b", "d"}) project(name);
  std::vector<std::string> seen;
  Page page{.after = {}, .limit = 2};
  int pages = 0;
  do {
    const auto part = must(read([&](const Tx& tx) { return list_projects(tx, kPlatform, page); }));
    for (const Project& p : part.items) seen.push_back(p.name);
    page.after = part.next;
    ++pages;
  } while (!page.after.empty() && pages < 10);
  EXPECT_EQ(seen, (std::vector<std::string>{"a", "b", "c", "d", "e"}));
  EXPECT_EQ(pages, 3);
}

TEST_P(StoreContract, ServicesHaveUniqueHostnamesAndTheSmallestFreeIndex) {
  const Project p = project("shop");
  const Project other = project("other");
  const Service api = service(p, "api");
  EXPECT_EQ(api.index, 1);
  EXPECT_EQ(service(p, "db").index, 2);
  EXPECT_EQ(service(other, "api").index, 1);
  const auto twice = write([&](Tx& tx) {
    return create_service(tx, kPlatform, {.project_id = p.id, .hostname = "api", .type = "go@1"});
  });
  ASSERT_FALSE(twice);
  EXPECT_EQ(twice.error().code(), ErrorCode::kConflict);
  must(write([&](Tx& tx) { return delete_service(tx, kPlatform, api.id); }));
  EXPECT_EQ(service(p, "web").index, 1);
  EXPECT_EQ(must(read([&](const Tx& tx) {
              return get_service_by_hostname(tx, kPlatform, other.id, "api");
            })).ports,
            (std::vector<Port>{{.port = 80}}));
}

TEST_P(StoreContract, StatusLeavesTheGenerationAlone) {
  const Project p = project("shop");
  Service api = service(p, "api");
  must(write(
      [&](Tx& tx) { return set_service_status(tx, kPlatform, api.id, ServiceStatus::kActive); }));
  api.containers = 3;
  const Service changed = must(write([&](Tx& tx) { return update_service(tx, kPlatform, api); }));
  EXPECT_EQ(changed.containers, 3);
  EXPECT_EQ(changed.status, ServiceStatus::kActive);
  EXPECT_EQ(changed.generation, 2);
}

TEST_P(StoreContract, OneVersionIsActiveAndTheFormerOneABackup) {
  const Service api = service(project("shop"), "api");
  const Version v1 = version(api, VersionStatus::kDeploying);
  const Version v2 = version(api, VersionStatus::kDeploying);
  EXPECT_EQ(v1.number, 1);
  EXPECT_EQ(v2.number, 2);
  must(write([&](Tx& tx) { return activate_version(tx, kPlatform, v1.id); }));
  must(write([&](Tx& tx) { return activate_version(tx, kPlatform, v2.id); }));
  const auto all =
      must(read([&](const Tx& tx) { return list_versions(tx, kPlatform, api.id, {}); }));
  ASSERT_EQ(all.items.size(), 2u);
  EXPECT_EQ(all.items[0].status, VersionStatus::kActive);
  EXPECT_EQ(all.items[0].number, 2);
  EXPECT_EQ(all.items[1].status, VersionStatus::kBackup);
  EXPECT_EQ(must(read([&](const Tx& tx) {
              return get_service(tx, kPlatform, api.id);
            })).active_version_id,
            v2.id);
  const auto refused = write([&](Tx& tx) { return delete_version(tx, kPlatform, v2.id); });
  EXPECT_EQ(refused.error().code(), ErrorCode::kConflict);
}

// zerops-30loops.md A14.12
TEST_P(StoreContract, TheEleventhVersionEvictsTheOldestThatIsNotActive) {
  const Service api = service(project("shop"), "api");
  const Version first = version(api, VersionStatus::kDeploying);
  must(write([&](Tx& tx) { return activate_version(tx, kPlatform, first.id); }));
  for (int i = 2; i <= 11; ++i) version(api, VersionStatus::kBackup);
  version(api, VersionStatus::kBuilding);  // not settled: neither counted nor evicted
  const auto surplus = must(
      read([&](const Tx& tx) { return surplus_versions(tx, kPlatform, api.id, kVersionsKept); }));
  ASSERT_EQ(surplus.size(), 1u);
  EXPECT_EQ(surplus[0].number, 2);
  must(write([&](Tx& tx) { return delete_version(tx, kPlatform, surplus[0].id); }));
  EXPECT_EQ(version(api, VersionStatus::kUploading).number, 13);
}

TEST_P(StoreContract, VersionNumbersAreNotReusedAfterTheNewestGoes) {
  const Service api = service(project("shop"), "api");
  const Version v1 = version(api, VersionStatus::kBuildFailed);
  must(write([&](Tx& tx) { return delete_version(tx, kPlatform, v1.id); }));
  EXPECT_EQ(version(api, VersionStatus::kUploading).number, 2);
}

TEST_P(StoreContract, InstanceSetsKeepTheirSealedConfigAndHoldTheirVersion) {
  const Service api = service(project("shop"), "api");
  const Version v = version(api, VersionStatus::kBackup);
  const InstanceSet set = must(write([&](Tx& tx) {
    return create_instance_set(tx, kPlatform,
                               {.service_id = api.id,
                                .version_id = v.id,
                                .containers = 2,
                                .image = "img",
                                .init_config = Secret("{\"env\":1}")});
  }));
  EXPECT_EQ(set.number, 1);
  EXPECT_EQ(set.duty, InstanceDuty::kHold);
  EXPECT_EQ(must(read([&](const Tx& tx) {
              return instance_set_init_config(tx, kPlatform, set.id);
            })).reveal(),
            "{\"env\":1}");
  EXPECT_EQ(write([&](Tx& tx) { return delete_version(tx, kPlatform, v.id); }).error().code(),
            ErrorCode::kConflict);
  InstanceSet serving = set;
  serving.duty = InstanceDuty::kServe;
  serving.state = InstanceSetState::kRemoving;
  serving.secret_name = "s1";
  const auto updated =
      must(write([&](Tx& tx) { return update_instance_set(tx, kPlatform, serving); }));
  EXPECT_EQ(updated.generation, 2);
  EXPECT_EQ(updated.duty, InstanceDuty::kServe);
  EXPECT_EQ(updated.secret_name, "s1");
  must(write([&](Tx& tx) { return delete_instance_set(tx, kPlatform, set.id); }));
  must(write([&](Tx& tx) { return delete_version(tx, kPlatform, v.id); }));
}

TEST_P(StoreContract, AnInstanceSetOfAnotherServicesVersionIsRefused) {
  const Project p = project("shop");
  const Service api = service(p, "api");
  const Version foreign = version(service(p, "web"), VersionStatus::kBackup);
  const auto made = write([&](Tx& tx) {
    return create_instance_set(tx, kPlatform, {.service_id = api.id, .version_id = foreign.id});
  });
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().code(), ErrorCode::kNotFound);
}

TEST_P(StoreContract, ProcessesQueuePerService) {
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

TEST_P(StoreContract, AParentDoesNotHoldUpItsChildren) {
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

TEST_P(StoreContract, CancellingWaitsForTheExecutorOnceItRuns) {
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

TEST_P(StoreContract, AProcessKeepsItsStateAndError) {
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

TEST_P(StoreContract, AProcessShowsItsSteps) {
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

TEST_P(StoreContract, ChangesAppendEvents) {
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

TEST_P(StoreContract, ProcessLogsContinueAfterASequenceNumber) {
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

TEST_P(StoreContract, ProcessLogsHaveAnEnd) {
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

TEST_P(StoreContract, VariablesAreUniqueRegardlessOfCase) {
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

TEST_P(StoreContract, RemovingVariables) {
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

TEST_P(StoreContract, UsersAndTokens) {
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

TEST_P(StoreContract, TheSetupTokenWorksOnceAndInTime) {
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

TEST_P(StoreContract, NodesKeepTheirIndex) {
  const auto add = [&](const std::string& name) {
    return write([&](Tx& tx) {
      return register_node(tx, kPlatform, {.name = name, .address = "10.0.0.1"});
    });
  };
  const Node first = must(add("n1"));
  EXPECT_EQ(first.index, 1);
  EXPECT_EQ(must(add("n1")).id, first.id);
  for (int i = 2; i <= kMaxNodes; ++i) EXPECT_EQ(must(add("n" + std::to_string(i))).index, i);
  EXPECT_EQ(add("one-more").error().code(), ErrorCode::kExhausted);
  must(write([&](Tx& tx) { return set_node_seen(tx, kPlatform, first.id, clock_.now()); }));
  EXPECT_TRUE(
      must(read([&](const Tx& tx) { return get_node(tx, kPlatform, first.id); })).last_seen_at);
}

TEST_P(StoreContract, EventsReplayInOrderAndTellTheListener) {
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

TEST_P(StoreContract, TheAuditTrailIsAppendOnly) {
  must(write(
      [](Tx& tx) { return append_audit(tx, kPlatform, {.actor = "ann", .action = "login"}); }));
  EXPECT_FALSE(write([](Tx& tx) { return tx.execute("DELETE FROM audit", {}); }));
  EXPECT_FALSE(write([](Tx& tx) { return tx.execute("UPDATE audit SET actor = 'bob'", {}); }));
  const auto all = must(read([](const Tx& tx) { return list_audit(tx, kPlatform, {}, {}); }));
  ASSERT_EQ(all.items.size(), 1u);
  EXPECT_EQ(all.items[0].actor, "ann");
}

TEST_P(StoreContract, IdempotencyKeysAnswerAgain) {
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

TEST_P(StoreContract, DeletingAProjectTakesItsObjectsAndLeavesItsHistory) {
  const Project p = project("shop");
  const Service api = service(p, "api");
  const Version v = version(api, VersionStatus::kBackup);
  must(write([&](Tx& tx) {
    return create_instance_set(tx, kPlatform, {.service_id = api.id, .version_id = v.id});
  }));
  must(
      write([&](Tx& tx) { return set_variable(tx, kPlatform, {.project_id = p.id, .key = "A"}); }));
  const Process done = process(p, api.id, "x");
  must(write([&](Tx& tx) { return delete_project(tx, kPlatform, p.id); }));
  EXPECT_FALSE(read([&](const Tx& tx) { return get_service(tx, kPlatform, api.id); }));
  EXPECT_FALSE(read([&](const Tx& tx) { return get_version(tx, kPlatform, v.id); }));
  EXPECT_TRUE(must(read([](const Tx& tx) { return all_instance_sets(tx, kPlatform); })).empty());
  EXPECT_TRUE(read([&](const Tx& tx) { return get_process(tx, kPlatform, done.id); }));
}

INSTANTIATE_TEST_SUITE_P(Stores, StoreContract,
                         testing::Values(StoreKind::kSqliteFile, StoreKind::kSqliteMemory,
                                         StoreKind::kInline),
                         [](const auto& test) { return store_kind_name(test.param); });

}  // namespace
}  // namespace croft
