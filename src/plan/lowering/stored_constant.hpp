// Constants in the layout that a step wants them in.
#pragma once

#include "ir/type.hpp"

#include <tenon/tensor.hpp>

namespace tenon {

// The elements as they are stored in a layout that is not plain: in the element type that it names; where it
// is channel-blocked a tensor of one axis, lanes beyond the last channel zero. For element types of whole
// bytes.
Tensor stored_constant(const Tensor& constant, const Layout& layout);

}  // namespace tenon
