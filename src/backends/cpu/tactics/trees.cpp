// Tree ensembles whose trees are known when the plan is made.
#include "backends/cpu/kernels/trees/trees.hpp"

#include "backends/cpu/tactics/checks.hpp"
#include "backends/cpu/tactics/cost.hpp"
#include "ops/tree_ensemble.hpp"

#include <fmt/format.h>

#include <cmath>

namespace tenon {
namespace cpu {
namespace {

using op::TreeEnsemble;

class TreesTactic final : public Tactic {
 public:
  std::string_view name() const noexcept override { return "cpu.trees"; }
  std::string_view op() const noexcept override { return TreeEnsemble::kName; }

  Verdict supports(const Problem& problem) const override {
    if (problem.has_unknown_dims()) return Verdict::no("a shape is known only while running");
    if (problem.input(0).dtype != DataType::f32)
      return Verdict::no(fmt::format("of {}, the kernels work on f32", tenon::name(problem.input(0).dtype)));
    if (problem.op.as<TreeEnsemble>()->count > kMostTreeTargets) return Verdict::no("too many targets");
    for (std::size_t i = 1; i < TreeEnsemble::kOperands; ++i) {
      if (Verdict v = require_constant(problem, i, "table of trees"); !v) return v;
    }
    if (problem.inputs[0].dims[1] == 0) return Verdict::no("rows without features");
    return Verdict::yes();
  }

  std::vector<Candidate> candidates(const Problem& problem) const override {
    // Every row walks every tree down to about the logarithm of its nodes.
    constexpr double kStepNs = 1.5;
    const double trees = elements(problem.inputs[TreeEnsemble::kRoots].dims);
    const double nodes = elements(problem.inputs[TreeEnsemble::kSplits].dims) / std::max(trees, 1.0);
    const double steps = static_cast<double>(problem.inputs[0].dims[0]) * trees * (1 + std::log2(nodes + 1));
    return plain_candidate(problem, kCallNs + steps * kStepNs / std::max(1, problem.threads));
  }

  Prepared prepare(const Problem& problem, const Candidate&) const override {
    const auto& op = *problem.op.as<TreeEnsemble>();
    Prepared prepared{"cpu.trees",
                      {{"@count", op.count}, {"@aggregate", static_cast<std::int64_t>(op.aggregate)}},
                      {},
                      {0}};
    for (std::size_t i = 1; i < TreeEnsemble::kOperands; ++i)
      prepared.weights.push_back(*problem.inputs[i].constant);
    return prepared;
  }
};

}  // namespace
}  // namespace cpu

void register_cpu_tactic_trees(TacticRegistry& registry) {
  registry.add(std::make_unique<cpu::TreesTactic>());
}

}  // namespace tenon
