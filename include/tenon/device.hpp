// What networks run on.
#pragma once

#include <cstdint>

namespace tenon {

// Values are stored in plans by name; more of them may come (CUDA), so switches over it need a default.
enum class Device : std::uint8_t { cpu, reference };

}  // namespace tenon
