#include "random/growing_graph.hpp"

#include "base/half.hpp"
#include "ir/constant.hpp"
#include "ops/cast.hpp"
#include "ops/unary.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace tenon::test {
namespace {

constexpr std::int64_t kMostElements = 1 << 13;
constexpr double kLargestMagnitude = 4096;

bool float_dtype(DataType dtype) {
  return dtype == DataType::f32 || dtype == DataType::f64 || dtype == DataType::f16;
}

double epsilon(DataType dtype) {
  switch (dtype) {
    case DataType::f16: return 0x1p-10;
    case DataType::f32: return 0x1p-23;
    case DataType::f64: return 0x1p-52;
    default: return 0;
  }
}

// Sums of multiples of 2^-bits are exact while their absolute values add up to less than this × 2^-bits.
double exact_limit(DataType dtype) {
  switch (dtype) {
    case DataType::f16: return 0x1p10;
    case DataType::f32: return 0x1p22;
    default: return 0x1p50;
  }
}

}  // namespace

bool GrowingGraph::is_float(ValueId id) const { return float_dtype(dtype(id)); }

bool GrowingGraph::is_integer(ValueId id) const { return !is_float(id) && dtype(id) != DataType::boolean; }

std::int64_t GrowingGraph::most(const Dim& dim) const { return dim.interval(graph().symbol_ranges()).max; }
std::int64_t GrowingGraph::least(const Dim& dim) const { return dim.interval(graph().symbol_ranges()).min; }

std::int64_t GrowingGraph::most_elements(const Dims& dims) const {
  double count = 1;
  for (const Dim& dim : dims) count *= static_cast<double>(most(dim));
  return static_cast<std::int64_t>(std::min(count, 0x1p40));
}

bool GrowingGraph::constant_dims(ValueId id, std::size_t first_axis) const {
  const Dims& all = dims(id);
  return std::all_of(all.begin() + static_cast<std::ptrdiff_t>(std::min(first_axis, all.size())), all.end(),
                     [](const Dim& dim) { return dim.is_const(); });
}

std::optional<ValueId> GrowingGraph::pick(const std::function<bool(ValueId)>& fits) {
  std::vector<ValueId> fitting;
  std::copy_if(pool_.begin(), pool_.end(), std::back_inserter(fitting), fits);
  if (fitting.empty()) return std::nullopt;
  const auto count = static_cast<std::uint32_t>(fitting.size());
  return fitting[one_in(2) ? count - 1 - below(std::min(count, 3u)) : below(count)];
}

std::optional<ValueId> GrowingGraph::pick_float(std::int64_t min_rank, bool exact) {
  return pick(
      [&](ValueId id) { return is_float(id) && rank(id) >= min_rank && (!exact || known(id).exact()); });
}

void GrowingGraph::learn(ValueId id, Known known) {
  known_[id.value] = known;
  const TensorType& type = graph().type(id).as_tensor();
  if (!type.dims || most_elements(*type.dims) > kMostElements) return;
  if (std::any_of(type.dims->begin(), type.dims->end(), [](const Dim& dim) { return dim.is_unknown(); }))
    return;
  pool_.push_back(id);
}

ValueId GrowingGraph::input(std::string name, DataType dtype, Dims dims, Known known) {
  const ValueId id = result_.graph.add_input(std::move(name), Type::tensor(dtype, std::move(dims)));
  result_.inputs.push_back(known);
  learn(id, known);
  return id;
}

ValueId GrowingGraph::add_constant(Tensor tensor, Known known) {
  const ValueId id = result_.graph.add_constant(std::move(tensor));
  known_[id.value] = known;
  return id;
}

ValueId GrowingGraph::constant(DataType dtype, const Shape& shape, double magnitude, int fraction_bits) {
  Tensor tensor(dtype, shape);
  // One decision for all elements, so that the choices do not grow with the shape.
  Random elements((std::uint64_t{below(1u << 16)} << 8) | (++constants_ & 0xFF));
  fill(tensor, {magnitude, 0, fraction_bits}, elements);
  return add_constant(std::move(tensor), {magnitude, 0, fraction_bits});
}

