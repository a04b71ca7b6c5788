// The store's contract: transactions, projects, services, versions, instance sets, nodes.
#include "model/network_number.h"
#include "store/store_contract.h"

namespace croft {
namespace {

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

TEST_P(StoreContract, ThereAreAsManyProjectsAsTheAddressPlanHasNetworks) {
  const auto last = must(write([](Tx& tx) -> Result<Project> {
    for (int n = 1;; ++n) {
      auto made = create_project(tx, kPlatform, {.name = fmt::format("p{}", n)});
      if (!made || n == kMaxNetworkNumber) return made;
    }
  }));
  EXPECT_EQ(last.network_number, kMaxNetworkNumber);
  const auto more = write([](Tx& tx) { return create_project(tx, kPlatform, {.name = "more"}); });
  ASSERT_FALSE(more);
  EXPECT_EQ(more.error().code(), ErrorCode::kExhausted);
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
