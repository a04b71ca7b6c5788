// Projects, variables and processes as users change and see them.
#include "app/process_start.h"
#include "app/project_write.h"
#include "app/read.h"
#include "app/resolve.h"
#include "app/service_actions.h"
#include "app/use_case_fixture.h"
#include "app/variable_read.h"
#include "app/version_actions.h"
#include "store/audit.h"
#include "store/events.h"
#include "store/instance_sets.h"
#include "store/projects.h"
#include "store/services.h"
#include "store/variables.h"
#include "store/versions.h"

namespace croft {
namespace {

TEST_F(UseCases, CreatingAProject) {
  const auto made = must(run(create_project(
      context_, *ann_,
      {.name = "shop", .tags = {"x"}, .variables = {{.key = "A", .value = Secret("1")}}})));
  EXPECT_EQ(made.project.status, ProjectStatus::kActive);
  EXPECT_EQ(must(run(show_variables(context_, *ann_, {"shop", ""}, false))).size(), 1u);
  const auto audit =
      must(read([](const Tx& tx) { return list_audit(tx, Scope::platform(), {}, {}); }));
  ASSERT_EQ(audit.items.size(), 1u);
  EXPECT_EQ(audit.items[0].action, "project.create");
  EXPECT_EQ(audit.items[0].object, "project shop");
}

TEST_F(UseCases, ABadProjectIsRefusedWithEveryPlaceAndLeavesNothing) {
  const auto bad = run(create_project(
      context_, *ann_,
      {.name = "My Shop", .description = std::string(256, 'x'), .tags = {"ok", ""}}));
  ASSERT_FALSE(bad);
  EXPECT_EQ(bad.error().code(), ErrorCode::kInvalid);
  ASSERT_EQ(bad.error().fields().size(), 3u);
  EXPECT_EQ(bad.error().fields()[0].pointer, "/name");
  EXPECT_NE(bad.error().fields()[0].message.find("\"my-shop\""), std::string::npos);
  EXPECT_EQ(bad.error().fields()[2].pointer, "/tags/1");
  const auto variable = run(create_project(
      context_, *ann_,
      {.name = "shop",
       .variables = {{.key = "PATH", .value = Secret("x"), .pointer = "/variables/PATH"}}}));
  ASSERT_FALSE(variable);
  EXPECT_EQ(variable.error().fields().at(0).pointer, "/variables/PATH");
  EXPECT_TRUE(must(run(list_projects(context_, *ann_, {}))).items.empty());
}

TEST_F(UseCases, AMemberSeesOnlyTheirOwnProject) {
  shop();
  EXPECT_EQ(run(show_project(context_, *bob_, "shop")).error().code(), ErrorCode::kNotFound);
  EXPECT_EQ(run(delete_project(context_, *bob_, "shop", {})).error().code(), ErrorCode::kNotFound);
  EXPECT_EQ(run(set_variables(context_, *bob_, {"shop", ""}, {}, true)).error().code(),
            ErrorCode::kNotFound);
  EXPECT_TRUE(run(create_project(context_, *bob_, {.name = "bobs"})));
}

TEST_F(UseCases, AReadTokenChangesNothing) {
  const Project project = shop();
  const Actor reader = actor("reader", UserRole::kOwner, {TokenScope::kRead});
  EXPECT_TRUE(run(show_project(context_, reader, "shop")));
  const auto code = [](const auto& result) { return result.error().code(); };
  EXPECT_EQ(code(run(create_project(context_, reader, {.name = "x"}))), ErrorCode::kForbidden);
  EXPECT_EQ(code(run(change_project(context_, reader, "shop", {}, {}))), ErrorCode::kForbidden);
  EXPECT_EQ(code(run(delete_project(context_, reader, "shop", {}))), ErrorCode::kForbidden);
  EXPECT_EQ(code(run(unset_variable(context_, reader, {"shop", ""}, "A"))), ErrorCode::kForbidden);
  EXPECT_EQ(code(run(show_variables(context_, reader, {"shop", ""}, true))), ErrorCode::kForbidden);
  EXPECT_TRUE(run(show_variables(context_, reader, {"shop", ""}, false)));
}

TEST_F(UseCases, ChangesWithAStaleGenerationAreRefused) {
  const Project project = shop();
  const auto changed = must(
      run(change_project(context_, *ann_, "shop", {.description = "new"}, project.generation)));
  EXPECT_EQ(changed.project.description, "new");
  EXPECT_EQ(run(change_project(context_, *ann_, "shop", {.description = "x"}, project.generation))
                .error()
                .code(),
            ErrorCode::kPrecondition);
  EXPECT_EQ(run(delete_project(context_, *ann_, "shop", project.generation)).error().code(),
            ErrorCode::kPrecondition);
}

TEST_F(UseCases, DeletingAProjectStartsOneProcess) {
  shop();
  const auto first = must(run(delete_project(context_, *ann_, "shop", {})));
  EXPECT_EQ(first.process.kind, "project.delete");
  EXPECT_EQ(first.actor, "ann");
  EXPECT_EQ(must(run(delete_project(context_, *ann_, "shop", {}))).process.id, first.process.id);
  // It would leave the project "deleting", with nobody at it.
  EXPECT_EQ(run(cancel_process(context_, *ann_, first.process.id)).error().code(),
            ErrorCode::kConflict);
  EXPECT_EQ(must(run(show_project(context_, *ann_, "shop"))).project.status,
            ProjectStatus::kDeleting);
}

// Its containers would be there after those of the project were waited for.
TEST_F(UseCases, NothingBeginsInAProjectThatIsBeingDeleted) {
  const Project project = shop();
  const Service db = service(project, "db", ServiceCategory::kDatabase);
  must(run(act_on_service(context_, *ann_, db.id, ServiceAction::kRestart)));
  must(run(delete_project(context_, *ann_, "shop", {})));
  const auto refused = run(act_on_service(context_, *ann_, db.id, ServiceAction::kRestart));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), ErrorCode::kConflict);
  EXPECT_NE(refused.error().message().find("shop is being deleted"), std::string::npos);
}

