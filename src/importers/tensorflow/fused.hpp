// What the optimizers of TensorFlow have attached to a convolution or product: attribute fused_ops.
#pragma once

#include "importers/tensorflow/node_context.hpp"

namespace tenon::tensorflow {

// `y` with the fused operators applied, whose operands start at `first`.
ValueId apply_fused(NodeContext& node, ValueId y, std::size_t first, bool last);

// (x - mean) / sqrt(variance + epsilon) · scale + offset per channel.
ValueId normalize(NodeContext& node, ValueId x, const Values& scale_offset_mean_variance, float epsilon,
                  bool last);

}  // namespace tenon::tensorflow
