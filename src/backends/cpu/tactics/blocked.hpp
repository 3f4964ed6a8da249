// Channel-blocked tensors at build time.
#pragma once

#include "tactics/tactic.hpp"

namespace tenon::cpu {

// Rank 3 to 5 with a constant number of channels: what blocked producers and consumers exist for.
bool is_blockable(const TensorType& type) noexcept;

// Stored over logical elements of a blocked tensor: 16/3 for 3 channels.
double blocked_excess(const Operand& operand);

// Bytes of an operand in that layout, which is plain or blocked.
double stored_bytes(const Operand& operand, const Layout& layout);

// Behind the candidates, for each and each 16-bit type that the problem allows, the one in which all operands
// and results of f32 are stored so: for operators that move more than they compute.
enum class Stored {
  computed,       // constants stay f32
  constants_too,  // those that stay operands of the step
  blocked,        // as computed, without candidates of plain tensors
};
std::vector<Candidate> with_stored_types(const Problem& problem, std::vector<Candidate> candidates,
                                         Stored which = Stored::computed);

// A constant that is broadcast to a blocked tensor of `rank`, in the form in which it is stored: with a
// channel axis of its own [d, ceil(C / 16), …, 16] and zero padding lanes, else with a last axis of 1.
Tensor block_constant(const Tensor& constant, std::size_t rank);

// Candidates for an operator whose first operand and only result are either both plain or both blocked. The
// first costs `plain_ns`; blocked is offered where `type` allows it.
std::vector<Candidate> plain_and_blocked(const Problem& problem, double plain_ns);

}  // namespace tenon::cpu
