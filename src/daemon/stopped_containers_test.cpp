#include "daemon/stopped_containers.h"

#include <gmock/gmock.h>

#include "store/audit.h"
#include "store/projects.h"
#include "store/services.h"
#include "store/store_fixture.h"

namespace croft {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class StoppedContainersTest : public StoreTest {
 protected:
  StoppedContainersTest() : StoreTest(StoreKind::kInline) {
    project_ =
        must(write([](Tx& tx) { return create_project(tx, Scope::platform(), {.name = "den"}); }));
    service_ = must(write([&](Tx& tx) {
      return create_service(tx, Scope::platform(), {.project_id = project_.id, .hostname = "pit"});
    }));
  }
  void report(const std::vector<std::string>& stopped, const std::string& role = "runtime") {
    NodeObserved observed;
    observed.containers.push_back({.id = "fine", .role = "runtime", .running = true});
    for (const std::string& id : stopped) {
      observed.containers.push_back({.id = id,
                                     .role = role,
                                     .project_id = project_.id,
                                     .service_id = service_.id,
                                     .disk_full = true});
    }
    world_.set_node(node_, observed);
    runtime_.run_until_done(stopped_.look());
  }
  std::vector<AuditEntry> audited(const std::string& action = "container.stop") {
    std::vector<AuditEntry> found;
    for (AuditEntry& one : must(read([&](const Tx& tx) {
                             return list_audit(tx, Scope::platform(), project_.id, {});
                           })).items) {
      if (one.action == action) found.push_back(std::move(one));
    }
    return found;
  }

  Project project_;
  Service service_;
  const NodeId node_ = NodeId::generate(random_);
  World world_{runtime_};
  StoppedContainers stopped_{store(), world_, clock_};
};

TEST_F(StoppedContainersTest, EachIsToldOnce) {
  report({});
  EXPECT_THAT(stopped_.recent(), IsEmpty());
  report({"0123456789abcdef"});
  report({"0123456789abcdef"});
  EXPECT_EQ(stopped_.stopped(), 1);
  EXPECT_THAT(stopped_.recent(), ElementsAre("den/pit"));
  ASSERT_EQ(audited().size(), 1u);
  EXPECT_EQ(audited()[0].actor, "croft");
  EXPECT_EQ(audited()[0].object, "service den/pit: container 0123456789ab");
  EXPECT_THAT(audited()[0].reason, HasSubstr("container_disk_bytes"));
  report({"0123456789abcdef", "another"}, "build");
  EXPECT_EQ(stopped_.stopped(), 2);
  EXPECT_EQ(audited()[0].object, "build of den/pit: container another");
}

TEST_F(StoppedContainersTest, FrozenOnesAreShownWhileTheyAre) {
  const auto report_frozen = [this](bool frozen) {
    NodeObserved observed;
    observed.containers.push_back({.id = "0123456789abcdef",
                                   .role = "managed",
                                   .project_id = project_.id,
                                   .service_id = service_.id,
                                   .running = true,
                                   .volume_full = frozen});
    world_.set_node(node_, observed);
    runtime_.run_until_done(stopped_.look());
  };
  report_frozen(true);
  report_frozen(true);
  clock_.advance(kStoppedShown);
  EXPECT_THAT(stopped_.frozen_now(), ElementsAre("den/pit"));
  EXPECT_THAT(stopped_.recent(), IsEmpty());
  EXPECT_EQ(stopped_.frozen(), 1);
  ASSERT_EQ(audited("container.freeze").size(), 1u);
  EXPECT_THAT(audited("container.freeze")[0].reason, HasSubstr("volume_bytes"));
  report_frozen(false);
  EXPECT_THAT(stopped_.frozen_now(), IsEmpty());
  report_frozen(true);
  EXPECT_EQ(stopped_.frozen(), 2);
}

TEST_F(StoppedContainersTest, TheStatusForgetsThem) {
  report({"one"});
  clock_.advance(kStoppedShown - Millis(1));
  EXPECT_THAT(stopped_.recent(), ElementsAre("den/pit"));
  clock_.advance(Millis(1));
  EXPECT_THAT(stopped_.recent(), IsEmpty());
}

}  // namespace
}  // namespace croft
