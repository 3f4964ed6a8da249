// What several converters share.
#pragma once

#include "importers/tensorflow/node_context.hpp"
#include "ir/pointwise.hpp"
#include "ops/scalar.hpp"

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace tenon::tensorflow {

// The single output of an operator that is added as it is.
inline Values one(ValueId value) { return {value}; }

// An integer list that is known at import, or an i64 operand that is computed when the model runs.
struct IntsArgument {
  std::optional<Ints> known;
  ValueId operand;
};
IntsArgument ints_operand(NodeContext& node, std::size_t index);
ValueId as_operand(NodeContext& node, const IntsArgument& argument);  // i64, of rank 1

std::int64_t normalize_axis(const NodeContext& node, std::int64_t axis, std::int64_t rank);
std::size_t as_index(std::int64_t axis);

// --- small graphs ---
ValueId scalar(NodeContext& node, DataType dtype, double value);
ValueId scalar_like(NodeContext& node, ValueId value, double number);  // of the value's dtype
ValueId cast(NodeContext& node, ValueId value, DataType to);  // the value itself when it is of that dtype
ValueId reshape(NodeContext& node, ValueId value, const Ints& shape);  // -1: what is left; 0: as it was
ValueId transpose(NodeContext& node, ValueId value, Ints perm);
ValueId squeeze(NodeContext& node, ValueId value, Ints axes);
ValueId unsqueeze(NodeContext& node, ValueId value, Ints axes);
ValueId slice(NodeContext& node, ValueId value, Ints axes, Ints starts, Ints ends, Ints steps = {});
ValueId gather(NodeContext& node, ValueId value, ValueId indices, std::int64_t axis);
ValueId concat(NodeContext& node, Values values, std::int64_t axis);
ValueId shape_of(NodeContext& node, ValueId value);                            // i64
ValueId dim_of(NodeContext& node, ValueId value, std::int64_t axis);           // i64[1]
ValueId fill(NodeContext& node, ValueId shape, DataType dtype, double value);  // shape: i64
ValueId unary(NodeContext& node, PointwiseFn fn, ValueId x);
ValueId unary(NodeContext& node, PointwiseFn fn, ValueId x, float alpha, float beta = 0);
ValueId binary(NodeContext& node, PointwiseFn fn, ValueId a, ValueId b);
ValueId matmul(NodeContext& node, ValueId a, ValueId b, bool transpose_a = false, bool transpose_b = false);

// The shape made of these entries, i64; each is a number, or computed as i64[1].
struct Extent {
  std::int64_t known = 0;
  ValueId computed;
};
ValueId make_shape(NodeContext& node, const std::vector<Extent>& entries);
// Extents of a value: known ones as numbers. multiply and divide by a known factor.
Extent extent(NodeContext& node, ValueId value, std::int64_t axis);
Extent multiply(NodeContext& node, const Extent& entry, std::int64_t factor);
Extent divide(NodeContext& node, const Extent& entry, std::int64_t divisor);

// --- layouts ---
//
// Convolutions and their kind want the channels second. Where the source has them last, a transpose goes
// before and after; what stands between such nodes and does not care about the order of axes is built on the
// side of the channels-second form, so that the transposes meet and vanish.

// Whether attribute data_format puts the channels last (the default). Other formats than NHWC, NCHW and their
// 3-D forms fail.
bool channels_last(NodeContext& node);
// From channels last to channels second, and back. A value that just came from the other side is taken there.
ValueId to_channels_first(NodeContext& node, ValueId value);
ValueId to_channels_last(NodeContext& node, ValueId value);
// A [C] vector shaped so that it broadcasts along the channels of a value of that rank.
ValueId per_channel(NodeContext& node, ValueId vector, std::int64_t rank, bool last);
// The channels-second form of a value that just came from there; invalid when it did not.
ValueId channels_first_form(const NodeContext& node, ValueId value);
// Adds an elementwise operator, in the channels-second form where its operands have one.
ValueId add_elementwise(NodeContext& node, Op op, Values operands);
// The axis of the channels-second form of a value of that rank that is `axis` with the channels last.
std::int64_t channels_first_axis(std::int64_t axis, std::int64_t rank);

}  // namespace tenon::tensorflow
