// Sequences, optionals, If, Loop and Scan, evaluated as graphs.
#include "evaluation.hpp"
#include "ops/concat.hpp"
#include "ops/concat_from_sequence.hpp"
#include "ops/identity.hpp"
#include "ops/if.hpp"
#include "ops/loop.hpp"
#include "ops/optional.hpp"
#include "ops/scan.hpp"
#include "ops/sequence.hpp"
#include "ops/split_to_sequence.hpp"
#include "ops/unique.hpp"

#include <tenon/error.hpp>

#include <gtest/gtest.h>

namespace tenon::test {
namespace {

using Reals = std::vector<float>;
using Ints = std::vector<std::int64_t>;

class ControlFlowValues : public ::testing::Test {
 protected:
  ValueId input(std::string_view type) {
    return graph_.add_input("x" + std::to_string(graph_.inputs().size()), Type::parse(type));
  }
  ValueId parameter(RegionId region, std::string_view type) {
    return graph_.add_parameter(region, "p" + std::to_string(graph_.region(region).parameters.size()),
                                Type::parse(type));
  }
  // Adds nodes to the region while in scope.
  struct Inside {
    Inside(Graph& graph, RegionId region) : graph_(graph) { graph_.set_insertion_region(region); }
    ~Inside() { graph_.set_insertion_region(graph_.body()); }
    Graph& graph_;
  };
  std::vector<Data> run(std::vector<ValueId> outputs, std::vector<Data> inputs) {
    for (std::size_t i = 0; i < outputs.size(); ++i) graph_.add_output("y" + std::to_string(i), outputs[i]);
    graph_.verify();
    return ref::evaluate(graph_, inputs);
  }

