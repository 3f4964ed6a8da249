#include "support/evaluate.hpp"

#include "backends/ref/ref.hpp"
#include "base/random.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <limits>

namespace tenon::test {
namespace {

// Symbols take the value 2, or what is nearest in their range.
Tensor random_input(Random& random, const TensorType& type, const SymbolRanges& ranges) {
  SymbolValues values;
  Shape shape;
  for (const Dim& dim : *type.dims) {
    for (const std::string& symbol : dim.symbols()) {
      const auto range = ranges.find(symbol);
      values[symbol] =
          range == ranges.end() ? 2 : std::clamp<std::int64_t>(2, range->second.min, range->second.max);
    }
    shape.push_back(dim.eval(values).value());
  }
  Tensor tensor(type.dtype, shape);
  switch (type.dtype) {
    case DataType::f32:
      for (float& value : tensor.mutable_values<float>()) value = random.uniform(-2, 2);
      break;
    case DataType::f64:
      for (double& value : tensor.mutable_values<double>())
        value = static_cast<double>(random.uniform(-2, 2));
      break;
    case DataType::i64:
      for (std::int64_t& value : tensor.mutable_values<std::int64_t>()) value = random.between(0, 1);
      break;
    case DataType::i8:
      for (std::int8_t& value : tensor.mutable_values<std::int8_t>())
        value = static_cast<std::int8_t>(random.between(-30, 30));
      break;
    case DataType::u8:
      for (std::uint8_t& value : tensor.mutable_values<std::uint8_t>())
        value = static_cast<std::uint8_t>(random.between(0, 60));
      break;
    case DataType::boolean:
      for (bool& value : tensor.mutable_values<bool>()) value = random.one_in(2);
      break;
    default: ADD_FAILURE() << "no random values of " << name(type.dtype);
  }
  return tensor;
}

// Rewriting reorders sums and products of at most some dozens of terms.
constexpr float kReorderings = 64;

float largest_magnitude(const Tensor& tensor) {
  float largest = 0;
  if (tensor.dtype() != DataType::f32) return largest;
  for (const float value : tensor.values<float>()) {
    if (std::isfinite(value)) largest = std::max(largest, std::fabs(value));
  }
  return largest;
}

// `scale` is the largest value that the computation meets: what is rounded there shows in the end.
void expect_close(const Tensor& a, const Tensor& b, float scale) {
  ASSERT_EQ(a.dtype(), b.dtype());
  ASSERT_EQ(a.shape(), b.shape());
  if (a.dtype() != DataType::f32) {
    EXPECT_TRUE(a.identical(b));
    return;
  }
  const float tolerance = kReorderings * std::numeric_limits<float>::epsilon() * scale;
  for (std::size_t i = 0; i < a.values<float>().size(); ++i) {
    const float x = a.values<float>()[i];
    const float y = b.values<float>()[i];
    if (x == y || (std::isnan(x) && std::isnan(y))) continue;
    ASSERT_LE(std::fabs(x - y), tolerance) << "element " << i << ": " << x << " became " << y;
  }
}

}  // namespace

OpEvaluator reference_evaluator() {
  return [](const Op& op, std::span<const Data> inputs, std::size_t outputs) {
    return ref::evaluate(op, inputs, outputs);
  };
}

std::uint64_t seed_from_environment(std::uint64_t fallback) {
  const char* text = std::getenv("TENON_TEST_SEED");
  if (text == nullptr) return fallback;
  std::uint64_t clock =
      static_cast<std::uint64_t>(std::chrono::steady_clock::now().time_since_epoch().count());
  const std::uint64_t seed =
      std::string_view(text) == "random" ? splitmix64(clock) % 1000000000 : std::strtoull(text, nullptr, 10);
  std::printf("first seed: TENON_TEST_SEED=%llu\n", static_cast<unsigned long long>(seed));
  return seed;
}

void expect_same_results(const Graph& before, const Graph& after, std::uint64_t seed) {
  Random random(seed);
  std::vector<Data> inputs;
  for (const ValueId input : before.inputs()) {
    const TensorType& type = before.type(input).as_tensor();
    if (!type.dims) return;
    for (const Dim& dim : *type.dims) {
      if (dim.is_unknown()) return;
    }
    inputs.emplace_back(random_input(random, type, before.symbol_ranges()));
  }
  float scale = 1;
  const auto expected = ref::evaluate(before, inputs, [&](ValueId, const Data& data) {
    if (data.is_tensor()) scale = std::max(scale, largest_magnitude(data.tensor()));
  });
  const auto found = ref::evaluate(after, inputs);
  ASSERT_EQ(expected.size(), found.size());
  for (std::size_t i = 0; i < expected.size(); ++i) {
    SCOPED_TRACE("output " + before.output_names()[i]);
    expect_close(expected[i].tensor(), found[i].tensor(), scale);
  }
}

}  // namespace tenon::test
