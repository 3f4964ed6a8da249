// What tactics of forms that multiply tiles of matrices (steps/matrices.hpp) require.
#pragma once

#include "backends/cpu/steps/matrices.hpp"
#include "tactics/tactic.hpp"

namespace tenon::cpu {

// No when the processor lacks what a form is for.
template <class Form>
Verdict require_matrices(const Problem& problem) {
  if (kByMatrices<Form> && problem.isa < Isa::amx)
    return Verdict::no("the processor multiplies no tiles of matrices");
  return Verdict::yes();
}

// No when there is no step to multiply.
template <class Form>
Verdict require_depth(std::int64_t k) {
  if (kByMatrices<Form> && k == 0) return Verdict::no("nothing is multiplied");
  return Verdict::yes();
}

}  // namespace tenon::cpu
