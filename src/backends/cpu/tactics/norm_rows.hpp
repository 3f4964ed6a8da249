// What the tactics of normalizations over the last axes ask of a problem, whose operands are x, and scale and
// bias or absent.
#pragma once

#include "backends/cpu/tactics/checks.hpp"

#include <cstdint>

namespace tenon::cpu {

inline std::size_t norm_axis(const Problem& problem, std::int64_t axis) {
  return static_cast<std::size_t>(axis < 0 ? axis + static_cast<std::int64_t>(problem.inputs[0].dims.size())
                                           : axis);
}

// No unless rows are of known length and parameters constants of that length.
inline Verdict require_norm_rows(const Problem& problem, std::size_t axis) {
  for (std::size_t i = 1; i < problem.inputs.size(); ++i) {
    if (Verdict v = require_constant(problem, i, "parameters"); !v) return v;
  }
  const Dims& x = *problem.input(0).dims;
  std::int64_t row = 1;
  for (std::size_t i = axis; i < x.size(); ++i) {
    if (!x[i].is_const()) return Verdict::no("the normalized axes are not constant");
    row *= x[i].value();
  }
  for (std::size_t i = 1; i < problem.inputs.size(); ++i) {
    if (problem.has(i) && problem.inputs[i].constant->elements() != row)
      return Verdict::no("a parameter is broadcast in part");
  }
  return Verdict::yes();
}

}  // namespace tenon::cpu
