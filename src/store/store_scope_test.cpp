// Every function of the store, called for an object of another tenant: it must answer exactly as
// for an object that does not exist, and change nothing.
#include <gtest/gtest.h>

#include "store/audit.h"
#include "store/columns.h"
#include "store/events.h"
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

// What one tenant has; ids of nothing when made by missing().
struct Things {
  UserId user;
  Project project;
  Service service;
  Version version;
  InstanceSet set;
  Process process;
  Token token;
  Node node;
};

// A function under test, its result reduced to the error or what it returned as text.
using Call = std::function<std::string(Tx&, const Scope&, const Things&)>;

template <class T>
std::string shown(const Result<T>& result, const std::string& value) {
  if (result) return value;
  return std::string(to_string(result.error().code())) + ": " + result.error().message();
}
template <class T>
std::string shown(const Result<T>& result) {
  if constexpr (std::is_void_v<T>) {
    return shown(result, "ok");
  } else if constexpr (std::is_same_v<T, Secret>) {
    return result ? result->reveal() : shown(result, "");
  } else if constexpr (std::is_integral_v<T>) {
    return result ? std::to_string(*result) : shown(result, "");
  } else if constexpr (requires { result->user; }) {
    return shown(result, "a user");
  } else if constexpr (requires { result->items; }) {
    return result ? std::to_string(result->items.size()) + " items" : shown(result, "");
  } else if constexpr (requires { result->size(); }) {
    return result ? std::to_string(result->size()) + " items" : shown(result, "");
  } else if constexpr (requires { result->has_value(); }) {
    return shown(result, result && result->has_value() ? "a value" : "no value");
  } else {
    return shown(result, "an object");
  }
}

struct Case {
  const char* name;
  Call call;
};

#define CASE(function, ...)                                                                    \
  Case {                                                                                       \
    #function, []([[maybe_unused]] Tx& tx, const Scope& s, [[maybe_unused]] const Things& t) { \
      return shown(function(tx, s __VA_OPT__(, ) __VA_ARGS__));                                \
    }                                                                                          \
  }

const std::vector<Case>& cases() {
  static const std::vector<Case> kCases = {
      CASE(get_project, t.project.id),
      CASE(get_project_by_name, t.project.name),
      CASE(update_project, t.project),
      CASE(set_project_status, t.project.id, ProjectStatus::kStopped),
      CASE(touch_project, t.project.id),
      CASE(delete_project, t.project.id),
      CASE(list_projects, {}),
      CASE(all_projects),
      CASE(member_projects, t.user),
      CASE(add_member, t.project.id, s.user()),
      CASE(remove_member, t.project.id, t.user),
      CASE(create_service, {.project_id = t.project.id, .hostname = "intruder", .type = "go@1"}),
      CASE(get_service, t.service.id),
      CASE(get_service_by_hostname, t.project.id, "api"),
      CASE(list_services, t.project.id),
      CASE(all_services),
      CASE(update_service, t.service),
      CASE(set_service_status, t.service.id, ServiceStatus::kStopped),
      CASE(delete_service, t.service.id),
      CASE(create_version, {.service_id = t.service.id}),
      CASE(get_version, t.version.id),
      CASE(get_version_by_number, t.service.id, 1),
      CASE(list_versions, t.service.id, {}),
      CASE(unsettled_versions),
      CASE(update_version, t.version),
      CASE(set_version_status, t.version.id, VersionStatus::kCancelled),
      CASE(activate_version, t.version.id),
      CASE(surplus_versions, t.service.id, 0),
      CASE(delete_version, t.version.id),
      CASE(set_version_environment, t.version.id, Secret("x")),
      CASE(version_environment, t.version.id),
      CASE(create_instance_set, {.service_id = t.service.id}),
      CASE(get_instance_set, t.set.id),
      CASE(list_instance_sets, t.service.id),
      CASE(all_instance_sets),
      CASE(update_instance_set, t.set),
      CASE(instance_set_init_config, t.set.id),
      CASE(delete_instance_set, t.set.id),
      CASE(create_process, {.project_id = t.project.id, .kind = "x"}),
      CASE(get_process, t.process.id),
      CASE(list_processes, {.project_id = t.project.id}, {}),
      CASE(child_processes, t.process.id),
      CASE(next_runnable, 100),
      CASE(active_processes),
      CASE(open_processes),
      CASE(update_process, t.process),
      CASE(request_cancel, t.process.id),
      CASE(append_process_log, t.process.id, {{.text = "x"}}),
      CASE(process_log, t.process.id, 0, 100),
      CASE(process_log_end, t.process.id),
      CASE(set_variable, {.project_id = t.project.id, .key = "A", .value = Secret("x")}),
      CASE(get_variable, t.project.id, {}, "KEY"),
      CASE(list_variables, t.project.id, t.service.id),
      CASE(all_variables, t.project.id),
      CASE(remove_variable, t.project.id, {}, "KEY"),
      CASE(remove_variables_of_kind, t.project.id, {}, VariableKind::kUser),
      CASE(get_user, t.user),
      CASE(set_password, t.user, Secret("x")),
      CASE(delete_user, t.user),
      CASE(create_token, {.user_id = t.user, .hash = "intruder"}),
      CASE(get_token, t.token.id),
      CASE(list_tokens, t.user, {}),
      CASE(revoke_token, t.token.id),
      CASE(touch_token, t.token.id, Timestamp{1}),
      CASE(get_node, t.node.id),
      CASE(list_nodes),
      CASE(delete_node, t.node.id),
      CASE(append_event, t.project.id, "x", nullptr),
      CASE(list_events, t.project.id, 0, 100),
      CASE(last_event_id),
      CASE(list_audit, t.project.id, {}),
      CASE(get_setting, kSettingInstallId),
  };
  return kCases;
}

