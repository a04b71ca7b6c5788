// What a project may take: refused by name, and only beyond the cap.
#include "app/caps.h"

#include "app/service_actions.h"
#include "app/version_actions.h"
#include "store/limits.h"
#include "store/processes.h"
#include "store/projects.h"
#include "store/services.h"
#include "store/store_fixture.h"
#include "store/versions.h"

namespace croft {
namespace {

const Scope kAll = Scope::platform();

class Caps : public StoreTest {
 protected:
  Caps() : StoreTest(StoreKind::kInline) {
    project_ = must(write([](Tx& tx) { return create_project(tx, kAll, {.name = "shop"}); }));
  }
  void limit(std::int64_t ProjectCaps::* cap, std::int64_t value) {
    must(write([&](Tx& tx) -> Status {
      auto limits = read_limits(tx);
      if (!limits) return fail(limits.error());
      limits->project.*cap = value;
      return write_limits(tx, kAll, *limits);
    }));
  }
  Result<ServiceCreated> create(const std::string& hostname, int containers) {
    return runtime_.run_until_done(create_service_use_case(
        context_, actor_, project_.id,
        {.hostname = hostname, .type = "nodejs@22", .min_containers = containers}));
  }
  Result<Process> scale(const Service& service, int containers) {
    return runtime_.run_until_done(scale_service(context_, actor_, service.id, containers));
  }
  // A service that looks deployed.
  Service active(const std::string& hostname) {
    Service service = must(create(hostname, 1)).service;
    must(write([&](Tx& tx) -> Status {
      const auto version = create_version(tx, kAll, {.service_id = service.id});
      if (!version) return fail(version.error());
      CROFT_TRY(activate_version(tx, kAll, version->id));
      return set_service_status(tx, kAll, service.id, ServiceStatus::kActive);
    }));
    return service;
  }
  Version waiting(const Service& service, std::int64_t bytes) {
    return must(write([&](Tx& tx) -> Result<Version> {
      auto version = create_version(tx, kAll, {.service_id = service.id});
      if (!version) return version;
      version->status = VersionStatus::kWaitingToBuild;
      version->source_bytes = bytes;
      return update_version(tx, kAll, *version);
    }));
  }
  void expect_refused(const Error& error, const std::string& cap) {
    EXPECT_EQ(error.code(), ErrorCode::kConflict) << error.message();
    EXPECT_NE(error.message().find("project shop"), std::string::npos) << error.message();
    EXPECT_NE(error.message().find("--set " + cap + "=N"), std::string::npos) << error.message();
  }

  const catalog::Catalog catalog_ = must(catalog::Catalog::load(CROFT_SOURCE_DIR "/catalog"));
  AppContext context_{.store = store(),
                      .catalog = catalog_,
                      .clock = clock_,
                      .random = random_,
                      .platform = {},
                      .wake = [] {},
                      .cancel = {}};
  const Actor actor_{.user = {}, .token = {}, .scope = kAll, .peer = {}, .request_id = {}};
  Project project_;
};

TEST_F(Caps, ContainersOfAllServicesTogether) {
  limit(&ProjectCaps::containers, 5);
  must(create("a", 3));
  const Service b = active("b");
  const auto refused = create("c", 2);
  ASSERT_FALSE(refused);
  expect_refused(refused.error(), "containers");
  EXPECT_NE(refused.error().message().find("5 containers at most, and this would make 6"),
            std::string::npos)
      << refused.error().message();
  // Nothing of the refused one stays.
  EXPECT_EQ(must(read([&](const Tx& tx) { return list_services(tx, kAll, project_.id); })).size(),
            2u);
  expect_refused(scale(b, 3).error(), "containers");
  must(scale(b, 2));
}

TEST_F(Caps, LoweredBelowWhatThereIsFewerIsStillAllowed) {
  const Service a = active("a");
  must(create("b", 5));
  limit(&ProjectCaps::containers, 1);
  EXPECT_FALSE(create("c", 1));
  must(scale(a, 1));
}

TEST_F(Caps, MemoryAndCpusOfTheirLimits) {
  const auto type = must(catalog_.find(*spec::parse_type_ref("nodejs@22"), {})).type;
  limit(&ProjectCaps::memory_bytes, 2 * type->memory_bytes);
  must(create("a", 2));
  expect_refused(create("b", 1).error(), "memory_bytes");
  limit(&ProjectCaps::memory_bytes, 1ll << 40);
  limit(&ProjectCaps::cpus, static_cast<std::int64_t>(2 * type->cpus));
  expect_refused(create("b", 1).error(), "cpus");
}

TEST_F(Caps, DeploymentsAtOnce) {
  const Service a = must(create("a", 1)).service;
  const Service b = must(create("b", 1)).service;
  limit(&ProjectCaps::builds, 1);
  const Process first =
      must(runtime_.run_until_done(deploy_version(context_, actor_, waiting(a, 1).id)));
  const Version second = waiting(b, 1);
  expect_refused(runtime_.run_until_done(deploy_version(context_, actor_, second.id)).error(),
                 "builds");
  must(write([&](Tx& tx) -> Status {
    auto ended = get_process(tx, kAll, first.id);
    if (!ended) return fail(ended.error());
    ended->status = ProcessStatus::kFinished;
    CROFT_TRY(update_process(tx, kAll, *ended));
    return {};
  }));
  must(runtime_.run_until_done(deploy_version(context_, actor_, second.id)));
}

TEST_F(Caps, BytesOfUploadsAndBundles) {
  const Service a = must(create("a", 1)).service;
  limit(&ProjectCaps::disk_bytes, 100);
  waiting(a, 60);
  const Version next =
      must(write([&](Tx& tx) { return create_version(tx, kAll, {.service_id = a.id}); }));
  expect_refused(runtime_.run_until_done(version_uploaded(context_, kAll, next.id, 41)).error(),
                 "disk_bytes");
  must(runtime_.run_until_done(version_uploaded(context_, kAll, next.id, 40)));
  const auto another = runtime_.run_until_done(create_version_use_case(
      context_, kAll, a.id,
      {.config = "croft:\n  - setup: a\n    run:\n      base: nodejs@22\n      start: node x\n"}));
  ASSERT_FALSE(another);
  expect_refused(another.error(), "disk_bytes");
}

TEST_F(Caps, AnotherProjectIsNotHeldUp) {
  limit(&ProjectCaps::containers, 1);
  must(create("a", 1));
  project_ = must(write([](Tx& tx) { return create_project(tx, kAll, {.name = "blog"}); }));
  must(create("a", 1));
}

TEST_F(Caps, LimitsMustBeSensibleAndAreForOwners) {
  Limits limits;
  limits.project.builds = 0;
  EXPECT_EQ(write([&](Tx& tx) { return write_limits(tx, kAll, limits); }).error().code(),
            ErrorCode::kInvalid);
  const Scope member = Scope::of(UserId::generate(random_), {project_.id});
  EXPECT_EQ(write([&](Tx& tx) { return write_limits(tx, member, Limits{}); }).error().code(),
            ErrorCode::kForbidden);
}

}  // namespace
}  // namespace croft
