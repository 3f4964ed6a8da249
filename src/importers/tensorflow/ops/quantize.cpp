// Quantization. Fake quantization to 8 bits becomes an explicit quantize_linear and dequantize_linear.
#include "importers/tensorflow/converters.hpp"
#include "ops/dequantize_linear.hpp"
#include "ops/quantize_linear.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <span>

namespace tenon::tensorflow {
namespace {

using Fn = PointwiseFn;
using Floats = std::vector<float>;

ValueId vector_constant(NodeContext& node, const Floats& values, bool is_scalar) {
  const Shape shape = is_scalar ? Shape{} : Shape{static_cast<std::int64_t>(values.size())};
  return node.graph().add_constant(Tensor::of<float>(shape, std::span<const float>(values)));
}

Floats constant_floats(NodeContext& node, std::size_t i, std::string_view what) {
  const Tensor* tensor = node.constant(i);
  if (tensor == nullptr || tensor->dtype() != DataType::f32 || tensor->elements() == 0)
    node.fail(fmt::format("{} (input {}) must be constant", what, i));
  const auto values = tensor->values<float>();
  return Floats(values.begin(), values.end());
}

// A grid of integers [low, high] over the reals: one step and zero for all, or for each entry of the last
// axis.
struct Grid {
  int bits = 8;
  double low = 0;
  double high = 255;
  Floats step;
  Floats zero;  // the integer that stands for 0
};

template <class T>
ValueId zero_points(NodeContext& node, const Grid& grid, bool is_scalar) {
  std::vector<T> values;
  for (const float zero : grid.zero) values.push_back(static_cast<T>(zero));
  const Shape shape = is_scalar ? Shape{} : Shape{static_cast<std::int64_t>(values.size())};
  return node.graph().add_constant(Tensor::of<T>(shape, std::span<const T>(values)));
}

ValueId onto_grid(NodeContext& node, ValueId x, const Grid& grid, bool is_scalar, bool is_signed) {
  Floats least;
  Floats most;
  for (std::size_t i = 0; i < grid.step.size(); ++i) {
    least.push_back(static_cast<float>((grid.low - static_cast<double>(grid.zero[i])) *
                                       static_cast<double>(grid.step[i])));
    most.push_back(static_cast<float>((grid.high - static_cast<double>(grid.zero[i])) *
                                      static_cast<double>(grid.step[i])));
  }
  const double whole_low = is_signed ? -std::ldexp(1.0, grid.bits - 1) : 0;
  const bool narrow = grid.low != whole_low;
  const ValueId step = vector_constant(node, grid.step, is_scalar);
  if (grid.bits == 8) {
    if (narrow) x = binary(node, Fn::max, x, vector_constant(node, least, is_scalar));
    const std::int64_t axis = is_scalar ? 1 : node.rank_of(x) - 1;
    const ValueId zero = is_signed ? zero_points<std::int8_t>(node, grid, is_scalar)
                                   : zero_points<std::uint8_t>(node, grid, is_scalar);
    op::QuantizeLinear quantize;
    op::DequantizeLinear restore;
    quantize.axis = restore.axis = axis;
    const ValueId form = is_scalar ? channels_first_form(node, x) : ValueId{};
    const ValueId q = node.add(quantize, {form.valid() ? form : x, step, zero});
    const ValueId y = node.add(restore, {q, step, zero});
    return form.valid() ? to_channels_last(node, y) : y;
  }
  const ValueId bottom = vector_constant(node, least, is_scalar);
  const ValueId kept =
      binary(node, Fn::min, binary(node, Fn::max, x, bottom), vector_constant(node, most, is_scalar));
  const ValueId steps = binary(node, Fn::div, binary(node, Fn::sub, kept, bottom), step);
  const ValueId rounded = unary(node, Fn::floor, binary(node, Fn::add, steps, scalar_like(node, steps, 0.5)));
  return binary(node, Fn::add, binary(node, Fn::mul, rounded, step), bottom);
}

// The range is moved a little, so that 0 lies on the grid.
Grid nudged(const NodeContext& node, const Floats& min, const Floats& max, std::int64_t bits, bool narrow) {
  if (bits < 2 || bits > 16) node.fail(fmt::format("attribute 'num_bits' is {}", bits));
  if (min.size() != max.size()) node.fail("minimum and maximum differ in size");
  Grid grid;
  grid.bits = static_cast<int>(bits);
  grid.low = narrow ? 1 : 0;
  grid.high = std::ldexp(1.0, grid.bits) - 1;
  for (std::size_t i = 0; i < min.size(); ++i) {
    if (!(min[i] < max[i])) node.fail(fmt::format("the range [{}, {}] is empty", min[i], max[i]));
    const float step = (max[i] - min[i]) / static_cast<float>(grid.high - grid.low);
    const float zero = static_cast<float>(grid.low) - min[i] / step;
    if (!std::isnormal(step) || !std::isfinite(zero))
      node.fail(fmt::format("the range [{}, {}] is too large or too small", min[i], max[i]));
    grid.step.push_back(step);
    grid.zero.push_back(
        std::clamp(std::round(zero), static_cast<float>(grid.low), static_cast<float>(grid.high)));
  }
  return grid;
}

Values fake_quant(NodeContext& node, const Floats& min, const Floats& max, bool is_scalar) {
  const std::int64_t bits = node.attr_int("num_bits", 8);
  const Grid grid = nudged(node, min, max, bits, node.attr_bool("narrow_range", false));
  return one(onto_grid(node, node.input(0), grid, is_scalar, false));
}

Values fake_quant_args(NodeContext& node) {
  node.require_inputs(1);
  return fake_quant(node, {node.attr_float("min", -6)}, {node.attr_float("max", 6)}, true);
}

template <bool kPerChannel>
Values fake_quant_vars(NodeContext& node) {
  node.require_inputs(3);
  return fake_quant(node, constant_floats(node, 1, "the minimum"), constant_floats(node, 2, "the maximum"),
                    !kPerChannel);
}

Values quantize_and_dequantize(NodeContext& node, std::int64_t bits) {
  node.ignore_attrs({"round_mode"});
  const bool is_signed = node.attr_bool("signed_input", true);
  const bool narrow = node.attr_bool("narrow_range", false);
  if (!node.attr_bool("range_given", false)) node.fail("a range that depends on the data is not supported");
  if (node.attr_int("axis", -1) != -1) node.fail("attribute 'axis' is not supported");
  if (bits < 2 || bits > 16) node.fail(fmt::format("{} bits are not supported", bits));
  const Floats min = constant_floats(node, 1, "the minimum");
  const Floats max = constant_floats(node, 2, "the maximum");
  Grid grid;
  grid.bits = static_cast<int>(bits);
  const double most = std::ldexp(1.0, grid.bits - (is_signed ? 1 : 0));
  grid.low = is_signed ? -most + (narrow ? 1 : 0) : 0;
  grid.high = most - 1;
  constexpr float kNone = std::numeric_limits<float>::infinity();
  const auto low = static_cast<float>(grid.low);
  const auto high = static_cast<float>(grid.high);
  const float from_min = low * min[0] > 0 ? low / min[0] : kNone;
  const float from_max = high * max[0] > 0 ? high / max[0] : kNone;
  if (std::isinf(from_min) && std::isinf(from_max)) node.fail("the range is empty");
  grid.step = {from_min < from_max ? min[0] / low : max[0] / high};
  grid.zero = {0};
  if (!std::isnormal(grid.step[0]) || grid.step[0] < 0) node.fail("the range is too large or too small");
  return one(onto_grid(node, node.input(0), grid, true, is_signed));
}

Values quantize_and_dequantize_v2(NodeContext& node) {
  node.require_inputs(3);
  return quantize_and_dequantize(node, node.attr_int("num_bits", 8));
}

Values quantize_and_dequantize_v3(NodeContext& node) {
  node.require_inputs(4);
  return quantize_and_dequantize(node, node.require_int(3, "the number of bits"));
}

// Operands: integers, minimum, maximum of the reals that they stand for.
Values dequantize(NodeContext& node) {
  node.require_inputs(3);
  node.ignore_attrs({"dtype"});
  if (node.attr_int("axis", -1) != -1) node.fail("attribute 'axis' is not supported");
  const bool narrow = node.attr_bool("narrow_range", false);
  const double min = node.require_number(1, "the minimum");
  const double max = node.require_number(2, "the maximum");
  const DataType dtype = node.dtype(0);
  int bits = 8;
  bool is_signed = true;
  switch (dtype) {
    case DataType::u8: is_signed = false; break;
    case DataType::i8: break;
    case DataType::u16: bits = 16, is_signed = false; break;
    case DataType::i16: bits = 16; break;
    case DataType::i32: bits = 32; break;
    default: node.fail("the type is not supported");
  }
  const double lowest = is_signed ? -std::ldexp(1.0, bits - 1) : 0;
  const double highest = lowest + std::ldexp(1.0, bits) - 1;
  double step = (max - min) / (highest - lowest);
  double offset = 0;
  switch (node.attr_choice("mode", {"MIN_COMBINED", "MIN_FIRST", "SCALED"}, 0)) {
    case 0: offset = min - lowest * step; break;
    case 1: offset = (step > 0 ? std::round(min / step) * step : min) - lowest * step; break;
    default: step = is_signed ? std::max(min / (lowest + (narrow ? 1 : 0)), max / highest) : max / highest;
  }
  const ValueId x = cast(node, node.input(0), DataType::f32);
  const ValueId scaled = binary(node, Fn::mul, x, scalar(node, DataType::f32, step));
  return one(offset == 0 ? scaled : binary(node, Fn::add, scaled, scalar(node, DataType::f32, offset)));
}

}  // namespace
}  // namespace tenon::tensorflow

namespace tenon {

void register_tensorflow_quantize(tensorflow::Registry& registry) {
  using namespace tensorflow;  // NOLINT: the tables read better without prefixes
  registry.add("Dequantize", dequantize);
  registry.add("FakeQuantWithMinMaxArgs", fake_quant_args);
  registry.add("FakeQuantWithMinMaxVars", fake_quant_vars<false>);
  registry.add("FakeQuantWithMinMaxVarsPerChannel", fake_quant_vars<true>);
  registry.add("QuantizeAndDequantizeV2", quantize_and_dequantize_v2);
  registry.add("QuantizeAndDequantizeV3", quantize_and_dequantize_v3);
  registry.add("QuantizeAndDequantizeV4", quantize_and_dequantize_v2);
}

}  // namespace tenon