class StoreScope : public StoreTest {
 protected:
  StoreScope() : StoreTest(StoreKind::kInline) {}

  // Everything a tenant can have, made by the platform.
  Result<Things> fill(Tx& tx, const std::string& name) {
    const Scope all = Scope::platform();
    Things t;
    t.user = must(create_user(tx, all, {.name = name, .password_hash = Secret("h")})).id;
    t.project = must(create_project(tx, all, {.name = name}));
    must(add_member(tx, all, t.project.id, t.user));
    t.service = must(
        create_service(tx, all, {.project_id = t.project.id, .hostname = "api", .type = "go@1"}));
    t.version = must(create_version(tx, all, {.service_id = t.service.id}));
    must(set_version_environment(tx, all, t.version.id, Secret("environment")));
    t.set = must(create_instance_set(
        tx, all, {.service_id = t.service.id, .init_config = Secret("config")}));
    t.process = must(create_process(tx, all, {.project_id = t.project.id, .kind = "x"}));
    must(append_process_log(tx, all, t.process.id, {{.text = "line"}}));
    must(set_variable(tx, all, {.project_id = t.project.id, .key = "KEY", .value = Secret("v")}));
    t.token = must(create_token(tx, all, {.user_id = t.user, .hash = name}));
    t.node = must(register_node(tx, all, {.name = name}));
    must(append_event(tx, all, t.project.id, "x", nullptr));
    must(append_audit(tx, all, {.action = "x", .project_id = t.project.id}));
    must(set_setting(tx, all, kSettingInstallId, "abc123"));
    return t;
  }

  // Ids and names of nothing, for the same calls.
  Things missing() {
    Things t;
    t.user = UserId::generate(random_);
    t.project.id = ProjectId::generate(random_);
    t.project.name = "missing";
    t.service.id = ServiceId::generate(random_);
    t.version.id = VersionId::generate(random_);
    t.set.id = InstanceSetId::generate(random_);
    t.process.id = ProcessId::generate(random_);
    t.token.id = TokenId::generate(random_);
    t.node.id = NodeId::generate(random_);
    return t;
  }

  // All rows of all tables, to see whether anything changed.
  std::string dump() {
    return must(read([](const Tx& tx) -> Result<std::string> {
      std::string text;
      for (const char* table :
           {"projects", "project_members", "services", "versions", "instance_sets", "processes",
            "process_log", "variables", "users", "tokens", "nodes", "events", "settings"}) {
        const auto rows = must(tx.query(fmt::format("SELECT * FROM {}", table), {}));
        for (const SqlRow& row : rows) text += row_text(row) + "\n";
      }
      return text;
    }));
  }
  static std::string row_text(const SqlRow& row) {
    std::string text;
    for (const SqlValue& value : row.values()) {
      if (const auto* number = std::get_if<std::int64_t>(&value)) text += std::to_string(*number);
      if (const auto* words = std::get_if<std::string>(&value)) text += *words;
      if (const auto* blob = std::get_if<SqlBlob>(&value)) text += to_hex(blob->bytes);
      text += "|";
    }
    return text;
  }
};

// Ids and names differ between the two calls: they are blanked.
std::string without_ids(std::string text, const Things& t) {
  for (const std::string& word :
       {t.user.str(), t.project.id.str(), t.project.name, t.service.id.str(), t.version.id.str(),
        t.set.id.str(), t.process.id.str(), t.token.id.str(), t.node.id.str()}) {
    for (std::size_t at = text.find(word); at != std::string::npos; at = text.find(word)) {
      text.replace(at, word.size(), "*");
    }
  }
  return text;
}

