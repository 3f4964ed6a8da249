#include "ops/binary.hpp"

#include "base/check.hpp"
#include "ops/epilogue.hpp"
#include "ops/infer_helpers.hpp"
#include "ops/shape_inference.hpp"

#include <array>

namespace tenon {
namespace op {
namespace {

// Whether two known integers are equal, as far as their expressions tell.
Dim equality(const Dim& a, const Dim& b) {
  if (provably_equal(a, b)) return 1;
  const Dim difference = a - b;
  const auto negative = [](const Dim& d) { return d.is_const() && d.value() < 0; };
  const bool differ = (difference.is_const() && !difference.is_const(0)) ||
                      (never_negative(a) && negative(b)) || (never_negative(b) && negative(a));
  return differ ? Dim(0) : Dim::unknown();
}

// fn on two known integers of a shape computation, where it stays an expression.
Dim combine(PointwiseFn fn, const Dim& a, const Dim& b) {
  switch (fn) {
    case PointwiseFn::add: return a + b;
    case PointwiseFn::sub: return a - b;
    case PointwiseFn::mul: return a * b;
    case PointwiseFn::min: return min(a, b);
    case PointwiseFn::max: return max(a, b);
    case PointwiseFn::equal: return equality(a, b);
    case PointwiseFn::div:
      if (b.is_const(0)) return Dim::unknown();
      if (a.is_const() && b.is_const()) return b.is_const(-1) ? Dim(0) - a : Dim(a.value() / b.value());
      // Truncation is floor where nothing is negative.
      return never_negative(a) && never_negative(b) ? floor_div(a, b) : Dim::unknown();
    default: return Dim::unknown();
  }
}

std::optional<Dims> combine_values(const InferContext& context, PointwiseFn fn) {
  const std::optional<Dims> a = known_value(context, 0);
  const std::optional<Dims> b = known_value(context, 1);
  if (!a || !b || (a->size() != b->size() && a->size() != 1 && b->size() != 1)) return std::nullopt;
  Dims result;
  const std::size_t count = a->size() == 1 ? b->size() : a->size();
  bool any_known = false;
  for (std::size_t i = 0; i < count; ++i) {
    result.push_back(combine(fn, (*a)[a->size() == 1 ? 0 : i], (*b)[b->size() == 1 ? 0 : i]));
    any_known = any_known || !result.back().is_unknown();
  }
  if (!any_known) return std::nullopt;
  return result;
}

}  // namespace

Binary binary(PointwiseFn fn) {
  const PointwiseInfo& row = info(fn);
  TENON_CHECK(row.arity == 2, "{} has {} operands, expected 2", row.name, row.arity);
  return Binary{fn, row.alpha, row.beta};
}

std::vector<Inference> Binary::infer(InferContext& context) const {
  context.require_inputs(2, 2);
  const std::array<DataType, 2> operands{context.dtype(0), context.dtype(1)};
  const DataType result = pointwise_dtype(context, fn, operands);
  return {Inference(tensor_type(result, broadcast_operands(context, 0, 2)), combine_values(context, fn))};
}

}  // namespace op

void register_op_binary(OpRegistry& registry) {
  for (int i = 0; i < pointwise_fn_count(); ++i) {
    const auto fn = static_cast<PointwiseFn>(i);
    if (info(fn).arity == 2) registry.add(op::binary(fn));
  }
}

}  // namespace tenon
