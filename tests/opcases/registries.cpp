#include "opcases/registries.hpp"

#include "backends/cpu/steps/cpu_steps.hpp"
#include "backends/cpu/tactics/cpu_tactics.hpp"
#include "base/cpu_info.hpp"

#include <tenon/error.hpp>

namespace tenon::test {

const TacticRegistry& tactics() {
  static const TacticRegistry registry = [] {
    TacticRegistry all;
    register_cpu_tactics(all);
    return all;
  }();
  return registry;
}

const StepRegistry& steps() {
  static const StepRegistry registry = [] {
    StepRegistry all;
    register_cpu_steps(all);
    return all;
  }();
  return registry;
}

bool level_is_there() {
  try {
    static_cast<void>(isa());
    return true;
  } catch (const ModelError&) {
    return false;
  }
}

}  // namespace tenon::test
