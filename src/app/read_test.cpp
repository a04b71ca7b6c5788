// What users are shown.
#include "app/read.h"

#include "app/use_case_fixture.h"
#include "store/nodes.h"
#include "store/versions.h"

namespace croft {
namespace {

TEST_F(UseCases, VersionsAreFoundByNumberIdAndName) {
  const Service api = service(shop(), "api", ServiceCategory::kRuntime);
  const auto add = [&](const std::string& name) {
    return must(write([&](Tx& tx) {
      return create_version(tx, Scope::platform(),
                            {.service_id = api.id, .name = name, .created_by = ann_->user.id});
    }));
  };
  const Version first = add("v1.0");
  const Version second = add("v1.0");
  const auto show = [&](const std::string& text) {
    return run(show_version(context_, *ann_, "shop", "api", text));
  };
  EXPECT_EQ(must(show("1")).version.id, first.id);
  EXPECT_EQ(must(show(second.id.str())).version.id, second.id);
  EXPECT_EQ(must(show("v1.0")).version.id, second.id);
  EXPECT_EQ(must(show("1")).created_by, "ann");
  EXPECT_EQ(show("3").error().code(), ErrorCode::kNotFound);
}

TEST_F(UseCases, NodesShowWhenTheirAgentsReported) {
  const auto add = [&](const std::string& name) {
    return must(
        write([&](Tx& tx) { return register_node(tx, Scope::platform(), {.name = name}); }));
  };
  const Node first = add("n1");
  const Node second = add("n2");
  const Timestamp seen = clock_.now();
  context_.node_seen = [&](const NodeId& id) {
    return id == second.id ? std::optional(seen) : std::nullopt;
  };
  const auto nodes = must(run(list_nodes(context_, *ann_)));
  ASSERT_EQ(nodes.size(), 2u);
  EXPECT_EQ(nodes[0].last_seen_at, std::nullopt);
  EXPECT_EQ(nodes[1].last_seen_at, seen);
  EXPECT_EQ(must(run(show_node(context_, *ann_, "n2"))).last_seen_at, seen);
  EXPECT_EQ(must(run(show_node(context_, *ann_, first.id.str()))).name, "n1");
  EXPECT_EQ(run(show_node(context_, *ann_, "n3")).error().code(), ErrorCode::kNotFound);
  EXPECT_EQ(run(show_node(context_, *bob_, "n1")).error().code(), ErrorCode::kNotFound);
}

TEST_F(UseCases, ServicesShowAddressesAndReadyContainers) {
  const Project project = shop();
  service(project, "api", ServiceCategory::kRuntime);
  context_.ready_containers = [](const ServiceId&) { return 2; };
  const auto view = must(run(show_service(context_, *ann_, "shop", "api")));
  EXPECT_EQ(view.ready_containers, 2);
  ASSERT_EQ(view.urls.size(), 1u);
  EXPECT_EQ(view.urls[0], "https://api-shop.croft.localhost");
  service(project, "web", ServiceCategory::kStatic);
  const auto page = must(run(list_services(context_, *ann_, "shop", {.after = "api", .limit = 1})));
  ASSERT_EQ(page.items.size(), 1u);
  EXPECT_EQ(page.items[0].service.hostname, "web");
  EXPECT_TRUE(page.next.empty());
}

}  // namespace
}  // namespace croft
