// Images, networks and volumes.
#include "engine/contract/contract.h"
#include "engine/fake/tar.h"

namespace croft::engine {
namespace {

bool one_runs(const std::vector<TaskInfo>& tasks) {
  return count_in_state(tasks, TaskState::kRunning) == 1;
}

class ImageContract : public EngineContract {
 protected:
  Task<void> imports_with_a_configuration() {
    StringSource tar(write_tar({{"etc/", {}}, {"etc/name", {"croft", "", 0644}}}));
    ImageConfig config;
    config.entrypoint = {"/init", "a \"b\" $c"};
    config.command = {"run"};
    config.env = {{"ODD", "x $y \"z\" 'q' \\w ${v}"}, {"PATH", "/bin"}};
    config.workdir = "/var/www";
    config.user = "1000:1000";
    config.labels = labels();
    config.labels["croft.note"] = "with \"quotes\" and $dollars";
    const auto id =
        co_await engine().import_image(name("imported") + ":1", tar, config, kCallLimit);
    CO_ASSERT(id);
    const auto info = co_await engine().inspect_image(name("imported") + ":1", kCallLimit);
    CO_ASSERT(info);
    EXPECT_EQ(info->id, *id);
    EXPECT_EQ(info->config, config);
    EXPECT_EQ(info->tags, Strings{name("imported") + ":1"});
    EXPECT_GT(info->created.ms, 0);

    StringSource again(write_tar({{"etc/", {}}}));
    const std::string tag = name("refused") + ":1";
    config.env["ODD"] = "two\nlines";
    const auto two_lines = co_await engine().import_image(tag, again, config, kCallLimit);
    EXPECT_EQ(code_of(two_lines), "invalid");
    config.env.clear();
    config.stop_signal = "SIGINT";
    const auto with_signal = co_await engine().import_image(tag, again, config, kCallLimit);
    EXPECT_EQ(code_of(with_signal), "unsupported");
  }

  Task<void> tags_lists_and_removes() {
    const std::string tag = "some/path/" + name("tagged") + ":v1";
    const auto tagged = co_await engine().tag_image(image(), tag, kCallLimit);
    CO_ASSERT(tagged);
    const auto info = co_await engine().inspect_image(tag, kCallLimit);
    CO_ASSERT(info);
    EXPECT_EQ(info->tags.size(), 2u);
    const ImageFilter by_label{.labels = labels()};
    auto images = co_await engine().list_images(by_label, kCallLimit);
    CO_ASSERT(images);
    EXPECT_TRUE(images->size() == 1 && images->front().id == info->id);
    const ImageFilter by_reference{.reference = tag};
    images = co_await engine().list_images(by_reference, kCallLimit);
    CO_ASSERT(images);
    EXPECT_EQ(images->size(), 1u);
    const auto removed = co_await engine().remove_image(tag, false, kCallLimit);
    CO_ASSERT(removed);
    const auto base = co_await engine().inspect_image(image(), kCallLimit);
    CO_ASSERT(base);
    EXPECT_EQ(base->tags, Strings{image()});
    const auto missing = co_await engine().inspect_image(tag, kCallLimit);
    EXPECT_EQ(code_of(missing), "not-found");
    const auto removed_twice = co_await engine().remove_image(tag, false, kCallLimit);
    EXPECT_EQ(code_of(removed_twice), "not-found");

    const ContainerSpec user = container("user", "serve");
    co_await start(user);
    const auto in_use = co_await engine().remove_image(base->id, false, kCallLimit);
    EXPECT_EQ(code_of(in_use), "conflict");
  }

