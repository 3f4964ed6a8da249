#include "random/random_graph.hpp"

#include "backends/ref/numeric.hpp"
#include "base/half.hpp"
#include "random/growing_graph.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <array>
#include <cmath>

namespace tenon::test {
namespace {

void add_inputs(GrowingGraph& g) {
  const auto size = [&] { return Dim(g.any_of<std::int64_t>({1, 2, 3, 5, 7, 8, 12})); };
  const auto batch = [&] { return g.one_in(2) ? Dim::symbol("N") : Dim(g.between(1, 2)); };
  const auto channels = [&] { return Dim(g.any_of<std::int64_t>({1, 2, 3, 4, 8, 15, 16, 17, 20})); };
  const std::int64_t count = g.between(1, 3);
  for (std::int64_t i = 0; i < count; ++i) {
    const std::string name = "x" + std::to_string(i);
    // Halves in [-2, 2], or any value in it.
    const Known known{2, 0, g.one_in(2) ? 1 : Known::kInexact};
    switch (g.below(10)) {
      case 0:
      case 1:
      case 2:
      case 3: g.input(name, DataType::f32, {batch(), channels(), size(), size()}, known); break;
      case 4: g.input(name, DataType::f32, {batch(), size(), channels()}, known); break;
      case 5: g.input(name, DataType::f32, {batch(), channels()}, known); break;
      case 6: g.input(name, DataType::f32, {Dim(g.between(0, 1)), channels()}, known); break;
      case 7: g.input(name, g.any_of({DataType::i64, DataType::i32}), {batch(), size()}, {9, 0, 0}); break;
      case 8: g.input(name, DataType::boolean, {batch(), size()}, {1, 0, 0}); break;
      default: g.input(name, DataType::f32, {}, known);
    }
  }
  if (g.one_in(3)) g.offered(g.constant(DataType::f32, {g.between(1, 2), g.between(1, 9)}, 1, 1));
}

}  // namespace

RandomGraph random_graph(const Choices& choices, std::size_t size) {
  GrowingGraph g(choices);
  g.set_symbol_range();
  add_inputs(g);
  const std::array rooms = {pointwise_productions(), contraction_productions(), window_productions(),
                            reduction_productions(), movement_productions(),    shape_productions()};
  constexpr std::array<std::uint32_t, 12> kWeights = {0, 0, 0, 0, 1, 1, 2, 2, 3, 4, 4, 5};
  for (std::size_t grown = 0; grown < size; ++grown) {
    const std::span<const Production> room = rooms[kWeights[g.below(kWeights.size())]];
    g.grow(room[g.below(static_cast<std::uint32_t>(room.size()))]);
  }
  Random decisions(size);
  return g.finish([&](std::uint32_t bound) { return decisions.below(bound); });
}

RandomGraph random_graph(std::uint64_t seed, std::size_t size) {
  Random random(seed);
  return random_graph([&](std::uint32_t bound) { return random.below(bound); }, size);
}

void set(Tensor& tensor, std::int64_t index, double value) {
  const auto i = static_cast<std::size_t>(index);
  switch (tensor.dtype()) {
    case DataType::f16: tensor.mutable_values<float16>()[i] = float16(static_cast<float>(value)); break;
    case DataType::f32: tensor.mutable_values<float>()[i] = static_cast<float>(value); break;
    case DataType::f64: tensor.mutable_values<double>()[i] = value; break;
    case DataType::i32: tensor.mutable_values<std::int32_t>()[i] = static_cast<std::int32_t>(value); break;
    case DataType::i64: tensor.mutable_values<std::int64_t>()[i] = static_cast<std::int64_t>(value); break;
    default: tensor.mutable_values<bool>()[i] = value > 0;
  }
}

void fill(Tensor& tensor, const Known& known, Random& source) {
  const double unit = known.exact() ? std::ldexp(1, -known.fraction_bits) : known.magnitude / 1000;
  const auto units = unit == 0 ? 0 : static_cast<std::int64_t>(std::floor(known.magnitude / unit));
  for (std::int64_t i = 0; i < tensor.elements(); ++i) {
    set(tensor, i, static_cast<double>(source.between(-units, units)) * unit);
  }
}

std::vector<Tensor> random_inputs(const RandomGraph& random, std::int64_t batch, Random& source) {
  std::vector<Tensor> tensors;
  for (std::size_t i = 0; i < random.inputs.size(); ++i) {
    const TensorType& type = random.graph.type(random.graph.inputs()[i]).as_tensor();
    Shape shape;
    for (const Dim& dim : *type.dims) shape.push_back(dim.eval({{"N", batch}}).value());
    tensors.emplace_back(type.dtype, shape);
    fill(tensors.back(), random.inputs[i], source);
  }
  return tensors;
}

std::string difference(const Tensor& expected, const Tensor& found, const Known& known) {
  if (expected.dtype() != found.dtype() || expected.shape() != found.shape()) {
    return fmt::format("{}[{}] instead of {}[{}]", name(found.dtype()), fmt::join(found.shape(), ", "),
                       name(expected.dtype()), fmt::join(expected.shape(), ", "));
  }
  const std::vector<double> a = ref::to_doubles(expected);
  const std::vector<double> b = ref::to_doubles(found);
  for (std::size_t i = 0; i < a.size(); ++i) {
    // Both sides may be off. A NaN is never within the bound.
    if (a[i] == b[i] || std::abs(a[i] - b[i]) <= 2 * known.error) continue;
    return fmt::format("element {} of [{}] is {} instead of {} (allowed: {})", i,
                       fmt::join(expected.shape(), ", "), b[i], a[i], 2 * known.error);
  }
  return {};
}

}  // namespace tenon::test
