// A step made from one candidate of one tactic, run between guard zones.
#pragma once

#include "opcases/case.hpp"
#include "plan/step.hpp"
#include "tactics/choose.hpp"

#include <memory>
#include <string>
#include <vector>

namespace tenon::test {

// A case as a problem, and what it needs to stay alive.
struct CaseProblem {
  Graph graph;
  Problem problem;
  std::vector<Tensor> constants;  // of the case's operands; empty where they are not constant
};
CaseProblem problem_of_case(const OpCase& op_case, Random& random);

struct RunResult {
  Status status;
  std::vector<Tensor> outputs;  // plain; f32 where stored in 16 bits
  bool guards_intact = true;
  bool padding_clear = true;
  std::size_t allocations = 0;  // while the step ran
};

class StepRig {
 public:
  // Takes `prepared` as a plan would hold it. ModelError from the factory passes through.
  StepRig(const Problem& problem, const Candidate& candidate, Prepared prepared, const StepRegistry& steps);

  // `inputs`: one plain tensor per operand of the problem, rounded here where it is stored in 16 bits.
  // ModelError from specialising passes through.
  RunResult run(const std::vector<Tensor>& inputs, const std::vector<Shape>& output_shapes, int threads);

  std::size_t scratch_bytes(const std::vector<Shape>& input_shapes, const std::vector<Shape>& output_shapes,
                            int threads) const;

 private:
  struct Shapes;
  Prepared prepared_;
  std::vector<Type> input_types_, output_types_;
  std::unique_ptr<Step> step_;
};

}  // namespace tenon::test
