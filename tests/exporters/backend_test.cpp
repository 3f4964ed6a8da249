// The models of the official backend tests, through ONNX once more: as imported and after the passes of a
// build, what comes back gives the same answers to the same inputs.
#include "backends/ref/ref.hpp"
#include "exporters/round_trip.hpp"
#include "importers/onnx/import.hpp"
#include "onnx/backend_data.hpp"
#include "ops/registry.hpp"
#include "support/paths.hpp"

#include <tenon/error.hpp>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>

namespace tenon::test {
namespace {

namespace fs = std::filesystem;

// Empty without the corpus.
std::vector<std::string> cases() {
  std::vector<std::string> names;
  const fs::path root = corpus_path() / "onnx-backend";
  for (const char* suite : {"node", "simple", "pytorch-operator", "pytorch-converted"}) {
    if (corpus_path().empty() || !fs::is_directory(root / suite)) continue;
    for (const auto& entry : fs::directory_iterator(root / suite)) {
      if (fs::exists(entry.path() / "model.onnx"))
        names.push_back(fmt::format("{}/{}", suite, entry.path().filename().string()));
    }
  }
  std::sort(names.begin(), names.end());
  return names;
}

bool is_random(const Graph& graph) {
  for (const NodeId id : graph.all_nodes()) {
    if (!graph.node(id).op.traits().deterministic) return true;
  }
  return false;
}

bool is_written(const Graph& graph) {
  for (const NodeId id : graph.all_nodes()) {
    if (unwritten_operators().count(std::string(graph.node(id).op.name())) != 0) return false;
  }
  return true;
}

class RoundTripBackend : public testing::TestWithParam<std::string> {};

TEST_P(RoundTripBackend, AnswersTheSame) {
  const fs::path folder = corpus_path() / "onnx-backend" / GetParam();
  std::optional<Graph> graph;
  std::vector<Data> inputs, expected;
  try {
    graph = import_onnx(folder / "model.onnx");
    for (std::size_t i = 0; i < graph->inputs().size(); ++i) {
      const fs::path file = folder / "test_data_set_0" / fmt::format("input_{}.pb", i);
      inputs.push_back(read_backend_data(file, graph->type(graph->inputs()[i])));
    }
    expected = ref::evaluate(*graph, inputs);
  } catch (const ModelError& error) {
    GTEST_SKIP() << error.what();  // tests/onnx knows which of these are wrong
  }
  if (!is_written(*graph)) GTEST_SKIP() << "an operator of it has no form in ONNX";
  const Graph raw = through_onnx(*graph);
  const Graph fused = through_onnx(optimized(*graph));
  if (is_random(*graph)) return;
  const std::vector<Data> from_raw = ref::evaluate(raw, inputs);
  const std::vector<Data> from_fused = ref::evaluate(fused, inputs);
  for (std::size_t i = 0; i < expected.size(); ++i) {
    EXPECT_EQ(difference(from_raw[i], expected[i]), "") << "raw, output " << i;
    EXPECT_EQ(difference(from_fused[i], expected[i]), "") << "optimized, output " << i;
  }
}

std::string parameter_name(const testing::TestParamInfo<std::string>& info) {
  std::string name = info.param;
  std::replace_if(
      name.begin(), name.end(), [](unsigned char c) { return std::isalnum(c) == 0; }, '_');
  return name;
}

GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(RoundTripBackend);
INSTANTIATE_TEST_SUITE_P(All, RoundTripBackend, testing::ValuesIn(cases()), parameter_name);

TEST(RoundTripBackendData, IsThere) {
  if (corpus_path().empty()) GTEST_SKIP() << "set TENON_CORPUS to the folder that holds onnx-backend";
  EXPECT_GT(cases().size(), 1000U);
}

}  // namespace
}  // namespace tenon::test
