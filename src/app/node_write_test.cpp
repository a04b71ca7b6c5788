// What owners do with machines, and what is refused.
#include "app/node_write.h"

#include "app/use_case_fixture.h"
#include "store/audit.h"
#include "store/node_states.h"
#include "store/nodes.h"

namespace croft {
namespace {

class NodeWrites : public UseCases {
 protected:
  Node add(const std::string& name) {
    return must(
        write([&](Tx& tx) { return register_node(tx, Scope::platform(), {.name = name}); }));
  }
  Node node(const std::string& name) {
    for (Node& one : must(read([](const Tx& tx) { return list_nodes(tx, Scope::platform()); }))) {
      if (one.name == name) return one;
    }
    ADD_FAILURE() << "no node " << name;
    return {};
  }
  bool drained(const std::string& name) {
    const auto all = must(read([](const Tx& tx) { return drained_nodes(tx, Scope::platform()); }));
    return all.contains(node(name).id);
  }
  Result<NodeView> drain(const std::string& name) {
    return run(drain_node(context_, facts_, *ann_, name));
  }
  Result<NodeView> activate(const std::string& name) {
    return run(activate_node(context_, *ann_, name));
  }
  NodeFacts facts_;
  Result<NodeView> change(const std::string& name, NodeChange change) {
    return run(change_node(context_, *ann_, name, std::move(change)));
  }
  std::vector<std::string> audited() {
    std::vector<std::string> actions;
    const auto entries =
        must(read([](const Tx& tx) { return list_audit(tx, Scope::platform(), {}, {}); })).items;
    for (const AuditEntry& entry : entries) actions.push_back(entry.action + " " + entry.object);
    return actions;
  }
};

// The code of a refusal; the reason must have `why` in it.
template <class T>
void expect_refused(const T& result, ErrorCode code, const std::string& why) {
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code(), code);
  EXPECT_NE(result.error().message().find(why), std::string::npos) << result.error().message();
}

TEST_F(NodeWrites, LabelsAndZonesChange) {
  add("n1");
  must(change("n1", {.zone = "b", .labels = {{"disk", "ssd"}, {"rack", "7"}}}));
  must(change("n1", {.labels = {{"gpu", ""}}, .remove_labels = {"rack", "never-was"}}));
  EXPECT_EQ(node("n1").zone, "b");
  EXPECT_EQ(node("n1").labels, (std::map<std::string, std::string>{{"disk", "ssd"}, {"gpu", ""}}));
  must(change(node("n1").id.str(), {.zone = ""}));
  EXPECT_EQ(node("n1").zone, "");
  EXPECT_EQ(audited().front(), "node.label n1");
}

TEST_F(NodeWrites, BadLabelsAreRefusedWhole) {
  add("n1");
  const std::string long_word(64, 'a');
  for (const std::string& word : {std::string("a b"), std::string("-a"), std::string("a."),
                                  std::string("\xc3\xa4"), long_word}) {
    expect_refused(change("n1", {.labels = {{"good", "1"}, {word, "1"}}}), ErrorCode::kInvalid,
                   "label");
    expect_refused(change("n1", {.labels = {{"key", word}}}), ErrorCode::kInvalid, "value");
    expect_refused(change("n1", {.zone = word}), ErrorCode::kInvalid, "zone");
  }
  expect_refused(change("n1", {.labels = {{"", "1"}}}), ErrorCode::kInvalid, "label");
  NodeChange many;
  for (std::size_t i = 0; i <= kMaxNodeLabels; ++i) many.labels["k" + std::to_string(i)] = "v";
  expect_refused(change("n1", many), ErrorCode::kInvalid, "at most 32");
  EXPECT_TRUE(node("n1").labels.empty());
  expect_refused(change("n2", {.zone = "b"}), ErrorCode::kNotFound, "croft node list");
}

TEST_F(NodeWrites, TheOnlyActiveNodeIsNotDrained) {
  add("n1");
  expect_refused(drain("n1"), ErrorCode::kConflict, "only active node");
  add("n2");
  EXPECT_EQ(must(drain("n1")).availability, NodeAvailability::kDrained);
  EXPECT_TRUE(drained("n1"));
  expect_refused(drain("n2"), ErrorCode::kConflict, "only active node");
  must(drain("n1"));  // as it is
  EXPECT_EQ(must(activate("n1")).availability, NodeAvailability::kActive);
  EXPECT_FALSE(drained("n1"));
  EXPECT_EQ(audited()[0], "node.activate n1");
  EXPECT_EQ(audited()[1], "node.drain n1");
  expect_refused(drain("n3"), ErrorCode::kNotFound, "no such node");
}

TEST_F(NodeWrites, DataIsNotLeftBehind) {
  const Node first = add("n1");
  const Node second = add("n2");
  facts_.loads = {{first.id, {.containers = 3, .with_data = 2}}, {second.id, {.containers = 3}}};
  expect_refused(drain("n1"), ErrorCode::kConflict, "2 containers");
  EXPECT_FALSE(drained("n1"));
  must(drain("n2"));
}

TEST_F(NodeWrites, WhatIsNeededIsNotRemoved) {
  const Node first = add("n1");
  facts_.control_node = first.id;
  const auto remove = [&](const char* name) {
    return run(remove_node(context_, facts_, *ann_, name));
  };
  expect_refused(remove("n1"), ErrorCode::kConflict, "only node");
  const Node second = add("n2");
  expect_refused(remove("n1"), ErrorCode::kConflict, "last manager");
  expect_refused(remove("n2"), ErrorCode::kConflict, "croft node drain n2");
  must(drain("n2"));
  facts_.loads = {{first.id, {.containers = 5}}, {second.id, {.containers = 1}}};
  expect_refused(remove("n2"), ErrorCode::kConflict, "1 containers");
  facts_.loads.erase(second.id);
  must(remove("n2"));
  EXPECT_EQ(audited().front(), "node.remove n2");
  expect_refused(remove("n2"), ErrorCode::kNotFound, "no such node");
}

TEST_F(NodeWrites, ViewsSayWhatIsDrained) {
  add("n1");
  add("n2");
  must(drain("n2"));
  const auto views = must(run(list_node_views(context_, *ann_)));
  ASSERT_EQ(views.size(), 2u);
  EXPECT_EQ(views[0].availability, NodeAvailability::kActive);
  EXPECT_EQ(views[1].availability, NodeAvailability::kDrained);
  EXPECT_EQ(must(run(show_node_view(context_, *ann_, "n2"))).availability,
            NodeAvailability::kDrained);
  EXPECT_EQ(run(show_node_view(context_, *bob_, "n2")).error().code(), ErrorCode::kNotFound);
}

TEST_F(NodeWrites, OnlyOwnersMay) {
  add("n1");
  add("n2");
  const auto code = [](const auto& result) {
    return result ? ErrorCode::kInternal : result.error().code();
  };
  EXPECT_EQ(code(run(change_node(context_, *bob_, "n1", {.zone = "b"}))), ErrorCode::kForbidden);
  EXPECT_EQ(code(run(drain_node(context_, facts_, *bob_, "n1"))), ErrorCode::kForbidden);
  EXPECT_EQ(code(run(activate_node(context_, *bob_, "n1"))), ErrorCode::kForbidden);
  EXPECT_EQ(code(run(remove_node(context_, facts_, *bob_, "n1"))), ErrorCode::kForbidden);
}

}  // namespace
}  // namespace croft
