// Types of the data that values hold while a graph runs.
#pragma once

#include "ir/type.hpp"

#include <tenon/data.hpp>

namespace tenon {

// The exact type of `data` (static dims).
Type type_of(const Data& data);

// True when a value of that type may hold `data`: kinds, dtypes, ranks and constant dims agree. An optional
// may hold nothing, or what it is an optional of.
bool may_hold(const Type& type, const Data& data);

}  // namespace tenon
