// Constants in the layout that a step wants them in.
#pragma once

#include "ir/type.hpp"

#include <tenon/tensor.hpp>

namespace tenon {

// The elements as they are stored in a channel-blocked layout, lanes beyond the last channel zero: a tensor
// of one axis. For element types of whole bytes.
Tensor stored_constant(const Tensor& constant, const Layout& layout);

}  // namespace tenon
