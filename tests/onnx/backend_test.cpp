// The official backend tests, on the reference backend and on the CPU device, there as imported and
// optimized.
//
// The suite is the corpus's copy, or the folder that TENON_ONNX_BACKEND names
// (scripts/export_backend_suite.py). exclusions.txt lists what cannot be compared or is not supported yet:
// operators
// ("operator NAME reason"), single tests ("test NAME reason") and tests with outputs drawn at random ("random
// NAME reason"; those of Dropout "dropout NAME reason"), of which shape, type, set of values and mean are
// compared. A test passes when its results are right; or when the import refuses, and only because of listed
// operators. A listed operator or test that works is a failure: the line must go.
#include "backends/ref/ref.hpp"
#include "importers/onnx/import.hpp"
#include "importers/onnx/reader.hpp"
#include "importers/onnx/registry.hpp"
#include "importers/onnx/types.hpp"
#include "onnx/backend_data.hpp"
#include "onnx/suite.hpp"
#include "support/paths.hpp"

#include <tenon/builder.hpp>
#include <tenon/error.hpp>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <vector>

namespace tenon::test {
namespace {

namespace fs = std::filesystem;

#ifdef TENON_WITHOUT_JPEG
constexpr bool kWithoutJpeg = true;
#else
constexpr bool kWithoutJpeg = false;
#endif

struct Exclusions {
  std::map<std::string, std::string> operators;
  std::map<std::string, std::string> tests;
  std::map<std::string, std::string> random;
  std::map<std::string, std::string> dropout;
};

Exclusions read_exclusions() {
  Exclusions exclusions;
  std::ifstream file(test_path("onnx/exclusions.txt"));
  for (std::string line; std::getline(file, line);) {
    if (line.empty() || line[0] == '#') continue;
    std::istringstream words(line);
    std::string kind;
    std::string name;
    words >> kind >> name >> std::ws;
    std::string reason;
    std::getline(words, reason);
    auto& list = kind == "operator"  ? exclusions.operators
                 : kind == "random"  ? exclusions.random
                 : kind == "dropout" ? exclusions.dropout
                                     : exclusions.tests;
    list[name] = reason;
  }
  return exclusions;
}

const Exclusions& exclusions() {
  static const Exclusions read = read_exclusions();
  return read;
}

// "node/test_add", …
std::vector<std::string> cases() {
  std::vector<std::string> names;
  if (suite_path().empty()) return names;
  for (const char* suite : {"node", "simple", "pytorch-operator", "pytorch-converted"}) {
    if (!fs::is_directory(suite_path() / suite)) continue;
    for (const auto& entry : fs::directory_iterator(suite_path() / suite)) {
      if (fs::exists(entry.path() / "model.onnx"))
        names.push_back(fmt::format("{}/{}", suite, entry.path().filename().string()));
    }
  }
  std::sort(names.begin(), names.end());
  return names;
}

void collect_operators(const std::vector<onnx::NodeDef>& nodes, std::set<std::string>& names) {
  for (const onnx::NodeDef& node : nodes) {
    names.insert(onnx::qualified_name(node.domain, node.op_type));
    for (const auto& attribute : node.attributes) {
      for (const auto& graph : attribute.graphs) collect_operators(graph.nodes, names);
    }
  }
}

// A model as it is read, with the bytes that it views.
struct Source {
  explicit Source(const fs::path& path) {
    std::ifstream file(path, std::ios::binary);
    bytes.assign(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
    model = onnx::read_model(bytes);
  }
  std::string bytes;
  onnx::ModelDef model;
};

// The listed operators that a model uses.
std::set<std::string> listed_operators(const onnx::ModelDef& model) {
  std::set<std::string> used;
  collect_operators(model.graph.nodes, used);
  std::set<std::string> listed;
  for (const std::string& name : used) {
    if (exclusions().operators.count(name) != 0) listed.insert(name);
  }
  return listed;
}

std::vector<Data> read_all(const fs::path& folder, const char* prefix, const std::vector<Type>& types) {
  std::vector<Data> all;
  for (std::size_t i = 0; i < types.size(); ++i) {
    all.push_back(read_backend_data(folder / fmt::format("{}_{}.pb", prefix, i), types[i]));
  }
  return all;
}

// One way to run a graph.
enum class Way { reference, raw, optimized };

std::vector<Data> evaluate(const Graph& graph, Way way, const std::vector<Data>& inputs) {
  if (way == Way::reference) return ref::evaluate(graph, inputs);
  BuildOptions options;
  options.threads = 1;
  options.optimize = way == Way::optimized;
  options.measure = false;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const Value& value = graph.value(graph.inputs()[i]);
    if (!value.type.is_tensor() || value.type.as_tensor().is_static()) continue;
    const Shape& shape = inputs[i].tensor().shape();
    options.shapes[value.name] = {shape, shape, shape};
  }
  Context context = build(Network(Graph(graph)), options).create_context();
  for (std::size_t i = 0; i < inputs.size(); ++i) context.set_value(i, inputs[i]);
  context.run();
  std::vector<Data> outputs;
  // Tensors are views of the context's memory.
  for (std::size_t i = 0; i < graph.outputs().size(); ++i) {
    const Data data = context.value(i);
    outputs.push_back(data.is_tensor() ? Data(data.tensor().clone()) : data);
  }
  return outputs;
}

// Results of Dropout (x, ratio?, training_mode?) → y, mask? in training.
std::string check_dropout(const std::vector<Data>& inputs, const std::vector<Data>& outputs) {
  double ratio = 0.5;
  for (const Data& input : inputs) {
    const Tensor& tensor = input.tensor();
    if (tensor.rank() == 0 && tensor.dtype() == DataType::f32)
      ratio = static_cast<double>(tensor.values<float>()[0]);
  }
  const Tensor& y = outputs[0].tensor();
  std::string text = dropout_difference(y, inputs[0].tensor(), ratio);
  if (!text.empty() || outputs.size() == 1) return text;
  const auto mask = outputs[1].tensor().values<bool>();
  for (std::size_t i = 0; i < mask.size(); ++i) {
    if (mask[i] != (y.values<float>()[i] != 0)) return fmt::format("the mask is wrong at {}", i);
  }
  return {};
}

// Empty when the case gives the right answers that way.
std::string run(const fs::path& folder, const Graph& graph, Way way) {
  const std::string test = folder.filename().string();
  const bool random = exclusions().random.count(test) != 0;
  std::vector<Type> inputs;
  for (const ValueId id : graph.inputs()) inputs.push_back(graph.type(id));
  // The data files follow the declared kinds: where a loop may give back an optional or what it holds,
  // inference cannot say.
  const Source source(folder / "model.onnx");
  std::vector<Type> outputs;
  for (std::size_t i = 0; i < graph.outputs().size(); ++i) {
    const onnx::ValueDef& declared = source.model.graph.outputs[i];
    const Type& inferred = graph.type(graph.outputs()[i]);
    outputs.push_back(inferred.is_tensor() ? inferred : onnx::to_type(declared.type, declared.name, nullptr));
  }
  for (int set = 0; fs::is_directory(folder / fmt::format("test_data_set_{}", set)); ++set) {
    const fs::path data = folder / fmt::format("test_data_set_{}", set);
    const std::vector<Data> given = read_all(data, "input", inputs);
    const std::vector<Data> found = evaluate(graph, way, given);
    if (exclusions().dropout.count(test) != 0) {
      if (std::string text = check_dropout(given, found); !text.empty()) return text;
      continue;
    }
    const std::vector<Data> expected = read_all(data, "output", outputs);
    for (std::size_t i = 0; i < expected.size(); ++i) {
      const std::string text = random ? statistical_difference(found[i].tensor(), expected[i].tensor())
                                      : difference(found[i], expected[i]);
      if (!text.empty())
        return fmt::format("data set {}, output '{}': {}", set, graph.output_names()[i], text);
    }
  }
  return {};
}

// All three ways.
std::string run(const fs::path& folder) {
  const Graph graph = import_onnx(folder / "model.onnx");
  graph.verify();
  for (const auto& [way, name] :
       {std::pair(Way::reference, "reference"), {Way::raw, "cpu, raw"}, {Way::optimized, "cpu, optimized"}}) {
    try {
      if (const std::string text = run(folder, graph, way); !text.empty())
        return fmt::format("{}: {}", name, text);
    } catch (const Error& error) {
      return fmt::format("{}: {}", name, error.what());
    }
  }
  return {};
}

class OnnxBackend : public testing::TestWithParam<std::string> {};

TEST_P(OnnxBackend, Gives) {
  const fs::path folder = suite_path() / GetParam();
  const std::string name = folder.filename().string();
  const std::set<std::string> listed = listed_operators(Source(folder / "model.onnx").model);
  const auto excluded = exclusions().tests.find(name);
  std::string problem;
  bool imported = false;
  try {
    problem = run(folder);
    imported = true;
  } catch (const ModelError& error) {
    problem = error.what();
  }
  // Libraries are optional.
  if (problem.find("this build of Tenon") != std::string::npos) GTEST_SKIP() << problem;
  if (kWithoutJpeg && name.starts_with("test_image_decoder_decode_jpeg_"))
    GTEST_SKIP() << "built without libjpeg, whose interpolation of colours the standard wants";
  if (!listed.empty()) {
    EXPECT_FALSE(imported) << "listed operators are supported: "
                           << fmt::format("{}", fmt::join(listed, ", "));
    GTEST_SKIP() << "not supported yet: " << fmt::format("{}", fmt::join(listed, ", "));
  }
  if (excluded != exclusions().tests.end()) {
    EXPECT_FALSE(problem.empty()) << "the test passes and is listed: " << excluded->second;
    GTEST_SKIP() << excluded->second;
  }
  EXPECT_EQ(problem, "");
}

std::string parameter_name(const testing::TestParamInfo<std::string>& info) {
  std::string name = info.param;
  std::replace_if(
      name.begin(), name.end(), [](unsigned char c) { return std::isalnum(c) == 0; }, '_');
  return name;
}

GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(OnnxBackend);
INSTANTIATE_TEST_SUITE_P(All, OnnxBackend, testing::ValuesIn(cases()), parameter_name);

TEST(OnnxBackendData, IsThere) {
  if (suite_path().empty()) GTEST_SKIP() << "set TENON_CORPUS to the folder that holds onnx-backend";
  EXPECT_GT(cases().size(), 1000U);
}

TEST(OnnxExclusions, NameOnlyUnsupportedOperators) {
  const std::vector<std::string> supported = onnx::registry().names();
  for (const auto& [name, reason] : exclusions().operators) {
    EXPECT_EQ(std::count(supported.begin(), supported.end(), name), 0) << name << " is supported; " << reason;
    EXPECT_FALSE(reason.empty()) << name << " is listed without a reason";
  }
}

}  // namespace
}  // namespace tenon::test
