// What factories and specialisations ask of their operands. A plan is untrusted: whatever bounds a kernel's
// reads and writes is checked here, with a ModelError that begins with the step's kind.
#pragma once

#include "backends/cpu/kernels/kernel.hpp"
#include "plan/step.hpp"

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace tenon::cpu {

// Operands in the order of the step's lists; an operand that is absent does not fit.
void require_counts(const StepInit& init, std::string_view kind, std::size_t inputs, std::size_t outputs,
                    std::size_t weights);

// The type of an operand, which has to be a tensor in this layout.
const TensorType& require_tensor(const Type* type, std::string_view kind, const Layout& layout);
void require_tensor(const Type* type, std::string_view kind, const Layout& layout, DataType dtype);
// All inputs and outputs of one dtype and layout.
void require_tensors(const StepInit& init, std::string_view kind, const Layout& layout, DataType dtype);

// Plain or channel-blocked, with all inputs and outputs alike; true for blocked.
bool require_plain_or_blocked(const StepInit& init, std::string_view kind);

// Floats, stored in 16 bits or not, plain or channel-blocked, all inputs and outputs alike.
struct FloatOperands {
  DataType dtype = DataType::f32;
  bool blocked = false;
};
FloatOperands require_floats(const StepInit& init, std::string_view kind);
// The same of plain tensors only; how they are stored.
DataType require_plain_floats(const StepInit& init, std::string_view kind);

// Weights of that dtype and number of elements.
void require_weight(const Tensor& weight, std::string_view kind, DataType dtype, std::size_t elements);

// The shape of operand `i`, which has to be known when the step is specialised.
const Shape& shape_at(std::span<const Shape* const> shapes, std::size_t i, std::string_view kind);

// A dim as kernels count it.
int narrow_dim(std::int64_t value);

// An axis given by a parameter, in [0, rank).
std::size_t axis_at(std::int64_t axis, std::size_t rank, std::string_view kind);

// A shape seen from one axis.
struct AxisSplit {
  std::ptrdiff_t outer = 1, axis = 1, inner = 1;
};
AxisSplit split_at(std::span<const std::int64_t> shape, std::size_t axis);

// Product of the dims; ModelError when it does not fit.
std::ptrdiff_t volume(std::span<const std::int64_t> dims);

// Dims of the stored array: [N, C, spatial…] → [N, ceil(C / 16), spatial…, 16] when blocked.
Shape stored_shape(const Shape& shape, bool blocked);

}  // namespace tenon::cpu