  Task<void> commits_a_container() {
    ContainerSpec spec = container("commit", "serve");
    const auto id = co_await engine().create_container(spec, kCallLimit);
    CO_ASSERT(id);
    StringSource tar(write_tar({{"made", {"by commit", "", 0644}}}));
    const auto put = co_await engine().put_archive(*id, "/tmp", tar, kCallLimit);
    CO_ASSERT(put);
    ImageConfig config;
    config.command = {"/bin/sh", "-c", "exit 3"};
    config.env = {{"ODD", "x $y \"z\"\nnext"}};
    config.workdir = "/tmp";
    config.labels = {{"croft.role", "image"}};
    const std::string tag = name("committed") + ":1";
    const auto image_id = co_await engine().commit_container(*id, tag, config, kCallLimit);
    CO_ASSERT(image_id);
    const auto info = co_await engine().inspect_image(tag, kCallLimit);
    CO_ASSERT(info);
    EXPECT_EQ(info->id, *image_id);
    EXPECT_EQ(info->config.env.at("ODD"), config.env.at("ODD"));
    EXPECT_EQ(info->config.env.at("PATH"), "/bin");
    EXPECT_EQ(info->config.workdir, "/tmp");
    EXPECT_EQ(info->config.command, config.command);
    EXPECT_EQ(info->labels.at("croft.role"), "image");

    spec = container("from-commit", "serve");
    spec.settings.image = tag;
    const auto second = co_await engine().create_container(spec, kCallLimit);
    CO_ASSERT(second);
    auto archive = co_await engine().get_archive(*second, "/tmp/made", kCallLimit);
    CO_ASSERT(archive);
    const auto bytes = co_await read_all(**archive, 1 << 20);
    CO_ASSERT(bytes);
    const auto files = read_tar(*bytes);
    EXPECT_TRUE(files && files->at("made").content == "by commit");
  }

