// The tactics of every backend that is linked in.
#pragma once

#include <tenon/builder.hpp>

#include "tactics/tactic.hpp"

namespace tenon {

const TacticRegistry& builtin_tactics(Device device);

}  // namespace tenon
