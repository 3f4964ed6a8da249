#include "support/format_cases.hpp"

#include "backends/ref/ref.hpp"
#include "base/half.hpp"
#include "importers/format.hpp"
#include "ir/npy.hpp"
#include "support/paths.hpp"

#include <tenon/builder.hpp>

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <limits>

namespace tenon::test {
namespace {

namespace fs = std::filesystem;
using NamedTensors = std::map<std::string, Tensor>;

fs::path folder_of(const char* variable) {
  const char* folder = std::getenv(variable);
  return folder == nullptr || !fs::exists(folder) ? fs::path() : fs::path(folder);
}

ImageOrder to_order(const std::string& text) {
  return text == "nchw" ? ImageOrder::nchw : text == "nhwc" ? ImageOrder::nhwc : ImageOrder::nc;
}

FormatCase read_case(const fs::path& folder) {
  const auto json = nlohmann::json::parse(std::ifstream(folder / "case.json"));
  FormatCase one;
  one.name = folder.filename().string();
  one.model = folder / json.value("model", "model.uff");
  one.steps = json.value("steps", 0.0);
  one.terms = json.at("terms");
  for (const auto& [name, file] : json.at("inputs").items())
    one.inputs.emplace(name, read_npy(folder / file.get<std::string>()));
  for (const auto& [name, file] : json.at("outputs").items())
    one.outputs.emplace(name, read_npy(folder / file.get<std::string>()));
  if (json.contains("outputs_wanted"))
    one.options.outputs = json.at("outputs_wanted").get<std::vector<std::string>>();
  if (json.contains("input_shapes")) {
    for (const auto& [name, shape] : json.at("input_shapes").items())
      one.options.input_shapes[name] = shape.get<Shape>();
  }
  if (json.contains("input_orders")) {
    for (const auto& [name, order] : json.at("input_orders").items())
      one.options.input_orders[name] = to_order(order);
  }
  return one;
}

template <class T>
std::vector<double> converted(const Tensor& tensor) {
  const auto values = tensor.values<T>();
  return {values.begin(), values.end()};
}

std::vector<double> to_doubles(const Tensor& tensor) {
  switch (tensor.dtype()) {
    case DataType::f32: return converted<float>(tensor);
    case DataType::i8: return converted<std::int8_t>(tensor);
    case DataType::i16: return converted<std::int16_t>(tensor);
    case DataType::i32: return converted<std::int32_t>(tensor);
    case DataType::i64: return converted<std::int64_t>(tensor);
    case DataType::u8: return converted<std::uint8_t>(tensor);
    case DataType::boolean: return converted<bool>(tensor);
    default: break;
  }
  std::vector<double> values;
  for (const float16 value : tensor.values<float16>()) values.push_back(static_cast<float>(value));
  return values;
}

std::string difference(const Tensor& found, const Tensor& expected, const FormatCase& one) {
  if (found.shape() != expected.shape() || found.dtype() != expected.dtype()) {
    return fmt::format("{}[{}], expected {}[{}]", name(found.dtype()), fmt::join(found.shape(), ","),
                       name(expected.dtype()), fmt::join(expected.shape(), ","));
  }
  const std::vector<double> a = to_doubles(found);
  const std::vector<double> b = to_doubles(expected);
  double scale = 1;
  for (const double value : b) scale = std::max(scale, std::abs(value));
  // A rounding for each term of the sum and for each operation around it.
  constexpr double kOperations = 16;
  const bool integers = expected.dtype() != DataType::f32 && expected.dtype() != DataType::f16;
  const double tolerance =
      integers ? one.steps : std::numeric_limits<float>::epsilon() * scale * (one.terms + kOperations);
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (!(std::abs(a[i] - b[i]) <= tolerance))
      return fmt::format("element {} is {}, expected {} within {}", i, a[i], b[i], tolerance);
  }
  return {};
}

void expect_outputs(const FormatCase& one, const NamedTensors& found) {
  EXPECT_EQ(found.size(), one.outputs.size());
  for (const auto& [name, expected] : one.outputs) {
    const auto output = found.find(name);
    ASSERT_NE(output, found.end()) << "there is no output " << name;
    EXPECT_EQ(difference(output->second, expected, one), "") << name;
  }
}

NamedTensors run_engine(const Engine& engine, const NamedTensors& inputs) {
  Context context = engine.create_context();
  for (const auto& [name, tensor] : inputs) context.set_input(name, tensor);
  context.run();
  NamedTensors outputs;
  for (const TensorInfo& output : engine.outputs())
    outputs.emplace(output.name, context.output(output.name).clone());
  return outputs;
}

}  // namespace

std::vector<FormatCase> format_cases(const char* variable) {
  std::vector<FormatCase> cases;
  const fs::path folder = folder_of(variable);
  if (folder.empty()) return cases;
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (entry.is_directory()) cases.push_back(read_case(entry.path()));
  }
  std::sort(cases.begin(), cases.end(),
            [](const FormatCase& a, const FormatCase& b) { return a.name < b.name; });
  return cases;
}

std::set<std::string> covered_operations(const char* variable) {
  std::set<std::string> covered;
  std::ifstream file(folder_of(variable) / "operations.txt");
  for (std::string line; std::getline(file, line);) covered.insert(line);
  return covered;
}

std::set<std::string> documented_operations(const std::string& page) {
  std::set<std::string> operations;
  std::ifstream file(test_path("../docs/" + page));
  bool listing = false;
  for (std::string line; std::getline(file, line);) {
    if (line.rfind("| operation |", 0) == 0) listing = true;
    if (line.rfind('|', 0) != 0) listing = false;
    if (listing && line.rfind("| `", 0) == 0) operations.insert(line.substr(3, line.find('`', 3) - 3));
  }
  return operations;
}

void expect_reference_results(const FormatCase& one) {
  SCOPED_TRACE(one.name);
  const Graph graph = import_model(one.model, one.options);
  graph.verify();
  std::vector<Data> operands;
  for (const ValueId id : graph.inputs()) operands.emplace_back(one.inputs.at(graph.value(id).name));
  const std::vector<Data> results = ref::evaluate(graph, operands);
  NamedTensors found;
  for (std::size_t i = 0; i < results.size(); ++i)
    found.emplace(graph.output_names()[i], results[i].tensor());
  expect_outputs(one, found);
}

void expect_engine_results(const FormatCase& one) {
  SCOPED_TRACE(one.name);
  BuildOptions options;
  options.measure = false;
  options.threads = 2;
  for (const auto& [name, tensor] : one.inputs)
    options.shapes[name] = {tensor.shape(), tensor.shape(), tensor.shape()};
  const Engine engine = build(Network::load(one.model, one.options), options);
  expect_outputs(one, run_engine(engine, one.inputs));
  const TempDir directory;
  engine.save(directory / "engine");
  expect_outputs(one, run_engine(Engine::load(directory / "engine"), one.inputs));
}

}  // namespace tenon::test
