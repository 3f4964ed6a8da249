// What holds for every graph case on the reference backend: the text reads back to the same graph, results
// have the inferred types, and operators that can decompose give what their parts give.
#include "backends/ref/ref.hpp"
#include "graph_case.hpp"
#include "ir/parser.hpp"
#include "ir/patch.hpp"
#include "ir/printer.hpp"
#include "ops/registry.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <set>

namespace tenon::test {
namespace {

std::vector<Tensor> evaluate(const Graph& graph, const std::vector<Tensor>& inputs) {
  const std::vector<Data> data(inputs.begin(), inputs.end());
  std::vector<Tensor> outputs;
  for (const Data& result : ref::evaluate(graph, data)) outputs.push_back(result.tensor());
  return outputs;
}

// Replaces every node that can decompose by its parts until none is left; returns how many it replaced.
std::size_t decompose_all(Graph& graph) {
  std::size_t count = 0;
  bool changed = true;
  while (changed) {
    changed = false;
    for (const NodeId id : graph.nodes(graph.body())) {
      const Node& node = graph.node(id);
      if (!node.op.can_decompose()) continue;
      Patch patch(graph, id);
      const std::vector<ValueId> parts = node.op.decompose(patch, node.inputs);
      if (parts.empty()) continue;
      EXPECT_EQ(parts.size(), node.outputs.size()) << node.op.name();
      const std::vector<ValueId> outputs = node.outputs;
      for (std::size_t i = 0; i < outputs.size(); ++i) patch.replace(outputs[i], parts[i]);
      graph.apply(std::move(patch));
      graph.remove_dead_nodes();
      changed = true;
      ++count;
    }
  }
  graph.verify();
  return count;
}

class GraphCases : public testing::TestWithParam<GraphCase> {
 protected:
  GraphCases() : random_(test_seed()) { RecordProperty("seed", std::to_string(test_seed())); }

  Graph graph_ = load(GetParam());
  Random random_;
  testing::ScopedTrace trace_{__FILE__, __LINE__, "TENON_TEST_SEED=" + std::to_string(test_seed())};
};

TEST_P(GraphCases, TextReadsBack) {
  graph_.verify();
  BlobStore blobs;
  EXPECT_TRUE(parse(print(graph_, &blobs), builtin_ops(), &blobs) == graph_);
}

TEST_P(GraphCases, ResultsHaveTheInferredTypes) {
  const std::vector<Tensor> outputs = evaluate(graph_, random_inputs(graph_, random_));
  ASSERT_EQ(outputs.size(), graph_.outputs().size());
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    const TensorType& type = graph_.type(graph_.outputs()[i]).as_tensor();
    EXPECT_EQ(outputs[i].dtype(), type.dtype);
    ASSERT_TRUE(type.dims.has_value());
    ASSERT_EQ(outputs[i].shape().size(), type.dims->size());
    for (std::size_t d = 0; d < type.dims->size(); ++d) {
      SymbolValues symbols;
      for (const std::string& symbol : (*type.dims)[d].symbols()) symbols[symbol] = symbol_size(symbol);
      if (const auto expected = (*type.dims)[d].eval(symbols)) {
        EXPECT_EQ(outputs[i].shape()[d], *expected);
      }
    }
  }
}

TEST_P(GraphCases, DecompositionsAgree) {
  Graph parts = graph_;
  if (decompose_all(parts) == 0) return;  // equal already
  const std::vector<Tensor> inputs = random_inputs(graph_, random_);
  const std::vector<Tensor> whole = evaluate(graph_, inputs);
  const std::vector<Tensor> apart = evaluate(parts, inputs);
  ASSERT_EQ(whole.size(), apart.size());
  for (std::size_t i = 0; i < whole.size(); ++i) {
    EXPECT_TRUE(equal_up_to_quantum(whole[i], apart[i])) << "output " << i << " of\n" << print(parts);
  }
}

INSTANTIATE_TEST_SUITE_P(All, GraphCases, testing::ValuesIn(graph_cases()),
                         [](const testing::TestParamInfo<GraphCase>& test) { return test.param.name; });

TEST(GraphCaseCoverage, EveryOperatorThatDecomposesHasACase) {
  std::set<std::string> missing;
  for (const std::string& name : builtin_ops().names()) {
    if (builtin_ops().find(name)->can_decompose()) missing.insert(name);
  }
  ASSERT_FALSE(missing.empty());
  for (const GraphCase& graph_case : graph_cases()) {
    const Graph graph = load(graph_case);
    for (const NodeId id : graph.all_nodes()) {
      const Node& node = graph.node(id);
      if (!node.op.can_decompose()) continue;
      Patch patch(graph, id);
      if (!node.op.decompose(patch, node.inputs).empty()) missing.erase(std::string(node.op.name()));
    }
  }
  for (const std::string& name : missing) ADD_FAILURE() << "no case decomposes " << name;
}

}  // namespace
}  // namespace tenon::test
