// Step "plugin": the kernel of a plugin.
//
// Parameters: the operator and its fields (backends/ref/steps), `device`, `operands` (how many there are),
// `constants` (positions of those that are weights), `first_constant` (the first of these weights). A plan is
// untrusted: the memory of results is compared with the plugin's inference before a kernel may write there.
#pragma once

#include "plan/step.hpp"

#include <tenon/device.hpp>

#include <string_view>

namespace tenon {

inline constexpr std::string_view kPluginStep = "plugin";

std::string_view device_name(Device device);  // "cpu", "reference"

void register_plugin_steps(StepRegistry& registry);

}  // namespace tenon
