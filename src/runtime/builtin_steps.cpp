#include "runtime/builtin_steps.hpp"

#include "backends/cpu/steps/cpu_steps.hpp"
#include "backends/plugin/steps/plugin_step.hpp"
#include "backends/ref/steps/ref_steps.hpp"
#include "runtime/control/control_step.hpp"

namespace tenon {

const StepRegistry& builtin_steps() {
  static const StepRegistry registry = [] {
    StepRegistry steps;
    register_control_steps(steps);
    register_plugin_steps(steps);
    register_ref_steps(steps);
    register_cpu_steps(steps);
    return steps;
  }();
  return registry;
}

}  // namespace tenon