  Graph graph_;
};

TEST_F(ControlFlowValues, IfUsesOuterValues) {
  const ValueId condition = input("bool[]");
  const ValueId x = input("f32[2]");
  const RegionId then = graph_.add_region();
  const RegionId otherwise = graph_.add_region();
  {
    const Inside inside(graph_, then);
    graph_.set_results(then, {graph_.add(op::Concat{}, {x, x})});
  }
  {
    const Inside inside(graph_, otherwise);
    graph_.set_results(otherwise, {graph_.add(op::Identity{}, {x})});
  }
  const auto outputs = graph_.add_region_node(op::If{}, {condition}, {then, otherwise});
  graph_.add_output("y", outputs.front());
  const Tensor data = tensor<float>({2}, {1, 2});
  const std::vector<Data> yes{tensor<bool>({}, {true}), data};
  const std::vector<Data> no{tensor<bool>({}, {false}), data};
  EXPECT_EQ(values<float>(ref::evaluate(graph_, yes)[0].tensor()), (Reals{1, 2, 1, 2}));
  EXPECT_EQ(values<float>(ref::evaluate(graph_, no)[0].tensor()), (Reals{1, 2}));
}

class LoopValues : public ControlFlowValues {
 protected:
  // Doubles a list in each round and scans its iteration number.
  std::vector<Data> run_loop(std::int64_t trips, bool start) {
    const ValueId limit = input("i64[]");
    const ValueId condition = input("bool[]");
    const ValueId list = input("f32[?]");
    const RegionId body = graph_.add_region();
    const ValueId iteration = parameter(body, "i64[]");
    const ValueId go_on = parameter(body, "bool[]");
    const ValueId carried = parameter(body, "f32[?]");
    {
      const Inside inside(graph_, body);
      graph_.set_results(body, {go_on, graph_.add(op::Concat{}, {carried, carried}), iteration});
    }
    return run(graph_.add_region_node(op::Loop{}, {limit, condition, list}, {body}),
               {tensor<std::int64_t>({}, {trips}), tensor<bool>({}, {start}), tensor<float>({1}, {7})});
  }
};

TEST_F(LoopValues, CarriesAndStacks) {
  const std::vector<Data> results = run_loop(3, true);
  EXPECT_EQ(values<float>(results[0].tensor()), Reals(8, 7));
  EXPECT_EQ(values<std::int64_t>(results[1].tensor()), (Ints{0, 1, 2}));
}

TEST_F(LoopValues, MayNotRunAtAll) {
  const std::vector<Data> results = run_loop(3, false);
  EXPECT_EQ(values<float>(results[0].tensor()), Reals(1, 7));
  EXPECT_EQ(results[1].tensor().dtype(), DataType::i64);
  EXPECT_EQ(results[1].tensor().shape(), (Shape{0}));
}

TEST_F(ControlFlowValues, ScanWalksBackwards) {
  const ValueId state = input("f32[1]");
  const ValueId rows = input("f32[1,T]");
  const RegionId body = graph_.add_region();
  const ValueId previous = parameter(body, "f32[1]");
  const ValueId current = parameter(body, "f32[1]");
  {
    const Inside inside(graph_, body);
    graph_.set_results(body, {current, graph_.add(op::Concat{}, {previous, current})});
  }
  const op::Scan scan{.num_scan_inputs = 1,
                      .scan_input_axes = {1},
                      .scan_input_directions = {1},
                      .scan_output_axes = {-1},
                      .scan_output_directions = {1}};
  const std::vector<Data> results = run(graph_.add_region_node(scan, {state, rows}, {body}),
                                        {tensor<float>({1}, {9}), tensor<float>({1, 3}, {1, 2, 3})});
  EXPECT_EQ(values<float>(results[0].tensor()), (Reals{1}));
  // Steps (9,3), (3,2), (2,1), stored last first along the last axis.
  EXPECT_EQ(results[1].tensor().shape(), (Shape{2, 3}));
  EXPECT_EQ(values<float>(results[1].tensor()), (Reals{2, 3, 9, 1, 2, 3}));
}

TEST_F(ControlFlowValues, EmptySequencesKeepTheirElementType) {
  const ValueId empty = graph_.add(op::SequenceEmpty{.dtype = DataType::i32}, {});
  const ValueId x = input("i32[2]");
  const ValueId one = graph_.add(op::SequenceInsert{}, {graph_.add(op::Identity{}, {empty}), x});
  const auto results =
      run({graph_.add(op::SequenceLength{}, {empty}), graph_.add(op::ConcatFromSequence{}, {one})},
          {tensor<std::int32_t>({2}, {5, 6})});
  EXPECT_EQ(values<std::int64_t>(results[0].tensor()), (Ints{0}));
  EXPECT_EQ(values<std::int32_t>(results[1].tensor()), (std::vector<std::int32_t>{5, 6}));
}

TEST_F(ControlFlowValues, SequencesInsertAndErase) {
  const ValueId x = input("f32[3]");
  const ValueId position = input("i64[]");
  const ValueId parts = graph_.add(op::SplitToSequence{}, {x});
  const ValueId shorter = graph_.add(op::SequenceErase{}, {parts, position});
  const ValueId first = graph_.add(op::SequenceAt{}, {parts, position});
  const ValueId longer = graph_.add(op::SequenceInsert{}, {shorter, first, position});
  const auto results =
      run({graph_.add(op::ConcatFromSequence{}, {shorter}), graph_.add(op::ConcatFromSequence{}, {longer})},
          {tensor<float>({3}, {1, 2, 3}), tensor<std::int64_t>({}, {-2})});
  EXPECT_EQ(values<float>(results[0].tensor()), (Reals{1, 3}));
  EXPECT_EQ(values<float>(results[1].tensor()), (Reals{2, 1, 3}));
  EXPECT_THROW(
      ref::evaluate(graph_, std::vector<Data>{tensor<float>({3}, {1, 2, 3}), tensor<std::int64_t>({}, {3})}),
      ModelError);
}

TEST_F(ControlFlowValues, EmptyOptionals) {
  const ValueId empty = graph_.add(op::Optional{.type = Type::parse("f32[2]")}, {});
  const ValueId passed = graph_.add(op::Identity{}, {empty});
  const auto results = run({graph_.add(op::OptionalHasElement{}, {passed})}, {});
  EXPECT_EQ(values<bool>(results[0].tensor()), (std::vector<bool>{false}));
  graph_.add_output("element", graph_.add(op::OptionalGetElement{}, {passed}));
  EXPECT_THROW(ref::evaluate(graph_, {}), ModelError);
}

TEST_F(ControlFlowValues, TrailingOutputsMayBeLeftOut) {
  const ValueId x = input("f32[3]");
  const auto values_only = graph_.add_node(op::Unique{}, {x}, 1);
  ASSERT_EQ(values_only.size(), 1U);
  EXPECT_EQ(values<float>(run(values_only, {tensor<float>({3}, {2, 1, 2})})[0].tensor()), (Reals{1, 2}));
}

}  // namespace
}  // namespace tenon::test
