// Machines over the API.
#include "api/api_fixture.h"
#include "api/routes_nodes.h"
#include "store/nodes.h"

namespace croft {
namespace {

class ApiNodes : public ApiTest {
 protected:
  ApiNodes() {
    for (const char* name : {"n1", "n2"}) {
      must(write([&](Tx& tx) { return register_node(tx, Scope::platform(), {.name = name}); }));
    }
    add_node_routes(router_, context_, [this] { return facts_; });
    app_.node_seen = [this](const NodeId&) { return std::optional(clock_.now()); };
  }
  NodeFacts facts_;
};

TEST_F(ApiNodes, AreLabelledDrainedActivatedAndRemoved) {
  const auto labelled = call("PATCH", "/api/v1/nodes/n2", owner_,
                             R"({"zone":"b","labels":{"disk":"ssd"},"remove_labels":["x"]})");
  ASSERT_EQ(labelled.status, 200) << labelled.body;
  auto node = parse_json(labelled.body)->as_object();
  expect_fits(node, "Node");
  EXPECT_EQ(node.at("zone").as_string(), "b");
  EXPECT_EQ(node.at("labels").at("disk").as_string(), "ssd");
  EXPECT_EQ(node.at("status").as_string(), "ready");
  EXPECT_EQ(call("PATCH", "/api/v1/nodes/n2", owner_, R"({"zone":"a b"})").status, 400);
  EXPECT_EQ(call("PATCH", "/api/v1/nodes/n2", owner_, R"({"colour":"b"})").status, 400);
  EXPECT_EQ(call("PATCH", "/api/v1/nodes/n2", member_, R"({"zone":"c"})").status, 403);

  EXPECT_EQ(call("DELETE", "/api/v1/nodes/n2", owner_).status, 409);
  EXPECT_EQ(call("POST", "/api/v1/nodes/n2/drain", owner_).status, 200);
  node = get("/nodes/n2");
  EXPECT_EQ(node.at("status").as_string(), "drained");
  EXPECT_EQ(node.at("availability").as_string(), "drained");
  EXPECT_EQ(call("POST", "/api/v1/nodes/n1/drain", owner_).status, 409);
  EXPECT_EQ(call("POST", "/api/v1/nodes/n2/activate", owner_).status, 200);
  EXPECT_EQ(get("/nodes/n2").at("status").as_string(), "ready");
  EXPECT_EQ(call("POST", "/api/v1/nodes/n2/drain", owner_).status, 200);
  EXPECT_EQ(call("DELETE", "/api/v1/nodes/n2", owner_).status, 204);
  EXPECT_EQ(call("GET", "/api/v1/nodes/n2", owner_).status, 404);
  EXPECT_EQ(call("POST", "/api/v1/nodes/n2/drain", owner_).status, 404);
}

}  // namespace
}  // namespace croft
