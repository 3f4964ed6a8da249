// Pointwise functions and programs in double precision, one element at a time.
#pragma once

#include "ir/pointwise.hpp"

#include <span>

namespace tenon::cpu::test {

int pointwise_arity(PointwiseFn fn);
const char* pointwise_name(PointwiseFn fn);

// alpha and beta are those of the instruction. Functions without a float form are a logic_error.
double pointwise_exact(PointwiseFn fn, double x, double y, double z, double alpha, double beta);

// The program on one element of each operand; values are rounded to float after every instruction, as
// registers are.
double pointwise_program(const PointwiseProgram& program, std::span<const double> operands);

}  // namespace tenon::cpu::test
