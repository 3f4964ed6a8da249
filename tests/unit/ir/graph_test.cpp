#include "ir/graph.hpp"

#include "ir/constant.hpp"
#include "ir/printer.hpp"
#include "unit/ir/test_ops.hpp"

#include <tenon/error.hpp>

#include <gtest/gtest.h>

namespace tenon::test {
namespace {

ValueId by_name(const Graph& graph, std::string_view name) {
  for (std::uint32_t i = 0; i < graph.value_limit(); ++i) {
    if (graph.value(ValueId{i}).name == name) return ValueId{i};
  }
  ADD_FAILURE() << "no value named " << name;
  return {};
}

TEST(Graph, BuildsAndReads) {
  Graph graph;
  const ValueId x = graph.add_input("x", Type::parse("f32[N,3]"));
  graph.set_location("here");
  const ValueId y = graph.add(Same{}, {x});
  const auto forks = graph.add_node(Fork{}, {y}, 3);
  graph.add_output("out", forks[2]);
  graph.verify();
  EXPECT_EQ(graph.node_count(), 2u);
  EXPECT_EQ(graph.type(y), Type::parse("f32[N,3]"));
  EXPECT_EQ(graph.node(graph.value(y).producer).location, "here");
  EXPECT_EQ(graph.sole_user(y), graph.value(forks[0]).producer);
  EXPECT_FALSE(graph.sole_user(forks[0]).valid());
  EXPECT_TRUE(graph.is_output(forks[2]));
  EXPECT_FALSE(graph.is_output(forks[1]));
  EXPECT_EQ(graph.nodes(graph.body()).size(), 2u);
  EXPECT_THROW(graph.add_input("x", Type()), ModelError);
  EXPECT_THROW(graph.add_output("out", x), ModelError);
}

TEST(Graph, ConstantsKnowTheirValue) {
  Graph graph;
  const ValueId c = graph.add_constant(Tensor::of<std::int64_t>({2}, std::vector<std::int64_t>{4, 5}));
  const ValueId copy = graph.add(Same{}, {c});
  ASSERT_NE(graph.constant(c), nullptr);
  EXPECT_EQ(graph.constant(c)->values<std::int64_t>()[1], 5);
  EXPECT_EQ(graph.constant(copy), nullptr);
  ASSERT_TRUE(graph.value(copy).symbolic.has_value());
  EXPECT_EQ(*graph.value(copy).symbolic, (Dims{4, 5}));
}

TEST(Graph, RemovesDeadNodesButKeepsTapsAndScales) {
  Graph graph = graph_of(R"(graph @g(%x: f32[2]) {
    %dead = same(%x) : f32[2]
    %deader = same(%dead) : f32[2]
    %tapped = same(%x) : f32[2]
    %scale = constant {value=f32[] [0.5]} : f32[]
    %scale2 = same(%scale) : f32[]
    %q = quantize(%x, %scale2) : i8[2]{scale=%scale2}
    %unused = call : f32[2]
      region {
        %inner = same(%x) : f32[2]
        return %inner
      }
    return %q as "q"
    tap "t" = %tapped
  })");
  EXPECT_EQ(graph.remove_dead_nodes(), 3u);
  graph.verify();
  EXPECT_EQ(graph.node_count(), 4u);
  EXPECT_EQ(graph.remove_dead_nodes(), 0u);
  graph.clear_taps();
  EXPECT_EQ(graph.remove_dead_nodes(), 1u);
}

TEST(Graph, DeadNodesInsideLiveRegionsGo) {
  Graph graph = graph_of(R"(graph @g(%x: f32[2]) {
    %y = call : f32[2]
      region {
        %a = same(%x) : f32[2]
        %b = same(%a) : f32[2]
        return %a
      }
    return %y as "y"
  })");
  EXPECT_EQ(graph.remove_dead_nodes(), 1u);
  graph.verify();
}

TEST(Graph, EraseRefusesUsedValues) {
  Graph graph = graph_of(R"(graph @g(%x: f32[2]) {
    %y = same(%x) : f32[2]
    %z = same(%y) : f32[2]
    return
  })");
  const NodeId y = graph.value(by_name(graph, "y")).producer;
  EXPECT_THROW(graph.erase(y), InternalError);
  graph.erase(graph.value(by_name(graph, "z")).producer);
  graph.erase(y);
  graph.verify();
  EXPECT_EQ(graph.node_count(), 0u);
}

TEST(Graph, ReplaceUsesMovesOperandsResultsTapsAndTypes) {
  Graph graph = graph_of(R"(graph @g(%x: f32[2], %s: f32[]) {
    %t = same(%s) : f32[]
    %q = quantize(%x, %s) : i8[2]{scale=%s}
    return %s as "s"
    tap "t" = %s
  })");
  // The new value must be defined before the quantized type names it, which %t is.
  const ValueId s = by_name(graph, "s");
  const ValueId t = by_name(graph, "t");
  graph.replace_uses(s, t);
  graph.set_operand(graph.value(t).producer, 0, s);
  graph.verify();
  EXPECT_EQ(graph.outputs()[0], t);
  EXPECT_EQ(graph.taps()[0].value, t);
  EXPECT_EQ(graph.type(by_name(graph, "q")).as_tensor().quant.scale, t);
}

