// Normalizations: com.microsoft's SkipLayerNormalization, SkipSimplifiedLayerNormalization,
// EmbedLayerNormalization and GroupNorm; and SimplifiedLayerNormalization, which ONNX Runtime keeps in the
// standard domain.
#include "importers/onnx/attention.hpp"
#include "importers/onnx/microsoft/microsoft.hpp"
#include "ops/gather.hpp"
#include "ops/group_norm.hpp"
#include "ops/layer_norm.hpp"
#include "ops/reduce.hpp"
#include "ops/rms_norm.hpp"
#include "ops/slice.hpp"

namespace tenon::onnx {
namespace {

constexpr float kSkipEpsilon = 1e-12F;

Values skip_layer_normalization(NodeContext& node) {
  node.require_inputs(3, 5);
  op::LayerNorm norm;
  norm.epsilon = node.attr_float("epsilon", kSkipEpsilon);
  ValueId sum = combine(node, PointwiseFn::add, node.input(0), node.input(1));
  if (node.has(4)) sum = combine(node, PointwiseFn::add, sum, node.input(4));
  Values operands = {sum, node.input(2)};
  if (node.has(3)) operands.push_back(node.input(3));
  const bool statistics = node.wants(1) || node.wants(2);
  Values results = node.add_node(norm, std::move(operands), statistics ? 3 : 1);
  results.resize(3);
  results.push_back(sum);
  return results;
}

Values skip_simplified_layer_normalization(NodeContext& node) {
  node.require_inputs(3, 4);
  const float epsilon = node.attr_float("epsilon", kSkipEpsilon);
  ValueId sum = combine(node, PointwiseFn::add, node.input(0), node.input(1));
  if (node.has(3)) sum = combine(node, PointwiseFn::add, sum, node.input(3));
  return {node.add(op::RmsNorm{-1, epsilon}, {sum, node.input(2)}), {}, {}, sum};
}

// 1 / sqrt(mean of squares + epsilon) over the axes from `axis` on.
ValueId inverse_rms(NodeContext& node, ValueId x, std::int64_t axis, float epsilon) {
  op::Reduce mean;
  mean.fn = op::ReduceFn::mean;
  for (std::int64_t i = normalize_axis(node, axis, node.rank(0)); i < node.rank(0); ++i)
    mean.axes.push_back(i);
  const ValueId squares = apply_fn(node, PointwiseFn::square, cast(node, x, DataType::f32));
  const ValueId shifted = combine(node, PointwiseFn::add, node.add(std::move(mean), {squares}),
                                  add_scalar(node, DataType::f32, static_cast<double>(epsilon)));
  return apply_fn(node, PointwiseFn::reciprocal, apply_fn(node, PointwiseFn::sqrt, shifted));
}

Values simplified_layer_normalization(NodeContext& node) {
  node.require_inputs(2, 2);
  node.ignore_attrs({"stash_type"});
  const op::RmsNorm norm{node.attr_int("axis", -1), node.attr_float("epsilon", 1e-5F)};
  Values results = {node.add(norm, node.inputs())};
  if (node.wants(1)) results.push_back(inverse_rms(node, node.input(0), norm.axis, norm.epsilon));
  return results;
}

ValueId rows_of(NodeContext& node, std::size_t table, std::size_t ids) {
  return node.add(op::Gather{0}, {node.input(table), node.input(ids)});
}

Values embed_layer_normalization(NodeContext& node) {
  enum : std::size_t {
    kIds,
    kSegments,
    kWords,
    kPlaces,
    kSegmentTable,
    kGamma,
    kBeta,
    kMaskInput,
    kPositions
  };
  node.require_inputs(1, 9);
  node.ignore_attrs({"mask_index_type"});  // says only whether output 1 is there
  op::LayerNorm norm;
  norm.epsilon = node.attr_float("epsilon", kSkipEpsilon);
  ValueId places;
  if (node.has(kPositions)) {
    places = rows_of(node, kPlaces, kPositions);
  } else {
    op::Slice first;
    first.starts = Ints{0};
    first.axes = Ints{0};
    places = node.add(first, {node.input(kPlaces), {}, extent(node, node.input(kIds), 1)});
  }
  ValueId sum = combine(node, PointwiseFn::add, rows_of(node, kWords, kIds), places);
  if (node.has(kSegments) != node.has(kSegmentTable))
    node.fail("segments without their embedding, or the reverse");
  if (node.has(kSegments))
    sum = combine(node, PointwiseFn::add, sum, rows_of(node, kSegmentTable, kSegments));
  Values results = {node.add(norm, {sum, node.input(kGamma), node.input(kBeta)}), {}, sum};
  if (node.wants(1)) {
    const ValueId mask = node.has(kMaskInput)
                             ? node.input(kMaskInput)
                             : combine(node, PointwiseFn::sub, node.input(kIds), node.input(kIds));
    op::Reduce count;
    count.axes = {1};
    count.keep_dims = false;
    results[1] = node.add(std::move(count), {mask});
  }
  return results;
}

Values group_norm_ms(NodeContext& node) {
  node.require_inputs(3, 3);
  op::GroupNorm norm;
  norm.num_groups = node.attr_int("groups");
  norm.epsilon = node.attr_float("epsilon", 1e-5F);
  const bool last = node.attr_bool("channels_last", true);
  const std::int64_t activation = node.attr_int("activation");
  if (activation != 0 && activation != 1) node.fail("attribute 'activation' is neither 0 nor 1");
  const DataType dtype = node.dtype(0);
  const ValueId x = last ? channels_first(node, node.input(0)) : node.input(0);
  ValueId y = node.add(norm, {x, cast(node, node.input(1), dtype), cast(node, node.input(2), dtype)});
  if (last) y = channels_last(node, y);
  return one(activation == 1 ? apply_fn(node, PointwiseFn::silu, y, 1) : y);
}

}  // namespace
}  // namespace tenon::onnx

namespace tenon {

void register_onnx_skip_norm(onnx::Registry& registry) {
  using namespace onnx;  // NOLINT: the table reads better without prefixes
  registry.add("EmbedLayerNormalization", embed_layer_normalization, {}, kMicrosoft);
  registry.add("GroupNorm", group_norm_ms, {}, kMicrosoft);
  registry.add("SimplifiedLayerNormalization", simplified_layer_normalization);
  registry.add("SkipLayerNormalization", skip_layer_normalization, {}, kMicrosoft);
  registry.add("SkipSimplifiedLayerNormalization", skip_simplified_layer_normalization, {}, kMicrosoft);
}

}  // namespace tenon
