// Every golden graph, graph case and operator case, as it is and after the passes of a build: what comes back
// from ONNX gives the same answers.
#include "exporters/round_trip.hpp"

#include "backends/ref/ref.hpp"
#include "graph_cases/graph_case.hpp"
#include "ir/parser.hpp"
#include "onnx/backend_data.hpp"
#include "opcases/case.hpp"
#include "ops/quantized_attention.hpp"
#include "ops/registry.hpp"
#include "support/evaluate.hpp"
#include "support/paths.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

namespace tenon::test {
namespace {

// tolerance: of an operator of integers that gives floats; 0 for all others.
void expect_same(const Graph& before, const Graph& after, const std::vector<Data>& inputs,
                 float tolerance = 0) {
  const std::vector<Data> expected = ref::evaluate(before, inputs);
  const std::vector<Data> found = ref::evaluate(after, inputs);
  ASSERT_EQ(found.size(), expected.size());
  for (std::size_t i = 0; i < found.size(); ++i) {
    // Operators of integers are written as the parts that they equal up to one quantum.
    const DataType dtype = expected[i].is_tensor() ? expected[i].tensor().dtype() : DataType::f32;
    if (dtype == DataType::i8 || dtype == DataType::u8) {
      ASSERT_TRUE(found[i].is_tensor()) << before.output_names()[i];
      EXPECT_TRUE(equal_up_to_quantum(expected[i].tensor(), found[i].tensor())) << before.output_names()[i];
      continue;
    }
    if (tolerance > 0) {
      const auto a = found[i].tensor().values<float>(), b = expected[i].tensor().values<float>();
      ASSERT_EQ(a.size(), b.size()) << before.output_names()[i];
      for (std::size_t e = 0; e < a.size(); ++e) ASSERT_NEAR(a[e], b[e], tolerance) << "element " << e;
      continue;
    }
    EXPECT_EQ(difference(found[i], expected[i]), "") << before.output_names()[i];
  }
}

std::vector<std::string> golden_graphs() {
  std::vector<std::string> graphs;
  for (const auto& entry : std::filesystem::directory_iterator(test_path("golden"))) {
    if (entry.path().extension() != ".ir" || entry.path().stem().extension() == ".out") continue;
    std::ifstream file(entry.path());
    std::ostringstream text;
    text << file.rdbuf();
    constexpr std::string_view kSeparator = "// -----\n";
    std::string all = text.str();
    for (std::size_t at = 0; at != std::string::npos;) {
      const std::size_t end = all.find(kSeparator, at);
      graphs.push_back(all.substr(at, end == std::string::npos ? end : end - at));
      at = end == std::string::npos ? end : end + kSeparator.size();
    }
  }
  return graphs;
}

TEST(RoundTrip, GoldenGraphsAnswerTheSame) {
  const std::vector<std::string> graphs = golden_graphs();
  ASSERT_GT(graphs.size(), 50U);
  for (const std::string& text : graphs) {
    SCOPED_TRACE(text);
    const Graph graph = parse(text, builtin_ops());
    expect_same_results(graph, through_onnx(graph));
    const Graph after = optimized(graph);
    expect_same_results(after, through_onnx(after));
    if (HasFatalFailure()) return;
  }
}

class RoundTripCases : public testing::TestWithParam<GraphCase> {};

TEST_P(RoundTripCases, AnswerTheSame) {
  const Graph graph = load(GetParam());
  Random random(test_seed());
  const std::vector<Tensor> tensors = random_inputs(graph, random);
  const std::vector<Data> inputs(tensors.begin(), tensors.end());
  expect_same(graph, through_onnx(graph), inputs);
  const Graph after = optimized(graph);
  expect_same(after, through_onnx(after), inputs);
}

INSTANTIATE_TEST_SUITE_P(All, RoundTripCases, testing::ValuesIn(graph_cases()),
                         [](const testing::TestParamInfo<GraphCase>& test) { return test.param.name; });

// The case's operator as a graph.
Graph graph_of(const OpCase& op_case, Random& random) {
  Graph graph("case");
  std::vector<ValueId> operands;
  for (std::size_t i = 0; i < op_case.operands.size(); ++i) {
    const CaseOperand& operand = op_case.operands[i];
    if (!operand.present) {
      operands.emplace_back();
    } else if (operand.constant) {
      Shape shape;
      for (const Dim& dim : operand.dims) shape.push_back(dim.value());
      operands.push_back(graph.add_constant(make_tensor(operand, shape, random)));
    } else {
      operands.push_back(graph.add_input("x" + std::to_string(i), Type::tensor(operand.dtype, operand.dims)));
    }
  }
  const auto outputs = graph.add_node(op_case.op, operands, op_case.outputs);
  for (std::size_t i = 0; i < outputs.size(); ++i) graph.add_output("y" + std::to_string(i), outputs[i]);
  return graph;
}

bool has_onnx_form(const OpCase& op_case) {
  return unwritten_operators().count(std::string(op_case.op.name())) == 0;
}

TEST(RoundTrip, OperatorCasesAnswerTheSame) {
  const SymbolValues symbols = case_runs().front();
  for (const OpCase& op_case : all_cases()) {
    if (!has_onnx_form(op_case)) continue;
    SCOPED_TRACE(op_case.name);
    Random random(1);
    const Graph graph = graph_of(op_case, random);
    std::vector<Data> inputs;
    for (const CaseOperand& operand : op_case.operands) {
      if (!operand.present || operand.constant) continue;
      Shape shape;
      for (const Dim& dim : operand.dims) shape.push_back(dim.eval(symbols).value());
      inputs.emplace_back(make_tensor(operand, shape, random));
    }
    // Its shares are rounded to bytes, those of the form in ONNX are not: a few quanta over some dozens of
    // keys.
    const auto* attention = op_case.op.as<op::QuantizedAttention>();
    expect_same(graph, through_onnx(graph), inputs, attention != nullptr ? 3 * attention->y_multiplier : 0);
  }
}

}  // namespace
}  // namespace tenon::test