TEST_F(UseCases, NamesWinOverIdsOfTheSameForm) {
  const Project by_id = shop();
  EXPECT_EQ(must(run(show_project(context_, *ann_, by_id.id.str()))).project.name, "shop");
  const std::string odd = "abcdefghijklmnopqrstuv";  // 22 characters: a name and an id
  ASSERT_TRUE(ProjectId::parse(odd));
  must(run(create_project(context_, *ann_, {.name = odd})));
  EXPECT_EQ(must(run(show_project(context_, *ann_, odd))).project.name, odd);
  EXPECT_EQ(run(show_project(context_, *ann_, "\xff<script>")).error().code(),
            ErrorCode::kNotFound);
}

TEST_F(UseCases, VariablesAllOrNone) {
  shop();
  EXPECT_FALSE(set("", {{.key = "A", .value = Secret("1")},
                        {.key = "zeropsX", .value = Secret("2"), .pointer = "/variables/1/key"}}));
  EXPECT_FALSE(set("", {{.key = "A", .value = Secret("1")}, {.key = "a", .value = Secret("2")}}));
  EXPECT_TRUE(must(run(show_variables(context_, *ann_, {"shop", ""}, false))).empty());
  const auto told = must(set("", {{.key = "B", .value = Secret("1")},
                                  {.key = "S", .value = Secret("2"), .secret = true}}));
  EXPECT_EQ(told.changed, (std::vector<std::string>{"B", "S"}));
  EXPECT_TRUE(must(set("", {{.key = "B", .value = Secret("1")}})).changed.empty());
  const auto masked = must(run(show_variable(context_, *ann_, {"shop", ""}, "S", false)));
  EXPECT_TRUE(masked.masked);
  EXPECT_FALSE(must(run(show_variable(context_, *ann_, {"shop", ""}, "S", true))).masked);
  // Without a word about it, a secret stays one.
  must(set("", {{.key = "S", .value = Secret("3")}}));
  EXPECT_TRUE(must(run(show_variable(context_, *ann_, {"shop", ""}, "S", false))).masked);
}

