// The sizes of windows as layers write them: one number for all axes, one for each, or height and width
// apart.
#pragma once

#include "importers/caffe/layer_context.hpp"

#include <string_view>

namespace tenon::caffe {

// The fields `name` (or name + "_size"), `prefix`_h and `prefix`_w, as one number for each of `axes` spatial
// axes; `otherwise` where they are absent. Fails for numbers outside of [least, 2^20].
Ints read_extents(const LayerContext& layer, const Message& fields, std::string_view name,
                  std::string_view prefix, std::size_t axes, std::int64_t least, std::int64_t otherwise);

// The same padding at both ends: all begins, then all ends.
Ints both_ends(const Ints& pad);

}  // namespace tenon::caffe
