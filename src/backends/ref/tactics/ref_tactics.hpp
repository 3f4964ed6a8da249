// Tactics of the reference backend: one for every operator, never fast, never refused; and the views that
// cost nothing.
#pragma once

#include "tactics/tactic.hpp"

namespace tenon {

void register_ref_tactics(TacticRegistry& registry);

}  // namespace tenon
