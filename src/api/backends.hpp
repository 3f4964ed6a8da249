// The tactics of every backend that is linked in.
#pragma once

#include "tactics/tactic.hpp"

#include <tenon/builder.hpp>

namespace tenon {

const TacticRegistry& builtin_tactics(Device device);

}  // namespace tenon
