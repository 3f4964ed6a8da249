// Tensors of a TensorFlow file as tenon::Tensor.
#pragma once

#include "importers/tensorflow/model.hpp"

#include <tenon/tensor.hpp>

#include <memory>

namespace tenon::tensorflow {

// A tensor of which the file stores fewer elements than it has repeats the last one. When that would make
// more than this many bytes, `repeated` says so.
inline constexpr std::size_t kMaxRepeatedBytes = std::size_t{1} << 20;

struct LoadedTensor {
  Tensor tensor;
  Shape shape;            // the whole shape
  bool repeated = false;  // `tensor` holds the one element that fills `shape`
};

// Elements are viewed in the file, which `owner` keeps alive, where alignment allows. ModelError when shape
// and data disagree. Memory is taken only in proportion to what is stored, or up to kMaxRepeatedBytes.
LoadedTensor load_tensor(const TensorDef& def, const std::shared_ptr<const void>& owner);

}  // namespace tenon::tensorflow
