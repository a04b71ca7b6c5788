// Every container of a tenant has its limits, whatever the tenant asks for.
#include "reconcile/service_spec.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace croft {
namespace {

using testing::Contains;
using testing::IsSupersetOf;

TEST(ServiceSpec, OneContainerTakesHalfTheMachineAtMost) {
  EXPECT_EQ(cpu_limit(1, 2), 1'000'000'000);
  EXPECT_EQ(cpu_limit(1, 32), 16'000'000'000);
  EXPECT_EQ(cpu_limit(2, 2), 2'000'000'000) << "what its type is given";
  EXPECT_EQ(cpu_limit(2, 1), 1'000'000'000) << "the engine refuses more than there is";
  EXPECT_EQ(cpu_limit(0.5, 1), 500'000'000);
  EXPECT_EQ(cpu_limit(1, 0), 1'000'000'000) << "an engine that does not say";
}

TEST(ServiceSpec, AnInstanceHasLimitsAndNoPrivileges) {
  const Names names("abc123");
  Project project;
  project.network_number = 1;
  const SetRuntime runtime{.memory_bytes = 1 << 20, .nano_cpus = 1'000'000'000};
  const auto spec =
      set_service_spec(names, project, {}, {}, {}, runtime, {}, "10.64.16.1", "fd00::1");
  const engine::ContainerSettings& made = spec.container;
  EXPECT_EQ(made.resources.nano_cpus, 1'000'000'000);
  EXPECT_EQ(made.resources.memory_bytes, 1 << 20);
  EXPECT_GT(made.resources.pids, 0);
  EXPECT_TRUE(made.log.options.contains("max-size"));
  EXPECT_TRUE(made.capabilities_add.empty());
  EXPECT_THAT(made.capabilities_drop, IsSupersetOf({"NET_RAW", "MKNOD"}));
  EXPECT_TRUE(made.mounts.empty());
  EXPECT_FALSE(spec.host_network);
  EXPECT_EQ(spec.networks.size(), 1u) << "its project's segment and nothing else";
}

TEST(ServiceSpec, VolumesAreVolumesNeverFoldersOfTheHost) {
  const SetRuntime runtime{.volumes = {{.name = "data", .target = "/var/lib/data"}}};
  const auto spec =
      set_service_spec(Names("abc123"), {}, {}, {}, {}, runtime, {}, "10.64.16.1", "fd00::1");
  ASSERT_EQ(spec.container.mounts.size(), 1u);
  EXPECT_EQ(spec.container.mounts[0].kind, engine::Mount::Kind::kVolume);
  EXPECT_FALSE(spec.container.mounts[0].source.starts_with("/"));
}

TEST(ServiceSpec, ACoreHasLimitsToo) {
  const auto spec = core_service_spec(Names("abc123"), {}, "b", "core:1", "/home/cores/x");
  EXPECT_EQ(spec.name, "croft-abc123-core-p0-b");
  EXPECT_THAT(spec.container.command, IsSupersetOf({"--slot", "b", "--revision", "core:1"}));
  EXPECT_GT(spec.container.resources.nano_cpus, 0);
  EXPECT_GT(spec.container.resources.memory_bytes, 0);
  EXPECT_GT(spec.container.resources.pids, 0);
}

}  // namespace
}  // namespace croft