TEST(Graph, TypesFollowAChangedOperand) {
  Graph graph = graph_of(R"(graph @g(%x: f32[N,?], %w: f32[N,4]) {
    %y = same(%x) : f32[N,?]
    %c = call : f32[N,?]
      region {
        %i = same(%y) : f32[N,?]
        return %i
      }
    %z = same(%c) : f32[N,?]
    return %z as "z"
  })");
  graph.set_operand(graph.value(by_name(graph, "y")).producer, 0, by_name(graph, "w"));
  graph.verify();
  EXPECT_EQ(graph.type(by_name(graph, "z")).to_string(), "f32[N,4]");
}

TEST(Graph, ReinferFollowsNewInputTypes) {
  Graph graph = graph_of(R"(graph @g(%x: f32[N]) {
    %y = call : f32[N]
      region {
        %i = same(%x) : f32[N]
        return %i
      }
    return %y as "y"
  })");
  graph.set_input_type(graph.inputs()[0], Type::parse("f32[7]"));
  EXPECT_THROW(graph.verify(), InternalError);
  graph.reinfer();
  graph.verify();
  EXPECT_EQ(graph.type(graph.outputs()[0]).to_string(), "f32[7]");
}

TEST(Graph, CapturesAreOuterValuesInFirstUseOrder) {
  const Graph graph = graph_of(R"(graph @g(%a: f32[2], %b: f32[2], %c: f32[2]) {
    %y = call(%a) : f32[2]
      region(%p: f32[2]) {
        %i = sum(%p, %c) : f32[2]
        %j = call : f32[2]
          region {
            %k = sum(%i, %b) : f32[2]
            return %a
          }
        return %c
      }
    return %y as "y"
  })");
  const NodeId outer = graph.value(by_name(graph, "y")).producer;
  const NodeId inner = graph.value(by_name(graph, "j")).producer;
  EXPECT_EQ(graph.captures(outer),
            (std::vector{by_name(graph, "c"), by_name(graph, "b"), by_name(graph, "a")}));
  EXPECT_EQ(graph.captures(inner),
            (std::vector{by_name(graph, "i"), by_name(graph, "b"), by_name(graph, "a")}));
  EXPECT_EQ(graph.all_nodes().front(), outer);
  EXPECT_EQ(graph.all_nodes().size(), 4u);
}

TEST(Graph, CompactDropsWhatIsDeadAndKeepsTheRest) {
  Graph graph = graph_of(R"(graph @g(%x: f32[2]) symbols(N in [1,2]) {
    %dead = same(%x) : f32[2]
    %s = constant {value=f32[] [0.5]} : f32[]
    %q = quantize(%x, %s) : i8[2]{scale=%s}
    %y = call(%x) : i8[2]{scale=%s}
      region(%p: f32[2]) {
        %i = same(%p) : f32[2]
        return %q
      }
    return %y as "y"
    tap "t" = %q
  })");
  graph.remove_dead_nodes();
  const Graph before = graph;
  const std::size_t values = graph.value_limit();
  graph.compact();
  graph.verify();
  EXPECT_TRUE(graph == before);
  EXPECT_LT(graph.value_limit(), values);
  EXPECT_EQ(print(graph), print(before));
  graph.add(Same{}, {graph.inputs()[0]});
  graph.verify();
}

TEST(Graph, EqualityLooksAtEverything) {
  const std::string base = R"(graph @g(%x: f32[2], %y: f32[2]) symbols(N in [1,2]) {
    %a = sum(%x, %y) : f32[2] loc("L")
    %b = call : f32[2] region { return %a }
    return %b as "o"
    tap "t" = %a
  })";
  const Graph graph = graph_of(base);
  const auto changed = [&](std::string_view from, std::string_view to) {
    std::string text = base;
    text.replace(text.find(from), from.size(), to);
    return graph_of(text);
  };
  EXPECT_TRUE(graph == graph_of(base));
  EXPECT_FALSE(graph == changed("@g", "@h"));
  EXPECT_FALSE(graph == changed("(%x, %y)", "(%y, %x)"));
  EXPECT_FALSE(graph == changed("loc(\"L\")", "loc(\"M\")"));
  EXPECT_FALSE(graph == changed("N in [1,2]", "N in [1,3]"));
  EXPECT_FALSE(graph == changed("as \"o\"", "as \"p\""));
  EXPECT_FALSE(graph == changed("tap \"t\"", "tap \"u\""));
  EXPECT_FALSE(graph == changed("tap \"t\" = %a", "tap \"t\" = %b"));
  EXPECT_FALSE(graph == changed("%b = call", "%c = same(%a) : f32[2] %b = call"));
  EXPECT_FALSE(graph == changed("{ return %a }", "{ return %x }"));
}

TEST(Graph, ManyInsertionsBeforeOneNodeKeepTheOrder) {
  Graph graph;
  const ValueId x = graph.add_input("x", Type::parse("f32[2]"));
  const RegionId region = graph.add_region();
  graph.set_insertion_region(region);
  ValueId v = x;
  for (int i = 0; i < 3; ++i) v = graph.add(Same{}, {v});
  graph.set_results(region, {v});
  graph.set_insertion_region(graph.body());
  graph.add_output("y", graph.add_region_node(Call{}, {}, {region}).front());
  graph.verify();
  const auto nodes = graph.nodes(region);
  EXPECT_TRUE(graph.before(nodes[0], nodes[2]));
  EXPECT_FALSE(graph.before(nodes[2], nodes[1]));
  EXPECT_THROW(graph.before(nodes[0], graph.region(region).owner), InternalError);
}

}  // namespace
}  // namespace tenon::test
