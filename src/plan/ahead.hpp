// Which constants are asked for before the step runs that reads them.
#pragma once

#include <tenon/tensor.hpp>

#include <cstddef>
#include <cstdint>
#include <span>

namespace tenon {

// A step whose constants outweigh its operands uses each of them a few times only, and waits for memory, the
// more the faster its threads are together. The steps before it, which compute from caches meanwhile, ask for
// these of its largest constant; for none where the step does not wait. What fits into a last-level cache
// beside the operands of those steps.
std::span<const std::byte> constants_ahead(std::span<const Tensor> weights, std::uint64_t operand_bytes,
                                           int threads);

}  // namespace tenon