TEST_F(UseCases, ReplacingRemovesWhatTheUserSetAndNothingElse) {
  const Project project = shop();
  service(project, "db", ServiceCategory::kDatabase);
  const Service db = must(run(show_service(context_, *ann_, "shop", "db"))).service;
  must(write([&](Tx& tx) -> Status {
    const Scope all = Scope::platform();
    CROFT_TRY(set_variable(tx, all,
                           {.project_id = project.id,
                            .service_id = db.id,
                            .key = "password",
                            .value = Secret("p"),
                            .kind = VariableKind::kGenerated,
                            .deletable = false}));
    CROFT_TRY(set_variable(tx, all,
                           {.project_id = project.id,
                            .service_id = db.id,
                            .key = "hostname",
                            .value = Secret("db"),
                            .kind = VariableKind::kSystem,
                            .editable = false,
                            .deletable = false}));
    CROFT_TRY(set_variable(tx, all,
                           {.project_id = project.id,
                            .service_id = db.id,
                            .key = "FROM_YAML",
                            .kind = VariableKind::kYaml}));
    return {};
  }));
  must(set("db", {{.key = "OLD", .value = Secret("1")}}));
  const auto told = must(set("db", {{.key = "NEW", .value = Secret("1")}}, true));
  EXPECT_EQ(told.removed, (std::vector<std::string>{"OLD"}));
  EXPECT_EQ(set("db", {{.key = "hostname", .value = Secret("x")}}).error().code(),
            ErrorCode::kConflict);
  EXPECT_EQ(set("db", {{.key = "FROM_YAML", .value = Secret("x")}}).error().code(),
            ErrorCode::kConflict);
  must(set("db", {{.key = "password", .value = Secret("chosen")}}));
  const auto password = must(run(show_variable(context_, *ann_, {"shop", "db"}, "password", true)));
  EXPECT_EQ(password.variable.kind, VariableKind::kGenerated);
  EXPECT_EQ(password.variable.value.reveal(), "chosen");
  EXPECT_EQ(run(unset_variable(context_, *ann_, {"shop", "db"}, "password")).error().code(),
            ErrorCode::kConflict);
  EXPECT_EQ(run(unset_variable(context_, *ann_, {"shop", "db"}, "MISSING")).error().code(),
            ErrorCode::kNotFound);
  EXPECT_EQ(must(run(unset_variable(context_, *ann_, {"shop", "db"}, "NEW"))).removed.size(), 1u);
}

TEST_F(UseCases, ChangesSayWhichServicesRunWithTheOldValues) {
  const Project project = shop();
  const Service api = service(project, "api", ServiceCategory::kRuntime);
  service(project, "idle", ServiceCategory::kRuntime);
  const Service db = service(project, "db", ServiceCategory::kDatabase);
  for (const ServiceId& id : {api.id, db.id}) {
    must(write(
        [&](Tx& tx) { return create_instance_set(tx, Scope::platform(), {.service_id = id}); }));
  }
  EXPECT_EQ(must(set("", {{.key = "A", .value = Secret("1")}})).restart_needed,
            (std::vector<std::string>{"api"}));
  EXPECT_EQ(must(set("db", {{.key = "A", .value = Secret("1")}})).restart_needed,
            (std::vector<std::string>{"db"}));
}

TEST_F(UseCases, ActingOnAServiceIsOneEventAndOneAuditEntry) {
  const Project project = shop();
  const Service api = service(project, "api", ServiceCategory::kRuntime);
  const auto last = must(read([](const Tx& tx) { return last_event_id(tx, Scope::platform()); }));
  const Process process =
      must(run(act_on_service(context_, *ann_, api.id, ServiceAction::kDelete)));
  EXPECT_EQ(process.kind, "service.delete");
  const auto events =
      must(read([&](const Tx& tx) { return list_events(tx, Scope::platform(), {}, last, 10); }));
  ASSERT_EQ(events.size(), 1u);
  EXPECT_EQ(events[0].type, "process.created");
  const auto audit =
      must(read([](const Tx& tx) { return list_audit(tx, Scope::platform(), {}, {}); }));
  EXPECT_EQ(audit.items[0].action, "service.delete");
  EXPECT_EQ(audit.items[0].object, "service shop/api");
  EXPECT_EQ(audit.items[0].project_id, project.id);
  // What has gone keeps its name in the list of processes.
  must(write([&](Tx& tx) { return delete_project(tx, Scope::platform(), project.id); }));
  const auto list = must(run(list_processes(context_, *ann_, {}, {})));
  ASSERT_EQ(list.items.size(), 1u);
  EXPECT_EQ(list.items[0].project, "shop");
  EXPECT_EQ(list.items[0].service, "api");
}

