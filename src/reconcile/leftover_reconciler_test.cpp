#include "reconcile/leftover_reconciler.h"

#include <gmock/gmock.h>

#include "engine/fake/fake_engine.h"
#include "reconcile/no_artifacts.h"
#include "store/projects.h"
#include "store/services.h"
#include "store/store_fixture.h"
#include "store/versions.h"

namespace croft {
namespace {

// Versions on disk, by name only.
class DiskOnly final : public NoArtifacts {
 public:
  Task<void> discard(const Version& version) override {
    std::erase_if(kept, [&](const VersionOnDisk& one) {
      return one.version == version.id && one.service == version.service_id;
    });
    co_return;
  }
  Task<std::vector<VersionOnDisk>> on_disk() override { co_return kept; }

  std::vector<VersionOnDisk> kept;
};

class LeftoverTest : public StoreTest {
 protected:
  LeftoverTest() : StoreTest(StoreKind::kInline) {}
};

// croftd died between the deletion of the row and that of the files.
TEST_F(LeftoverTest, FilesOfAVersionThatIsGoneGoTooOthersStay) {
  const Version version = must(write([](Tx& tx) -> Result<Version> {
    auto project = create_project(tx, Scope::platform(), {.name = "shop"});
    if (!project) return fail(project.error());
    auto service = create_service(
        tx, Scope::platform(), {.project_id = project->id, .hostname = "web", .type = "nodejs@22"});
    if (!service) return fail(service.error());
    return create_version(tx, Scope::platform(), {.service_id = service->id});
  }));
  DiskOnly artifacts;
  const VersionOnDisk gone{version.service_id, *VersionId::parse(std::string(kIdLength, 'g'))};
  artifacts.kept = {{version.service_id, version.id}, gone};
  engine::FakeCluster cluster(clock_, 1);
  engine::FakeEngine engine(cluster);
  const Names names("abc123");
  LeftoverReconciler leftovers(store(), engine, artifacts, names);
  EXPECT_TRUE(runtime_.run_until_done(leftovers.reconcile()));
  ASSERT_EQ(artifacts.kept.size(), 1u);
  EXPECT_EQ(artifacts.kept.front().version, version.id);
}

}  // namespace
}  // namespace croft
