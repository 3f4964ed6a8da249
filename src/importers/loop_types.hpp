// Types of what a loop carries. It may change its shape from one iteration to the next, so the parameters of
// the body must be typed to fit both the initial values and what the body returns.
#pragma once

#include "ir/type.hpp"

namespace tenon {

// The most specific type that holds both; `a` when they have nothing in common.
Type generalize(const Type& a, const Type& b);

// The type with every dim and rank forgotten.
Type without_dims(const Type& type);

}  // namespace tenon
