#include "ir/patch.hpp"

#include "ir/printer.hpp"
#include "unit/ir/test_ops.hpp"

#include <tenon/error.hpp>

#include <gtest/gtest.h>

namespace tenon::test {
namespace {

ValueId named(const Graph& graph, std::string_view name) {
  for (std::uint32_t i = 0; i < graph.value_limit(); ++i) {
    if (graph.value(ValueId{i}).name == name) return ValueId{i};
  }
  return {};
}

Graph chain() {
  return graph_of(R"(graph @g(%x: f32[2], %w: f32[?]) {
    %y = same(%x) : f32[2] loc("Y")
    %z = same(%y) : f32[2] loc("Z")
    return %z as "z"
    tap "t" = %z
  })");
}

TEST(Patch, ReplacesAndKeepsNameAndLocation) {
  Graph graph = chain();
  const ValueId z = named(graph, "z");
  Patch patch(graph, graph.value(z).producer);
  const ValueId forked = patch.add_node(Fork{}, {named(graph, "x")}, 2)[1];
  EXPECT_EQ(patch.type(forked).to_string(), "f32[2]");
  patch.replace(z, forked);
  graph.apply(std::move(patch));
  graph.verify();
  EXPECT_EQ(graph.outputs()[0], forked);
  EXPECT_EQ(graph.value(forked).name, "z");
  EXPECT_EQ(graph.node(graph.value(forked).producer).location, "Z");
  // The tap stays on the old value, as a side copy.
  EXPECT_EQ(graph.taps()[0].value, z);
  EXPECT_EQ(graph.remove_dead_nodes(), 0u);
}

TEST(Patch, MovesTapsWhenAsked) {
  Graph graph = chain();
  Patch patch(graph, graph.value(named(graph, "z")).producer);
  patch.replace(named(graph, "z"), named(graph, "y"));
  patch.move_taps(true);
  graph.apply(std::move(patch));
  graph.verify();
  EXPECT_EQ(graph.taps()[0].value, named(graph, "y"));
  EXPECT_EQ(graph.remove_dead_nodes(), 1u);
}

TEST(Patch, ItsOwnNodesKeepUsingTheReplacedValue) {
  Graph graph = chain();
  const ValueId z = named(graph, "z");
  // Wraps z: the new node uses z, everyone else the new node. It must come after z, so the root is a later
  // node.
  const ValueId last = graph.add(Same{}, {z});
  Patch patch(graph, graph.value(last).producer);
  const ValueId wrapped = patch.add(Same{}, {last});
  patch.replace(last, wrapped);
  EXPECT_EQ(patch.value(wrapped).type, graph.type(last));
  EXPECT_THROW(patch.replace(last, z), InternalError);
}

TEST(Patch, RefusesLessSpecificTypes) {
  const Graph graph = chain();
  Patch patch(graph, graph.value(named(graph, "z")).producer);
  EXPECT_FALSE(patch.can_replace(named(graph, "z"), named(graph, "w")));
  EXPECT_TRUE(patch.can_replace(named(graph, "w"), named(graph, "z")));
  EXPECT_THROW(patch.replace(named(graph, "z"), named(graph, "w")), InternalError);
}

TEST(Patch, MoreSpecificTypesReachTheUsers) {
  Graph graph = graph_of(R"(graph @g(%x: f32[?], %w: f32[2]) {
    %y = same(%x) : f32[?]
    %z = same(%y) : f32[?]
    return %z as "z"
  })");
  Patch patch(graph, graph.value(named(graph, "y")).producer);
  patch.replace(named(graph, "y"), named(graph, "w"));
  graph.apply(std::move(patch));
  graph.verify();
  EXPECT_EQ(graph.type(graph.outputs()[0]).to_string(), "f32[2]");
}

TEST(Patch, RefusesAStaleGraph) {
  Graph graph = chain();
  Patch patch(graph, graph.value(named(graph, "z")).producer);
  patch.replace(named(graph, "z"), named(graph, "y"));
  graph.add(Same{}, {named(graph, "x")});
  EXPECT_THROW(graph.apply(std::move(patch)), InternalError);
}

TEST(Patch, RefusesUsesBeforeItsRoot) {
  Graph graph = chain();
  const Graph before = graph;
  // y is used by z; a value made at a node after z cannot stand for y.
  const ValueId last = graph.add(Same{}, {named(graph, "x")});
  const Graph with_last = graph;
  Patch patch(graph, graph.value(last).producer);
  patch.replace(named(graph, "y"), patch.add(Same{}, {named(graph, "x")}));
  EXPECT_THROW(graph.apply(std::move(patch)), InternalError);
  EXPECT_TRUE(graph == with_last);
}

TEST(Patch, InferenceErrorsAreModelErrors) {
  const Graph graph = chain();
  Patch patch(graph, graph.value(named(graph, "z")).producer);
  EXPECT_THROW(patch.add(Sum{}, {named(graph, "x"), named(graph, "w")}), ModelError);
  EXPECT_TRUE(patch.empty());
}

TEST(Patch, ConstantsOfAPatchAreVisibleInIt) {
  Graph graph = chain();
  const ValueId z = named(graph, "z");
  Patch patch(graph, graph.value(z).producer);
  const ValueId c = patch.add_constant(Tensor::of<float>({2}, std::vector<float>{1, 2}));
  ASSERT_NE(patch.constant(c), nullptr);
  EXPECT_EQ(patch.constant(z), nullptr);
  patch.replace(z, c);
  graph.apply(std::move(patch));
  graph.verify();
  EXPECT_EQ(graph.constant(c)->values<float>()[1], 2);
}

TEST(Patch, WorksInsideRegions) {
  Graph graph = graph_of(R"(graph @g(%x: f32[2]) {
    %c = call : f32[2]
      region {
        %i = same(%x) : f32[2]
        return %i
      }
    return %c as "c"
  })");
  Patch patch(graph, graph.value(named(graph, "i")).producer);
  patch.replace(named(graph, "i"), patch.add(Sum{}, {named(graph, "x"), named(graph, "x")}));
  graph.apply(std::move(patch));
  graph.remove_dead_nodes();
  graph.verify();
  EXPECT_NE(print(graph).find("    %i = sum(%x, %x)"), std::string::npos);
}

TEST(Patch, RepeatedInsertionAtOnePlaceKeepsTheOrder) {
  Graph graph = chain();
  const NodeId root = graph.value(named(graph, "z")).producer;
  ValueId previous = named(graph, "y");
  for (int i = 0; i < 200; ++i) {
    Patch patch(graph, root);
    const ValueId next = patch.add(Same{}, {previous});
    patch.replace(previous, next);
    graph.apply(std::move(patch));
    previous = next;
  }
  graph.verify();
  EXPECT_EQ(graph.node_count(), 202u);
}

}  // namespace
}  // namespace tenon::test