  Task<void> saves_and_loads() {
    StringSource tar(write_tar({{"etc/", {}}, {"etc/x", {std::string(300'000, 'x'), "", 0644}}}));
    ImageConfig config;
    config.labels = labels();
    const std::string tag = name("saved") + ":1";
    const auto id = co_await engine().import_image(tag, tar, config, kCallLimit);
    CO_ASSERT(id);
    auto stream = co_await engine().save_image(tag, kCallLimit);
    CO_ASSERT(stream);
    auto bytes = co_await read_all(**stream, 16 << 20);
    CO_ASSERT(bytes);
    const auto removed = co_await engine().remove_image(tag, false, kCallLimit);
    CO_ASSERT(removed);
    StringSource saved(std::move(*bytes));
    const auto loaded = co_await engine().load_image(saved, kCallLimit);
    CO_ASSERT(loaded);
    const auto info = co_await engine().inspect_image(tag, kCallLimit);
    CO_ASSERT(info);
    EXPECT_EQ(info->id, *id);
    const auto missing = co_await engine().save_image(name("none") + ":1", kCallLimit);
    EXPECT_NE(code_of(missing), "ok");
  }

  Task<void> builds_with_progress() {
    ImageBuild build;
    build.tag = name("built") + ":1";
    build.dockerfile = "docker/Build";
    build.labels = labels();
    build.network_mode = "none";
    build.args = {{"WHO", "croft"}};
    StringSource context(write_tar(
        {{"docker/", {}},
         {"docker/Build",
          {"FROM " + image() + "\nARG WHO\nLABEL made.by=$WHO\nENV MADE=yes\n", "", 0644}}}));
    std::vector<std::string> lines;
    const ProgressLine progress = [&lines](std::string_view text) { lines.emplace_back(text); };
    const auto id = co_await engine().build_image(build, context, progress, kCallLimit);
    CO_ASSERT(id);
    EXPECT_FALSE(lines.empty());
    for (const std::string& text : lines) EXPECT_EQ(text.find('\n'), std::string::npos);
    const auto info = co_await engine().inspect_image(build.tag, kCallLimit);
    CO_ASSERT(info);
    EXPECT_EQ(info->id, *id);
    EXPECT_EQ(info->config.env.at("MADE"), "yes");
    EXPECT_EQ(info->labels.at("made.by"), "croft");
    EXPECT_EQ(info->labels.at("croft.test"), labels().at("croft.test"));

    build.tag = name("broken") + ":1";
    StringSource broken(write_tar(
        {{"docker/", {}}, {"docker/Build", {"FROM " + image() + "\nNONSENSE x\n", "", 0644}}}));
    const auto failed = co_await engine().build_image(build, broken, progress, kCallLimit);
    EXPECT_NE(code_of(failed), "ok");
    EXPECT_NE(failed.error().message().find("NONSENSE"), std::string::npos);
    EXPECT_NE(failed.error().message().find(build.tag), std::string::npos);
  }

  Task<void> keeps_volumes() {
    const VolumeSpec spec{name("data"), labels()};
    const auto created = co_await engine().create_volume(spec, kCallLimit);
    CO_ASSERT(created);
    const auto again = co_await engine().create_volume(spec, kCallLimit);
    CO_ASSERT(again);
    const auto info = co_await engine().inspect_volume(spec.name, kCallLimit);
    CO_ASSERT(info);
    EXPECT_EQ(info->spec, spec);
    EXPECT_FALSE(info->mountpoint.empty());
    const Filter filter = mine();
    const auto volumes = co_await engine().list_volumes(filter, kCallLimit);
    CO_ASSERT(volumes);
    EXPECT_EQ(volumes->size(), 1u);

    ContainerSpec user = container("volume-user", "serve");
    user.settings.mounts = {{.source = spec.name, .target = "/data"}};
    const std::string id = co_await start(user);
    const auto in_use = co_await engine().remove_volume(spec.name, kCallLimit);
    EXPECT_EQ(code_of(in_use), "conflict");
    const auto removed_user = co_await engine().remove_container(id, true, kCallLimit);
    CO_ASSERT(removed_user);
    const auto removed = co_await engine().remove_volume(spec.name, kCallLimit);
    CO_ASSERT(removed);
    const auto missing = co_await engine().inspect_volume(spec.name, kCallLimit);
    EXPECT_EQ(code_of(missing), "not-found");
  }

  NetworkSpec segment_config() const {
    NetworkSpec spec;
    spec.name = name("segment-config");
    spec.driver = "macvlan";
    spec.labels = labels();
    spec.ranges = {{"10.201.16.0/20", "10.201.17.0/24", "10.201.16.1"},
                   {"fd12:3456:789a:2::/64", "fd12:3456:789a:2:1::/80", "fd12:3456:789a:2::1"}};
    spec.enable_ipv6 = true;
    spec.config_only = true;
    return spec;
  }

  // A device in the engine's own network namespace, whichever that is: the bridge of a network.
  Task<std::string> parent_device() {
    NetworkSpec spec;
    spec.name = name("parent");
    spec.driver = "bridge";
    spec.labels = labels();
    spec.ranges = {{"10.203.0.0/24", "", "10.203.0.1"}};
    const std::string device = "ct" + spec.name.substr(8, 8);
    spec.options = {{"com.docker.network.bridge.name", device}};
    const auto created = co_await engine().create_network(spec, kCallLimit);
    EXPECT_TRUE(created) << created.error().describe();
    co_return device;
  }

  // The network of a project, as DESIGN.md §4 has it.
  Task<void> gives_tasks_addresses_of_the_nodes_slice() {
    NetworkSpec config = segment_config();
    const std::string device = co_await parent_device();
    config.options = {{"parent", device}};
    const auto config_id = co_await engine().create_network(config, kCallLimit);
    CO_ASSERT(config_id);
    const auto config_info = co_await engine().inspect_network(*config_id, kCallLimit);
    CO_ASSERT(config_info);
    EXPECT_EQ(config_info->spec.ranges, config.ranges);
    EXPECT_TRUE(config_info->spec.config_only && config_info->spec.enable_ipv6);
    NetworkSpec segment;
    segment.name = name("segment");
    segment.driver = "macvlan";
    segment.config_from = config.name;
    segment.swarm_scope = true;
    segment.attachable = true;
    segment.labels = labels();
    segment.enable_ipv6 = true;
    const auto mixed = co_await engine().create_network(segment, kCallLimit);
    EXPECT_EQ(code_of(mixed), "invalid");
    segment.enable_ipv6 = false;
    const auto id = co_await engine().create_network(segment, kCallLimit);
    CO_ASSERT(id);
    const auto twice = co_await engine().create_network(segment, kCallLimit);
    EXPECT_EQ(code_of(twice), "conflict");
    const auto info = co_await engine().inspect_network(*id, kCallLimit);
    CO_ASSERT(info);
    EXPECT_TRUE(info->spec.swarm_scope);
    EXPECT_EQ(info->spec.config_from, config.name);
    EXPECT_EQ(info->spec.labels, labels());
    Filter filter = mine();
    filter.names = {segment.name};
    const auto listed = co_await engine().list_networks(filter, kCallLimit);
    CO_ASSERT(listed);
    EXPECT_TRUE(listed->size() == 1 && listed->front().id == *id);
    filter.labels["croft.test"] = "other";
    const auto none = co_await engine().list_networks(filter, kCallLimit);
    CO_ASSERT(none);
    EXPECT_TRUE(none->empty());

    ServiceSpec spec = service("attached", "serve");
    spec.host_network = false;
    spec.networks = {{*id, {"db"}}};
    const auto service_id = co_await engine().create_service(spec, kCallLimit);
    CO_ASSERT(service_id);
    const auto tasks = co_await wait_for_tasks(*service_id, one_runs);
    if (tasks.empty()) co_return;
    const auto container_info =
        co_await engine().inspect_container(tasks[0].container_id, kCallLimit);
    CO_ASSERT(container_info);
    EXPECT_EQ(container_info->addresses.size(), 1u);
    if (container_info->addresses.empty()) co_return;
    const TaskAddresses& addresses = container_info->addresses[0];
    EXPECT_EQ(addresses.network_name, segment.name);
    EXPECT_TRUE(addresses.ipv4.starts_with("10.201.17.")) << addresses.ipv4;
    EXPECT_TRUE(addresses.ipv6.starts_with("fd12:3456:789a:2:1:")) << addresses.ipv6;
    const auto in_use = co_await engine().remove_network(*id, kCallLimit);
    EXPECT_NE(code_of(in_use), "ok");
    const auto used = co_await engine().inspect_network(*id, kCallLimit);
    CO_ASSERT(used);
    EXPECT_EQ(used->endpoints.size(), 1u);
    if (!used->endpoints.empty()) EXPECT_EQ(used->endpoints[0].ipv4, addresses.ipv4);
    const auto service_info = co_await engine().inspect_service(*service_id, kCallLimit);
    CO_ASSERT(service_info);
    EXPECT_EQ(service_info->spec, spec);
    const auto removed = co_await engine().remove_service(*service_id, kCallLimit);
    CO_ASSERT(removed);
    // Free once the task's container has let go of it.
    for (int round = 0; round < 100; ++round) {
      const auto network_removed = co_await engine().remove_network(*id, kCallLimit);
      if (network_removed) co_return;
      co_await pass(Millis(100));
    }
    ADD_FAILURE() << "the network could not be removed";
  }

  Task<void> refuses_ranges_that_overlap() {
    NetworkSpec first;
    first.name = name("one");
    first.driver = "bridge";
    first.labels = labels();
    first.ranges = {{"10.202.16.0/24", "", "10.202.16.1"}};
    const auto id = co_await engine().create_network(first, kCallLimit);
    CO_ASSERT(id);
    NetworkSpec second = first;
    second.name = name("two");
    const auto overlapping = co_await engine().create_network(second, kCallLimit);
    EXPECT_EQ(code_of(overlapping), "conflict");
    ContainerSpec user = container("on-bridge", "serve");
    user.networks = {{first.name, {}}};
    const std::string container_id = co_await start(user);
    const auto info = co_await engine().inspect_container(container_id, kCallLimit);
    CO_ASSERT(info);
    EXPECT_TRUE(info->addresses.size() == 1 && info->addresses[0].ipv4.starts_with("10.202.16."));
    const auto in_use = co_await engine().remove_network(*id, kCallLimit);
    EXPECT_EQ(code_of(in_use), "conflict");
    const auto removed_user = co_await engine().remove_container(container_id, true, kCallLimit);
    CO_ASSERT(removed_user);
    const auto removed = co_await engine().remove_network(*id, kCallLimit);
    CO_ASSERT(removed);
    const auto missing = co_await engine().inspect_network(first.name, kCallLimit);
    EXPECT_EQ(code_of(missing), "not-found");
  }
};

TEST_P(ImageContract, ImportsWithAConfiguration) {
  run(imports_with_a_configuration());
}
TEST_P(ImageContract, TagsListsAndRemoves) {
  run(tags_lists_and_removes());
}
TEST_P(ImageContract, CommitsAContainer) {
  run(commits_a_container());
}
TEST_P(ImageContract, SavesAndLoads) {
  run(saves_and_loads());
}
TEST_P(ImageContract, BuildsWithProgress) {
  run(builds_with_progress());
}
TEST_P(ImageContract, KeepsVolumes) {
  run(keeps_volumes());
}
TEST_P(ImageContract, GivesTasksAddressesOfTheNodesSlice) {
  run(gives_tasks_addresses_of_the_nodes_slice());
}
TEST_P(ImageContract, RefusesRangesThatOverlap) {
  run(refuses_ranges_that_overlap());
}

INSTANTIATE_TEST_SUITE_P(Contract, ImageContract, ::testing::ValuesIn(contract_worlds()));

}  // namespace
}  // namespace croft::engine
