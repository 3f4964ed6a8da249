// Filling of the reference registry; see src/backends/ref/CMakeLists.txt.
#pragma once

#include "backends/ref/ref.hpp"

namespace tenon {

// Generated: calls register_ref_<entry>(registry) for every entry.
void register_all_ref(ref::Registry& registry);

}  // namespace tenon
