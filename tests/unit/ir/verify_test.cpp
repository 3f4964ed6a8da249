#include "ir/graph.hpp"
#include "unit/ir/test_ops.hpp"

#include <tenon/error.hpp>

#include <gtest/gtest.h>

#include <functional>
#include <utility>

namespace tenon {

struct GraphTestAccess {
  static Node& node(Graph& graph, std::uint32_t i) { return graph.nodes_[i]; }
  static Value& value(Graph& graph, std::uint32_t i) { return graph.values_[i]; }
  static Region& region(Graph& graph, std::uint32_t i) { return graph.regions_[i]; }
  static std::vector<Tap>& taps(Graph& graph) { return graph.taps_; }
};

namespace test {
namespace {

using Access = GraphTestAccess;

// Values: x 0, y 1, a 2, b 3, p 4, i 5, c 6. Nodes: a 0, b 1, i 2, c 3.
Graph sound() {
  return graph_of(R"(graph @g(%x: f32[2], %y: f32[2]) {
    %a = sum(%x, %y) : f32[2]
    %b = same(%a) : f32[2]
    %c = call(%a) : f32[2]
      region(%p: f32[2]) {
        %i = same(%p) : f32[2]
        return %i
      }
    return %c as "c", %b as "b"
    tap "t" = %a
  })");
}

TEST(Verify, AcceptsASoundGraph) { EXPECT_NO_THROW(sound().verify()); }

TEST(Verify, NamesTheBrokenInvariant) {
  using Break = std::function<void(Graph&)>;
  const std::pair<std::string_view, Break> cases[] = {
      {"does not list its use", [](Graph& g) { Access::value(g, 2).uses.clear(); }},
      {"lists 3 uses, but has 2",
       [](Graph& g) {
         Access::value(g, 2).uses.push_back(Use{NodeId{0}, {}, 7});
       }},
      {"does not list its use", [](Graph& g) { Access::node(g, 1).inputs[0] = ValueId{0}; }},
      {"uses value 99", [](Graph& g) { Access::node(g, 1).inputs[0] = ValueId{99}; }},
      {"not defined before it",
       [](Graph& g) {
         // a reads c, which comes later
         Access::node(g, 0).inputs[0] = ValueId{6};
         Access::value(g, 6).uses.push_back(Use{NodeId{0}, {}, 0});
         Access::value(g, 0).uses.clear();
       }},
      {"not defined before it",
       [](Graph& g) {
         // the body returns a value of the region
         Access::region(g, 0).results[1] = ValueId{5};
         Access::value(g, 5).uses.push_back(Use{{}, RegionId{0}, 1});
         Access::value(g, 3).uses.clear();
       }},
      {"but inference gives f32[2]", [](Graph& g) { Access::value(g, 3).type = Type::parse("f32[3]"); }},
      {"another symbolic value", [](Graph& g) { Access::value(g, 3).symbolic = Dims{1}; }},
      {"does not fit its operands", [](Graph& g) { Access::value(g, 1).type = Type::parse("f32[3]"); }},
      {"does not know where it is defined", [](Graph& g) { Access::value(g, 3).producer = NodeId{0}; }},
      {"does not know where it is defined", [](Graph& g) { Access::value(g, 3).index = 1; }},
      {"does not know where it is defined", [](Graph& g) { Access::value(g, 4).parameter_of = RegionId{0}; }},
      {"defined twice", [](Graph& g) { Access::node(g, 1).outputs[0] = ValueId{2}; }},
      {"has 2 outputs", [](Graph& g) { Access::node(g, 1).outputs.push_back(ValueId{3}); }},
      {"is not linked into its region", [](Graph& g) { Access::node(g, 1).alive = false; }},
      {"is not linked into its region", [](Graph& g) { Access::node(g, 1).previous = NodeId{}; }},
      {"is not linked into its region", [](Graph& g) { Access::node(g, 1).region = RegionId{1}; }},
      {"is out of order", [](Graph& g) { Access::node(g, 1).position = 0; }},
      {"does not end at its last node", [](Graph& g) { Access::region(g, 0).last = NodeId{0}; }},
      {"has another owner", [](Graph& g) { Access::region(g, 1).owner = NodeId{0}; }},
      {"the tap 't'", [](Graph& g) { Access::taps(g)[0].value = ValueId{77}; }},
      {"two taps are named 't'", [](Graph& g) { g.add_tap("t", ValueId{0}); }},
      {"two inputs are named 'x'", [](Graph& g) { Access::value(g, 1).name = "x"; }},
      {"two outputs are named 'c'", [](Graph& g) { Access::region(g, 0).result_names[1] = "c"; }},
      {"2 outputs have 1 names", [](Graph& g) { Access::region(g, 0).result_names.pop_back(); }},
      {"names value 6",
       [](Graph& g) {
         Access::value(g, 1).type.as_tensor().quant = {
             Quantization::Scheme::per_tensor, 0, 0, ValueId{6}, {}};
       }},
  };
  for (const auto& [expected, damage] : cases) {
    Graph graph = sound();
    damage(graph);
    try {
      graph.verify();
      ADD_FAILURE() << "not noticed: " << expected;
    } catch (const InternalError& error) {
      EXPECT_NE(error.message().find(expected), std::string::npos)
          << error.message() << "\nexpected: " << expected;
    }
  }
}

}  // namespace
}  // namespace test
}  // namespace tenon