TEST_F(UseCases, ProcessesShowNamesAndCanBeCancelled) {
  const Project project = shop();
  const Service api = service(project, "api", ServiceCategory::kRuntime);
  const Process process = must(write([&](Tx& tx) {
    return start_process(tx, *ann_,
                         {.project_id = project.id,
                          .service_id = api.id,
                          .kind = "deploy",
                          .params = {{"version", "v1"}},
                          .object = "service shop/api"});
  }));
  std::vector<ProcessId> told;
  context_.cancel = [&](const ProcessId& id) { told.push_back(id); };
  const auto seen = must(run(show_process(context_, *ann_, process.id)));
  EXPECT_EQ(seen.project, "shop");
  EXPECT_EQ(seen.service, "api");
  EXPECT_EQ(seen.actor, "ann");
  EXPECT_EQ(seen.version_id, "v1");
  EXPECT_EQ(run(cancel_process(context_, *bob_, process.id)).error().code(), ErrorCode::kNotFound);
  const Actor deployer = actor("deployer", UserRole::kOwner, {TokenScope::kDeploy});
  EXPECT_EQ(must(run(cancel_process(context_, deployer, process.id))).process.status,
            ProcessStatus::kCanceled);
  EXPECT_EQ(told, (std::vector<ProcessId>{process.id}));
  const auto list = must(run(list_processes(
      context_, *ann_,
      {.project = "shop", .service = "api", .statuses = {ProcessStatus::kCanceled}}, {})));
  EXPECT_EQ(list.items.size(), 1u);
  EXPECT_EQ(run(list_processes(context_, *ann_, {.service = "api"}, {})).error().code(),
            ErrorCode::kInvalid);
}

// It never ran, so no step can put anything right.
TEST_F(UseCases, CancellingADeploymentThatWaitsCancelsItsVersion) {
  const Service api = service(shop(), "api", ServiceCategory::kRuntime);
  const Version version = must(write([&](Tx& tx) {
    return create_version(tx, Scope::platform(),
                          {.service_id = api.id, .status = VersionStatus::kWaitingToBuild});
  }));
  const Process deploy = must(run(deploy_version(context_, *ann_, version.id)));
  must(run(cancel_process(context_, *ann_, deploy.id)));
  EXPECT_EQ(must(read([&](const Tx& tx) {
              return get_version(tx, Scope::platform(), version.id);
            })).status,
            VersionStatus::kCancelled);
}

TEST_F(UseCases, CancellingAnImportThatWaitsLeavesNothingCreating) {
  const Scope all = Scope::platform();
  const Project project =
      must(write([&](Tx& tx) { return create_project(tx, all, {.name = "shop"}); }));
  EXPECT_EQ(project.status, ProjectStatus::kCreating);
  const auto creating = [&](const std::string& hostname) {
    const Service made = service(project, hostname, ServiceCategory::kDatabase);
    must(write(
        [&](Tx& tx) { return set_service_status(tx, all, made.id, ServiceStatus::kCreating); }));
    return made.id;
  };
  const ServiceId db = creating("db");
  const ServiceId other = creating("other");  // of another import
  boost::json::array services;
  services.push_back({{"id", db.str()}, {"priority", 10}});
  const Process waiting = must(write([&](Tx& tx) {
    return start_process(tx, *ann_,
                         {.project_id = project.id,
                          .kind = "project.import",
                          .params = {{"services", services}},
                          .object = "project shop"});
  }));
  must(run(cancel_process(context_, *ann_, waiting.id)));
  const auto status_of = [&](const ServiceId& id) {
    return must(read([&](const Tx& tx) { return get_service(tx, all, id); })).status;
  };
  EXPECT_EQ(status_of(db), ServiceStatus::kFailed);
  EXPECT_EQ(status_of(other), ServiceStatus::kCreating);
  EXPECT_EQ(must(run(show_project(context_, *ann_, "shop"))).project.status,
            ProjectStatus::kActive);
}

}  // namespace
}  // namespace croft