TEST_F(StoreScope, AnotherTenantsObjectsDoNotExist) {
  const Things victim = must(write([&](Tx& tx) { return fill(tx, "victim"); }));
  const UserId intruder = must(write([&](Tx& tx) {
                            return create_user(tx, Scope::platform(), {.name = "intruder"});
                          })).id;
  const Things nothing = missing();
  const Scope scope = Scope::of(intruder, {});
  const std::string before = dump();
  for (const Case& test : cases()) {
    std::string seen;
    std::string expected;
    must(write([&](Tx& tx) -> Status {
      seen = without_ids(test.call(tx, scope, victim), victim);
      expected = without_ids(test.call(tx, scope, nothing), nothing);
      return {};
    }));
    EXPECT_EQ(seen, expected) << test.name;
    EXPECT_EQ(dump(), before) << test.name << " changed something";
  }
}

// The same calls, by the tenant's own scope and by the platform, must find something: otherwise the
// test above proves nothing.
TEST_F(StoreScope, TheOwnObjectsDoExist) {
  const Things own = must(write([&](Tx& tx) { return fill(tx, "own"); }));
  const Scope tenant = Scope::of(own.user, {own.project.id});
  const Things nothing = missing();
  for (const Scope& scope : {tenant, Scope::platform()}) {
    for (const Case& test : cases()) {
      const std::string name = test.name;
      const bool of_nodes = name.find("node") != std::string::npos || name == "get_setting";
      if (!scope.is_platform() && of_nodes) continue;
      // Nothing of the fixture answers these differently from nothing.
      if (name == "child_processes" || name == "active_processes" || name == "surplus_versions" ||
          name == "add_member") {
        continue;
      }
      std::string found;
      std::string missed;
      const auto rolled_back = write([&](Tx& tx) -> Status {
        found = without_ids(test.call(tx, scope, own), own);
        return fail(ErrorCode::kCancelled, "undo");
      });
      ASSERT_EQ(rolled_back.error().code(), ErrorCode::kCancelled);
      static_cast<void>(write([&](Tx& tx) -> Status {
        missed =
            without_ids(test.call(tx, Scope::of(UserId::generate(random_), {}), nothing), nothing);
        return fail(ErrorCode::kCancelled, "undo");
      }));
      EXPECT_NE(found, missed) << name << (scope.is_platform() ? " (platform)" : " (tenant)");
    }
  }
}

TEST_F(StoreScope, PlatformWorkIsRefusedToUsers) {
  const Things own = must(write([&](Tx& tx) { return fill(tx, "own"); }));
  const Scope tenant = Scope::of(own.user, {own.project.id});
  const auto refused = [&](auto call) {
    const auto result = write([&](Tx& tx) -> Status {
      CROFT_TRY(call(tx));
      return {};
    });
    return !result && result.error().code() == ErrorCode::kForbidden;
  };
  EXPECT_TRUE(refused([&](Tx& tx) { return create_user(tx, tenant, {.name = "x"}); }));
  EXPECT_TRUE(refused([&](Tx& tx) { return register_node(tx, tenant, {.name = "x"}); }));
  EXPECT_TRUE(refused([&](Tx& tx) { return set_setting(tx, tenant, "x", "y"); }));
  EXPECT_TRUE(refused([&](Tx& tx) { return prune_events(tx, tenant, {1}, 1); }));
  EXPECT_TRUE(refused([&](Tx& tx) { return prune_processes(tx, tenant, {1}); }));
  EXPECT_TRUE(refused([&](Tx& tx) { return prune_tokens(tx, tenant, {1}); }));
  EXPECT_TRUE(refused([&](Tx& tx) { return set_setup_token(tx, tenant, "h", {1}); }));
  EXPECT_TRUE(refused([&](Tx& tx) { return use_setup_token(tx, tenant, "h"); }));
  EXPECT_TRUE(refused([&](Tx& tx) { return create_process(tx, tenant, {.kind = "x"}); }));
}

TEST_F(StoreScope, AUserBecomesAMemberOfWhatTheyCreate) {
  const UserId ann =
      must(write([](Tx& tx) { return create_user(tx, Scope::platform(), {.name = "ann"}); })).id;
  const Project made = must(write([&](Tx& tx) -> Result<Project> {
    const Scope scope = Scope::of(ann, {});
    auto project = create_project(tx, scope, {.name = "shop"});
    if (!project) return project;
    const auto inside = scope.with(project->id);
    CROFT_TRY(
        create_service(tx, inside, {.project_id = project->id, .hostname = "api", .type = "go@1"}));
    return project;
  }));
  EXPECT_EQ(must(read([&](const Tx& tx) { return member_projects(tx, Scope::platform(), ann); })),
            (std::vector<ProjectId>{made.id}));
}

}  // namespace
}  // namespace croft
