// The elementwise functions of the IR on whole tensors.
#pragma once

#include "ir/pointwise.hpp"
#include "ops/cast.hpp"

#include <tenon/tensor.hpp>

#include <span>

namespace tenon::ref {

// One element of a floating-point function (any row with result dtype `same` except where).
double apply_float(PointwiseFn fn, double alpha, double beta, double a, double b = 0);

// out[i] = fn(operands[…][i]), operands broadcast to out's shape; dtypes as inference has checked them.
void apply_pointwise(PointwiseFn fn, float alpha, float beta, std::span<const Tensor> operands, Tensor& out);

// Element by element to out's dtype; see ops/cast.hpp.
void cast_tensor(const Tensor& x, Tensor& out, bool saturate = true,
                 op::ScaleRounding rounding = op::ScaleRounding::up);

// The program on tensors, every register rounded to its dtype; returns the last register, broadcast to
// `shape`.
Tensor run_program(const PointwiseProgram& program, std::span<const Tensor> operands, const Shape& shape);

}  // namespace tenon::ref
