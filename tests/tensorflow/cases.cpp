#include "tensorflow/cases.hpp"

#include "base/mapped_file.hpp"
#include "importers/tensorflow/reader.hpp"
#include "importers/tensorflow/tensor_data.hpp"
#include "importers/wire.hpp"
#include "support/paths.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <string_view>

namespace tenon::test {
namespace {

Tensor constant_value(const tensorflow::NodeDef& node) {
  for (const tensorflow::AttributeDef& attribute : node.attributes) {
    if (attribute.name != "value") continue;
    for (WireReader in(attribute.message); in.next();) {
      constexpr std::uint32_t kTensor = 8;
      if (in.field() == kTensor)
        return tensorflow::load_tensor(tensorflow::read_tensor(in.bytes()), nullptr).tensor.clone();
    }
  }
  throw std::runtime_error(fmt::format("'{}' has no value", node.name));
}

// "name_port_1" → "name:1".
std::string output_name(std::string_view text) {
  constexpr std::string_view kPort = "_port_";
  const std::size_t at = text.rfind(kPort);
  if (at == std::string_view::npos) return std::string(text);
  return fmt::format("{}:{}", text.substr(0, at), text.substr(at + kPort.size()));
}

template <class T>
std::string difference_in(const Tensor& found, const Tensor& expected, double tolerance) {
  for (std::size_t i = 0; i < static_cast<std::size_t>(expected.elements()); ++i) {
    const auto a = static_cast<double>(found.values<T>()[i]);
    const auto b = static_cast<double>(expected.values<T>()[i]);
    const bool same = a == b || (std::isnan(a) && std::isnan(b));
    if (!same && !(std::abs(a - b) <= tolerance * (1 + std::abs(b))))
      return fmt::format("element {} is {}, expected {}", i, a, b);
  }
  return {};
}

}  // namespace

std::vector<std::string> tensorflow_case_names() {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(test_path("tensorflow/data")))
    if (entry.path().extension() == ".pb") names.push_back(entry.path().stem().string());
  std::sort(names.begin(), names.end());
  return names;
}

TensorFlowCase read_tensorflow_case(const std::string& name) {
  TensorFlowCase result;
  result.name = name;
  result.path = test_path("tensorflow/data/" + name + ".pb");
  const auto file = MappedFile::open(result.path);
  const tensorflow::GraphDef graph =
      tensorflow::read_graph({reinterpret_cast<const char*>(file->data()), file->size()});
  for (const tensorflow::NodeDef& node : graph.nodes) {
    result.operators.emplace(node.op);
    if (node.name.substr(0, 5) == "feed/") {
      result.inputs.emplace(node.name.substr(5), constant_value(node));
    } else if (node.name.substr(0, 5) == "want/") {
      result.expected.emplace(output_name(node.name.substr(5)), constant_value(node));
    }
  }
  for (const tensorflow::FunctionDef& function : graph.functions) {
    for (const tensorflow::NodeDef& node : function.nodes) result.operators.emplace(node.op);
  }
  return result;
}

std::string difference(const Tensor& found, const Tensor& expected) {
  if (found.dtype() != expected.dtype() || found.shape() != expected.shape()) {
    return fmt::format("found {}[{}], expected {}[{}]", name(found.dtype()), fmt::join(found.shape(), ","),
                       name(expected.dtype()), fmt::join(expected.shape(), ","));
  }
  constexpr double kTolerance = 2e-4;
  switch (found.dtype()) {
    case DataType::f32: return difference_in<float>(found, expected, kTolerance);
    case DataType::f64: return difference_in<double>(found, expected, kTolerance);
    case DataType::i32: return difference_in<std::int32_t>(found, expected, 0);
    case DataType::i64: return difference_in<std::int64_t>(found, expected, 0);
    case DataType::u8: return difference_in<std::uint8_t>(found, expected, 0);
    case DataType::boolean: return difference_in<bool>(found, expected, 0);
    default: return fmt::format("results of type {}", name(found.dtype()));
  }
}

}  // namespace tenon::test
