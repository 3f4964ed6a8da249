// The tactic that runs plugins on one device. Operands that are constants travel with the step.
#pragma once

#include "tactics/tactic.hpp"

#include <tenon/device.hpp>

namespace tenon {

void register_plugin_tactics(TacticRegistry& registry, Device device);

}  // namespace tenon
