// Every operator against what TensorFlow computes, in every way in which Tenon can run it.
#include "backends/ref/ref.hpp"
#include "importers/tensorflow/import.hpp"
#include "importers/tensorflow/registry.hpp"
#include "ir/data.hpp"
#include "support/paths.hpp"
#include "tensorflow/cases.hpp"

#include <tenon/builder.hpp>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace tenon::test {
namespace {

using Results = std::map<std::string, Tensor>;

ImportOptions with_outputs(const TensorFlowCase& one) {
  ImportOptions options;
  for (const auto& entry : one.expected) options.outputs.push_back(entry.first);
  return options;
}

Results run_reference(const TensorFlowCase& one) {
  const Graph graph = import_tensorflow(one.path, with_outputs(one));
  graph.verify();
  std::vector<Data> operands;
  for (const ValueId id : graph.inputs()) operands.emplace_back(one.inputs.at(graph.value(id).name));
  const std::vector<Data> values = ref::evaluate(graph, operands);
  Results results;
  for (std::size_t i = 0; i < values.size(); ++i)
    results.emplace(graph.output_names()[i], values[i].tensor());
  return results;
}

Results run_engine(const TensorFlowCase& one, BuildOptions options, bool through_file) {
  const Network network = Network::load(one.path, with_outputs(one));
  options.measure = false;
  options.threads = 2;
  for (const TensorInfo& input : network.inputs()) {
    const Shape& shape = one.inputs.at(input.name).shape();
    options.shapes[input.name] = {shape, shape, shape};
  }
  Engine engine = build(network, options);
  if (through_file) {
    const TempDir directory;
    engine.save(directory / "case.engine");
    engine = Engine::load(directory / "case.engine");
  }
  Context context = engine.create_context();
  for (const TensorInfo& input : engine.inputs()) context.set_input(input.name, one.inputs.at(input.name));
  context.run();
  Results results;
  for (const TensorInfo& output : engine.outputs())
    results.emplace(output.name, context.output(output.name).clone());
  return results;
}

Results run(const TensorFlowCase& one, const std::string& way) {
  if (way == "reference") return run_reference(one);
  BuildOptions options;
  options.optimize = way != "raw";
  return run_engine(one, options, way == "reloaded");
}

// What is taken for an output is one that TensorFlow has, and everything that inputs lead to.
TEST(TensorFlowOutputs, AreFound) {
  for (const std::string& name : tensorflow_case_names()) {
    SCOPED_TRACE(name);
    const TensorFlowCase one = read_tensorflow_case(name);
    const Graph graph = import_tensorflow(one.path);
    for (const std::string& output : graph.output_names())
      EXPECT_TRUE(one.expected.contains(output)) << output;
    EXPECT_GE(2 * graph.output_names().size(), one.expected.size());
  }
}

class TensorFlowOperators : public testing::TestWithParam<std::tuple<std::string, const char*>> {};

TEST_P(TensorFlowOperators, ComputeWhatTensorFlowDoes) {
  const TensorFlowCase one = read_tensorflow_case(std::get<0>(GetParam()));
  const Results found = run(one, std::get<1>(GetParam()));
  EXPECT_FALSE(one.expected.empty());
  for (const auto& [name, expected] : one.expected) {
    const auto result = found.find(name);
    if (result == found.end()) {
      ADD_FAILURE() << "there is no output " << name;
      continue;
    }
    EXPECT_EQ(difference(result->second, expected), "") << name;
  }
  EXPECT_EQ(found.size(), one.expected.size());
}

INSTANTIATE_TEST_SUITE_P(All, TensorFlowOperators,
                         testing::Combine(testing::ValuesIn(tensorflow_case_names()),
                                          testing::Values("reference", "raw", "optimized", "reloaded")),
                         [](const auto& entry) {
                           return fmt::format("{}_{}", std::get<0>(entry.param), std::get<1>(entry.param));
                         });

// The names in backquotes in the rows of the table.
std::set<std::string> documented_operators() {
  std::set<std::string> names;
  std::ifstream page(test_path("../docs/tensorflow.md"));
  for (std::string line; std::getline(page, line);) {
    if (line.empty() || line.front() != '|') continue;
    for (std::size_t at = line.find('`'); at != std::string::npos; at = line.find('`', at)) {
      const std::size_t end = line.find('`', at + 1);
      if (end == std::string::npos) break;
      names.insert(line.substr(at + 1, end - at - 1));
      at = end + 1;
    }
  }
  return names;
}

TEST(TensorFlowRegistry, IsWhatTheDocumentationSays) {
  const std::vector<std::string> names = tensorflow::registry().names();
  EXPECT_EQ(documented_operators(), std::set<std::string>(names.begin(), names.end()));
}

TEST(TensorFlowRegistry, HasACaseForEveryOperator) {
  std::set<std::string> covered;
  for (const std::string& name : tensorflow_case_names()) covered.merge(read_tensorflow_case(name).operators);
  // Refused on purpose, each with its own sentence: variables and tables are not in a frozen graph.
  const std::set<std::string> refused = {"HashTable",      "HashTableV2",      "ReadVariableOp",
                                         "ResourceGather", "ResourceGatherNd", "VarHandleOp",
                                         "Variable",       "VariableV2"};
  for (const std::string& name : tensorflow::registry().names())
    EXPECT_TRUE(covered.contains(name) || refused.contains(name)) << name;
}

}  // namespace
}  // namespace tenon::test
