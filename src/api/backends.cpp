#include "api/backends.hpp"

#include "backends/cpu/tactics/cpu_tactics.hpp"
#include "backends/plugin/tactics/plugin_tactic.hpp"
#include "backends/ref/tactics/ref_tactics.hpp"
#include "tactics/control.hpp"

namespace tenon {

const TacticRegistry& builtin_tactics(Device device) {
  static const TacticRegistry reference = [] {
    TacticRegistry tactics;
    register_plugin_tactics(tactics, Device::reference);
    register_ref_tactics(tactics);
    return tactics;
  }();
  static const TacticRegistry cpu = [] {
    TacticRegistry tactics;
    register_control_tactics(tactics);
    register_cpu_tactics(tactics);
    register_plugin_tactics(tactics, Device::cpu);
    register_ref_tactics(tactics);
    return tactics;
  }();
  return device == Device::reference ? reference : cpu;
}

}  // namespace tenon
