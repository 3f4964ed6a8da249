// ai.onnx.ml: operators that prepare features.
#include "importers/onnx/ops/ml_common.hpp"
#include "ops/binary.hpp"
#include "ops/concat.hpp"
#include "ops/gather.hpp"
#include "ops/pad.hpp"
#include "ops/reduce.hpp"
#include "ops/slice.hpp"
#include "ops/unary.hpp"
#include "ops/unsqueeze.hpp"
#include "ops/where.hpp"

#include <fmt/format.h>

#include <array>
#include <cmath>

namespace tenon::onnx {
namespace {

Values array_feature_extractor(NodeContext& node) {
  node.require_inputs(2, 2);
  ValueId x = node.input(0);
  const Dims* dims = node.dims(0);
  if (dims != nullptr && dims->size() == 1) x = reshape(node, x, {1, -1});
  return one(node.add(op::Gather{-1}, {x, reshape(node, node.input(1), {-1})}));
}

Values binarizer(NodeContext& node) {
  node.require_inputs(1, 1);
  const float threshold = node.attr_float("threshold", 0);
  const DataType dtype = node.dtype(0);
  // Integers are compared with a threshold that need not be one.
  const ValueId x = is_integer(dtype) ? cast(node, node.input(0), DataType::f64) : node.input(0);
  const ValueId limit = add_scalar(node, node.type_of(x).as_tensor().dtype, threshold);
  return one(cast(node, ml_binary(node, PointwiseFn::greater, x, limit), dtype));
}

// The first `wanted` columns, with zeros for those that are missing.
ValueId with_columns(NodeContext& node, ValueId rows, std::int64_t wanted) {
  const auto& dims = node.type_of(rows).as_tensor().dims;
  if (dims && (*dims)[1].is_const(wanted)) return rows;
  if (!dims || !(*dims)[1].is_const()) node.fail("the number of columns of an input is not known");
  const std::int64_t found = (*dims)[1].value();
  if (found > wanted) {
    op::Slice slice;
    slice.starts = Ints{0};
    slice.ends = Ints{wanted};
    slice.axes = Ints{1};
    return node.add(std::move(slice), {rows});
  }
  op::Pad pad;
  pad.pads = Ints{0, 0, 0, wanted - found};
  return node.add(std::move(pad), {rows});
}

Values feature_vectorizer(NodeContext& node) {
  node.require_inputs(1, node.input_count());
  const Ints columns = node.attr_ints("inputdimensions");
  if (columns.size() != node.input_count())
    node.fail(fmt::format("{} inputs and {} inputdimensions", node.input_count(), columns.size()));
  Values parts;
  for (std::size_t i = 0; i < columns.size(); ++i) {
    if (columns[i] < 0 || columns[i] > (std::int64_t{1} << 31))
      node.fail("a negative or absurd inputdimension");
    const ValueId x = cast(node, node.input(i), DataType::f32);
    parts.push_back(with_columns(node, ml_rows(node, x), columns[i]));
  }
  return one(node.add(op::Concat{1}, std::move(parts)));
}

Values imputer(NodeContext& node) {
  node.require_inputs(1, 1);
  const DataType dtype = node.dtype(0);
  const bool integers = is_integer(dtype);
  const std::vector<float> floats = node.find_floats("imputed_value_floats").value_or(std::vector<float>());
  const Ints ints = node.attr_ints("imputed_value_int64s");
  const float replaced_float = node.attr_float("replaced_value_float", 0);
  const std::int64_t replaced_int = node.attr_int("replaced_value_int64", 0);
  if ((integers ? ints.size() : floats.size()) == 0)
    node.fail(fmt::format("expected the attribute '{}'",
                          integers ? "imputed_value_int64s" : "imputed_value_floats"));
  ValueId imputed;
  ValueId missing;
  if (integers) {
    imputed = cast(node, node.ints(ints), dtype);
    missing = ml_binary(
        node, PointwiseFn::equal, node.input(0),
        cast(node, node.graph().add_constant(Tensor::of<std::int64_t>({}, std::span(&replaced_int, 1))),
             dtype));
  } else {
    imputed = ml_list(node, floats, dtype);
    missing = std::isnan(replaced_float) ? ml_unary(node, PointwiseFn::is_nan, node.input(0))
                                         : ml_binary(node, PointwiseFn::equal, node.input(0),
                                                     add_scalar(node, dtype, replaced_float));
  }
  return one(node.add(op::Where{}, {missing, imputed, node.input(0)}));
}

Values scaler(NodeContext& node) {
  node.require_inputs(1, 1);
  ValueId x = cast(node, node.input(0), DataType::f32);
  if (const auto offset = node.find_floats("offset"); offset && !offset->empty())
    x = ml_binary(node, PointwiseFn::sub, x, ml_list(node, *offset));
  if (const auto scale = node.find_floats("scale"); scale && !scale->empty())
    x = ml_binary(node, PointwiseFn::mul, x, ml_list(node, *scale));
  return one(x);
}

// Rows divided by their norm; a row whose norm is 0 stays.
Values normalizer(NodeContext& node) {
  node.require_inputs(1, 1);
  const ValueId x = cast(node, node.input(0), DataType::f32);
  op::Reduce reduce;
  reduce.fn = std::array{op::ReduceFn::max, op::ReduceFn::l1,
                         op::ReduceFn::l2}[node.attr_choice("norm", {"MAX", "L1", "L2"}, 0)];
  reduce.axes = {-1};
  const ValueId norm = node.add(std::move(reduce), {x});
  const ValueId none = ml_binary(node, PointwiseFn::equal, norm, add_scalar(node, DataType::f32, 0));
  const ValueId divisor = node.add(op::Where{}, {none, add_scalar(node, DataType::f32, 1), norm});
  return one(ml_binary(node, PointwiseFn::div, x, divisor));
}

}  // namespace
}  // namespace tenon::onnx

namespace tenon {

void register_onnx_ml_features(onnx::Registry& registry) {
  using onnx::kMlDomain;
  registry.add("ArrayFeatureExtractor", onnx::array_feature_extractor, {}, kMlDomain);
  registry.add("Binarizer", onnx::binarizer, {}, kMlDomain);
  registry.add("FeatureVectorizer", onnx::feature_vectorizer, {}, kMlDomain);
  registry.add("Imputer", onnx::imputer, {}, kMlDomain);
  registry.add("Normalizer", onnx::normalizer, {}, kMlDomain);
  registry.add("Scaler", onnx::scaler, {}, kMlDomain);
}

}  // namespace tenon