ValueId GrowingGraph::scalar(DataType dtype, double value) {
  Tensor tensor(dtype, {});
  set(tensor, 0, value);
  const int bits = value == std::floor(value)               ? 0
                   : value * 256 == std::floor(value * 256) ? 8
                                                            : Known::kInexact;
  return add_constant(std::move(tensor), {std::abs(value), 0, bits});
}

ValueId GrowingGraph::integers(std::vector<std::int64_t> values) {
  const auto count = static_cast<std::int64_t>(values.size());
  double magnitude = 1;
  for (const std::int64_t value : values)
    magnitude = std::max(magnitude, std::abs(static_cast<double>(value)));
  return add_constant(Tensor::of<std::int64_t>({count}, values), {magnitude, 0, 0});
}

ValueId GrowingGraph::offered(ValueId id) {
  learn(id, known(id));
  return id;
}

ValueId GrowingGraph::add(Op op, std::vector<ValueId> inputs, double magnitude, double sum, double error,
                          int fraction_bits, double steps) {
  const ValueId id = result_.graph.add(std::move(op), std::move(inputs));
  Known known{magnitude, error, fraction_bits};
  const DataType type = dtype(id);
  if (!float_dtype(type)) {
    known.error = 0;
    known.fraction_bits = 0;
  } else if (fraction_bits == Known::kInexact || std::ldexp(sum, fraction_bits) > exact_limit(type)) {
    known.fraction_bits = Known::kInexact;
    known.error += epsilon(type) * (steps + 8) * std::max(sum, magnitude);
  }
  // What is too large, or has lost too many digits, is for output only.
  const bool usable = magnitude <= kLargestMagnitude && known.error <= std::max(1.0, magnitude) / 64;
  if (usable || !float_dtype(type)) {
    learn(id, known);
    return id;
  }
  known_[id.value] = known;
  if (known.exact()) {
    const ValueId clipped = result_.graph.add(op::unary(PointwiseFn::clip, -4, 4), {id});
    learn(clipped, {4, 0, known.fraction_bits});
    return clipped;
  }
  const ValueId bounded = result_.graph.add(op::unary(PointwiseFn::tanh, 0, 0), {id});
  const Known after{1, std::min(2.0, known.error + 16 * epsilon(type)), Known::kInexact};
  known_[bounded.value] = after;
  if (after.error <= 1.0 / 64) learn(bounded, after);
  return bounded;
}

std::vector<ValueId> GrowingGraph::move(Op op, std::vector<ValueId> inputs, std::span<const ValueId> data,
                                        std::size_t outputs) {
  Known together{0, 0, 0};
  for (const ValueId id : data) {
    const Known& one = known(id);
    together.magnitude = std::max(together.magnitude, one.magnitude);
    together.error = std::max(together.error, one.error);
    together.fraction_bits = together.exact() && one.exact()
                                 ? std::max(together.fraction_bits, one.fraction_bits)
                                 : Known::kInexact;
  }
  const std::vector<ValueId> results = result_.graph.add_node(std::move(op), std::move(inputs), outputs);
  for (const ValueId id : results) learn(id, together);
  return results;
}

void GrowingGraph::grow(const Production& production) {
  const std::size_t before = graph().node_count();
  result_.graph.set_location(fmt::format("{} #{}", production.name, result_.productions.size()));
  if (production.grow(*this) || graph().node_count() != before) {
    result_.productions.emplace_back(production.name);
  }
}

// Every value that nothing uses is an output, and some others too; some are tapped.
RandomGraph GrowingGraph::finish(const Choices& decisions) {
  Graph& graph = result_.graph;
  for (const auto& [index, known] : known_) {
    const ValueId id{index};
    const bool used = !graph.value(id).uses.empty();
    const bool constant = graph.constant(id) != nullptr;
    if (used ? decisions(8) == 0 : !constant && graph.value(id).producer.valid()) {
      graph.add_output("y" + std::to_string(graph.outputs().size()), id);
      result_.outputs.push_back(known);
    }
    if (!constant && decisions(8) == 0) graph.add_tap("tap " + std::to_string(graph.taps().size()), id);
  }
  return std::move(result_);
}

}  // namespace tenon::test
