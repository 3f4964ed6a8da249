#include "ops/resize.hpp"

#include "base/check.hpp"
#include "ops/infer_helpers.hpp"
#include "ops/shape_inference.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace tenon {
namespace op {
namespace {

// For each of `rank` axes, the position in scales or sizes, or -1.
std::vector<std::int64_t> positions(const Resize& op, std::size_t rank) {
  std::vector<std::int64_t> result(rank, -1);
  const auto r = static_cast<std::int64_t>(rank);
  if (op.axes.empty()) {
    for (std::int64_t i = 0; i < r; ++i) result[static_cast<std::size_t>(i)] = i;
    return result;
  }
  for (std::size_t i = 0; i < op.axes.size(); ++i) {
    const std::int64_t axis = op.axes[i] < 0 ? op.axes[i] + r : op.axes[i];
    TENON_REQUIRE(axis >= 0 && axis < r, "resize: axis {} is out of range for rank {}", op.axes[i], rank);
    result[static_cast<std::size_t>(axis)] = static_cast<std::int64_t>(i);
  }
  return result;
}

// A computed size as a number.
std::int64_t to_size(double size) {
  TENON_REQUIRE(size >= 0 && size < 9e15, "resize: a size of {} is out of range", size);
  return static_cast<std::int64_t>(size);
}

// floor(input * scale) for an integer or unit-fraction scale.
Dim scaled(const Dim& input, float scale) {
  if (scale == 1.0F) return input;
  if (input.is_const())
    return to_size(std::floor(static_cast<double>(static_cast<float>(input.value()) * scale)));
  if (scale == std::floor(scale) && scale < 1e6F) return input * Dim(static_cast<std::int64_t>(scale));
  const float inverse = 1.0F / scale;
  if (inverse == std::floor(inverse) && scale > 1e-6F)
    return floor_div(input, Dim(static_cast<std::int64_t>(inverse)));
  return Dim::unknown();
}

void check_count(const InferContext& context, std::size_t count, std::size_t expected,
                 std::string_view what) {
  if (count != expected)
    context.fail(fmt::format("{}: expected {} numbers, found {}", what, expected, count));
}

void check_one_size(const InferContext& context, const Resize& op) {
  const int given = static_cast<int>(!op.scales.empty()) + static_cast<int>(!op.sizes.empty()) +
                    static_cast<int>(context.has(2)) + static_cast<int>(context.has(3));
  if (given != 1) context.fail(fmt::format("expected exactly one of scales and sizes, found {}", given));
  if (context.has(2)) context.require_dtype(2, {DataType::f32});
  if (context.has(3)) context.require_dtype(3, {DataType::i64});
}

}  // namespace

std::vector<Inference> Resize::infer(InferContext& context) const {
  context.require_inputs(1, 4);
  require_numeric(context, 0);
  if (context.has(1)) context.require_dtype(1, {DataType::f32, DataType::f16, DataType::bf16, DataType::f64});
  check_one_size(context, *this);
  const DataType dtype = context.dtype(0);
  if (!context.has_rank(0)) return {tensor_type(dtype, std::nullopt)};

  const Dims& x = context.dims(0);
  const std::vector<std::int64_t> where = positions(*this, x.size());
  const std::size_t count = axes.empty() ? x.size() : axes.size();
  std::span<const float> factor = scales;
  if (const Tensor* constant = context.constant(2)) factor = constant->values<float>();
  std::optional<Dims> target;
  if (!sizes.empty()) target = Dims(sizes.begin(), sizes.end());
  if (context.has(3)) target = known_value(context, 3);

  if (!factor.empty()) check_count(context, factor.size(), count, "scales");
  if (target) check_count(context, target->size(), count, "sizes");
  Dims result = x;
  bool all_known = true;
  for (std::size_t i = 0; i < x.size(); ++i) {
    if (where[i] < 0) continue;
    const auto k = static_cast<std::size_t>(where[i]);
    if (!factor.empty()) {
      if (!(factor[k] > 0))
        context.fail(fmt::format("scales: expected positive numbers, found {}", factor[k]));
      result[i] = scaled(x[i], factor[k]);
    } else {
      result[i] = target ? (*target)[k] : Dim::unknown();
      if (result[i].is_const() && result[i].value() < 0)
        context.fail(fmt::format("sizes: found {}", result[i].value()));
      all_known = all_known && x[i].is_const() && result[i].is_const();
    }
  }
  if (target && keep_aspect != KeepAspect::stretch) {
    std::vector<std::int64_t> input(x.size(), 1);
    std::vector<std::int64_t> wanted;
    for (std::size_t i = 0; all_known && i < x.size(); ++i) input[i] = x[i].is_const() ? x[i].value() : 1;
    for (std::size_t k = 0; all_known && k < target->size(); ++k) wanted.push_back((*target)[k].value());
    const std::vector<ResizeAxis> exact =
        all_known ? resolve_resize(*this, input, {}, wanted) : std::vector<ResizeAxis>();
    for (std::size_t i = 0; i < x.size(); ++i) {
      if (where[i] >= 0) result[i] = all_known ? Dim(exact[i].output) : Dim::unknown();
    }
  }
  return {tensor_type(dtype, std::move(result))};
}

double ResizeAxis::extent() const noexcept {
  const double exact = scale * static_cast<double>(input);
  const auto whole = static_cast<double>(output);
  // A scale that stands for a whole size gives it but for rounding to float.
  return std::fabs(exact - whole) < 1e-6 * whole ? whole : exact;
}

std::vector<ResizeAxis> resolve_resize(const Resize& op, std::span<const std::int64_t> input,
                                       std::span<const float> scales, std::span<const std::int64_t> sizes) {
  const std::vector<std::int64_t> where = positions(op, input.size());
  const std::size_t count = op.axes.empty() ? input.size() : op.axes.size();
  TENON_REQUIRE(scales.size() + sizes.size() == count, "resize: expected {} scales or sizes, found {}", count,
                scales.size() + sizes.size());
  std::vector<ResizeAxis> axes(input.size());
  std::optional<double> common;
  for (std::size_t i = 0; i < input.size(); ++i) {
    axes[i] = {input[i], input[i], 1};
    if (where[i] < 0) continue;
    const auto k = static_cast<std::size_t>(where[i]);
    if (!scales.empty()) {
      axes[i].scale = scales[k];
      TENON_REQUIRE(scales[k] > 0, "resize: expected positive scales, found {}", scales[k]);
      axes[i].output = to_size(std::floor(static_cast<double>(static_cast<float>(input[i]) * scales[k])));
      continue;
    }
    TENON_REQUIRE(sizes[k] >= 0 && (input[i] > 0 || sizes[k] == 0), "resize: cannot resize {} elements to {}",
                  input[i], sizes[k]);
    axes[i].output = sizes[k];
    if (input[i] > 0) axes[i].scale = static_cast<double>(sizes[k]) / static_cast<double>(input[i]);
    const bool smaller = op.keep_aspect == KeepAspect::not_larger;
    common = !common   ? axes[i].scale
             : smaller ? std::min(*common, axes[i].scale)
                       : std::max(*common, axes[i].scale);
  }
  if (op.keep_aspect == KeepAspect::stretch || !common) return axes;
  for (std::size_t i = 0; i < input.size(); ++i) {
    if (where[i] < 0) continue;
    axes[i].scale = *common;
    axes[i].output = to_size(std::floor(static_cast<double>(input[i]) * *common + 0.5));
  }
  return axes;
}

}  // namespace op

void register_op_resize(OpRegistry& registry) { registry.add<op::Resize>(); }

}  // namespace tenon
