#include "backends/cpu/steps/cpu_steps.hpp"

namespace tenon {

void register_cpu_steps(StepRegistry& registry) { register_all_cpu_step(registry); }

}  // namespace tenon
