#include "graph_case.hpp"

#include "base/half.hpp"
#include "ir/parser.hpp"
#include "ops/registry.hpp"
#include "support/paths.hpp"

#include <tenon/error.hpp>

#include <algorithm>
#include <cstdlib>
#include <random>
#include <stdexcept>

namespace tenon::test {
namespace {

bool starts_with(const std::string& text, std::string_view prefix) { return text.rfind(prefix, 0) == 0; }

struct Range {
  std::int64_t low, high;
};

Range integer_range(const std::string& name, DataType dtype) {
  if (starts_with(name, "index")) return {0, 3};
  if (starts_with(name, "zero")) return is_signed(dtype) ? Range{-2, 2} : Range{0, 4};
  if (dtype == DataType::u8) return {0, 255};
  if (dtype == DataType::i8) return {-128, 127};
  return is_signed(dtype) ? Range{-9, 9} : Range{0, 9};
}

template <class T>
void fill_integers(Tensor& tensor, Range range, Random& random) {
  for (T& value : tensor.mutable_values<T>()) value = static_cast<T>(random.between(range.low, range.high));
}

Tensor random_tensor(const std::string& name, DataType dtype, Shape shape, Random& random) {
  Tensor tensor(dtype, std::move(shape));
  const bool positive = starts_with(name, "scale") || starts_with(name, "var");
  const float low = positive ? 0.05F : -2.0F;
  const float high = positive ? 0.5F : 2.0F;
  const Range range = integer_range(name, dtype);
  switch (dtype) {
    case DataType::f32:
      for (float& value : tensor.mutable_values<float>()) value = random.uniform(low, high);
      break;
    case DataType::f64:
      for (double& value : tensor.mutable_values<double>())
        value = static_cast<double>(random.uniform(low, high));
      break;
    case DataType::f16:
      for (float16& value : tensor.mutable_values<float16>()) value = float16(random.uniform(low, high));
      break;
    case DataType::bf16:
      for (bfloat16& value : tensor.mutable_values<bfloat16>()) value = bfloat16(random.uniform(low, high));
      break;
    case DataType::boolean:
      for (bool& value : tensor.mutable_values<bool>()) value = random.one_in(2);
      break;
    case DataType::i8: fill_integers<std::int8_t>(tensor, range, random); break;
    case DataType::u8: fill_integers<std::uint8_t>(tensor, range, random); break;
    case DataType::i32: fill_integers<std::int32_t>(tensor, range, random); break;
    case DataType::i64: fill_integers<std::int64_t>(tensor, range, random); break;
    default: throw ModelError("graph cases have no random inputs of " + std::string(tenon::name(dtype)));
  }
  return tensor;
}

}  // namespace

std::vector<GraphCase> graph_cases() {
  std::vector<GraphCase> cases;
  for (const auto& entry : std::filesystem::directory_iterator(test_path("graph_cases"))) {
    if (entry.path().extension() == ".ir") cases.push_back({entry.path().stem().string(), entry.path()});
  }
  std::sort(cases.begin(), cases.end(),
            [](const GraphCase& a, const GraphCase& b) { return a.name < b.name; });
  return cases;
}

Graph load(const GraphCase& graph_case) { return read_text(graph_case.path, builtin_ops()); }

std::int64_t symbol_size(const std::string& symbol) {
  std::int64_t sum = 0;
  for (const char c : symbol) sum += c;
  return 2 + sum % 4;
}

std::vector<Tensor> random_inputs(const Graph& graph, Random& random) {
  std::vector<Tensor> inputs;
  for (const ValueId id : graph.inputs()) {
    const Value& value = graph.value(id);
    const TensorType& type = value.type.as_tensor();
    Shape shape;
    for (const Dim& dim : type.dims.value()) {
      SymbolValues symbols;
      for (const std::string& symbol : dim.symbols()) symbols[symbol] = symbol_size(symbol);
      shape.push_back(dim.eval(symbols).value());
    }
    inputs.push_back(random_tensor(value.name, type.dtype, std::move(shape), random));
  }
  return inputs;
}

std::uint64_t test_seed() {
  static const std::uint64_t seed = [] {
    if (const char* given = std::getenv("TENON_TEST_SEED")) return std::strtoull(given, nullptr, 0);
    return static_cast<unsigned long long>(std::random_device{}());
  }();
  return seed;
}

bool equal_up_to_quantum(const Tensor& a, const Tensor& b) {
  if (a.dtype() != b.dtype() || a.shape() != b.shape()) return false;
  if (a.dtype() != DataType::u8 && a.dtype() != DataType::i8) return a.identical(b);
  for (std::size_t i = 0; i < a.size_bytes(); ++i) {
    auto element = [&](const Tensor& tensor) {
      const auto byte = std::to_integer<std::uint8_t>(tensor.data()[i]);
      return a.dtype() == DataType::i8 ? int{static_cast<std::int8_t>(byte)} : int{byte};
    };
    if (std::abs(element(a) - element(b)) > 1) return false;
  }
  return true;
}

}  // namespace tenon::test
