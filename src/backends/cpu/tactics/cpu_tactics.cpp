#include "backends/cpu/tactics/cpu_tactics.hpp"

namespace tenon {

void register_cpu_tactics(TacticRegistry& registry) { register_all_cpu_tactic(registry); }

}  // namespace tenon
