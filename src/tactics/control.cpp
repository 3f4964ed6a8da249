#include "tactics/control.hpp"

#include "ops/loop.hpp"
#include "ops/scan.hpp"

#include <fmt/format.h>

#include <memory>
#include <numeric>

namespace tenon {
namespace {

constexpr std::size_t kLoopOperands = 2;  // number of iterations, condition; then what is carried

// Slices of results and of sequences are found at whole bytes.
Verdict whole_bytes(const Operand& operand, std::string_view what) {
  const DataType dtype = operand.type.as_tensor().dtype;
  if (bit_width(dtype) >= 8) return Verdict::yes();
  return Verdict::no(fmt::format("{} of {} have no slices at whole bytes", what, name(dtype)));
}

std::size_t operands(const Problem& problem) { return problem.graph->node(problem.node).inputs.size(); }

class ControlTactic : public Tactic {
 public:
  Verdict supports(const Problem& problem) const override {
    for (std::size_t i = stacked(problem); i < problem.outputs.size(); ++i) {
      if (Verdict verdict = whole_bytes(problem.outputs[i], "stacked results"); !verdict) return verdict;
    }
    return Verdict::yes();
  }

  std::vector<Candidate> candidates(const Problem& problem) const override {
    Candidate candidate;
    candidate.inputs.resize(problem.inputs.size());
    candidate.outputs.resize(problem.outputs.size());
    return {candidate};
  }

  // Without what the bodies capture.
  Prepared prepare(const Problem& problem, const Candidate&) const override {
    Prepared prepared{std::string(op()), params(problem), {}, {}};
    prepared.operands.resize(operands(problem));
    std::iota(prepared.operands.begin(), prepared.operands.end(), std::size_t{0});
    return prepared;
  }

 protected:
  // The first of the results that are stacked.
  virtual std::size_t stacked(const Problem& problem) const { return carried_results(problem); }
  virtual AttributeList params(const Problem& problem) const = 0;
};

class IfTactic final : public ControlTactic {
 public:
  std::string_view name() const noexcept override { return "if"; }
  std::string_view op() const noexcept override { return "if"; }

 private:
  std::size_t stacked(const Problem& problem) const override { return problem.outputs.size(); }
  AttributeList params(const Problem&) const override { return {}; }
};

class LoopTactic final : public ControlTactic {
 public:
  std::string_view name() const noexcept override { return "loop"; }
  std::string_view op() const noexcept override { return "loop"; }

 private:
  AttributeList params(const Problem& problem) const override {
    return {{"carried", static_cast<std::int64_t>(carried_results(problem))}};
  }
};

class ScanTactic final : public ControlTactic {
 public:
  std::string_view name() const noexcept override { return "scan"; }
  std::string_view op() const noexcept override { return "scan"; }

  Verdict supports(const Problem& problem) const override {
    for (std::size_t i = carried_results(problem); i < operands(problem); ++i) {
      if (Verdict verdict = whole_bytes(problem.inputs[i], "sequences"); !verdict) return verdict;
    }
    return ControlTactic::supports(problem);
  }

 private:
  static const op::Scan& scan(const Problem& problem) { return *problem.op.as<op::Scan>(); }
  AttributeList params(const Problem& problem) const override {
    const op::Scan& self = scan(problem);
    const std::size_t states = carried_results(problem), stacked = problem.outputs.size() - states;
    const auto entries = [](const std::vector<std::int64_t>& list, std::size_t count) {
      return list.empty() ? std::vector<std::int64_t>(count, 0) : list;
    };
    const auto sequences = static_cast<std::size_t>(self.num_scan_inputs);
    return {{"states", static_cast<std::int64_t>(states)},
            {"sequences", self.num_scan_inputs},
            {"input_axes", entries(self.scan_input_axes, sequences)},
            {"input_reversed", entries(self.scan_input_directions, sequences)},
            {"output_axes", entries(self.scan_output_axes, stacked)},
            {"output_reversed", entries(self.scan_output_directions, stacked)}};
  }
};

}  // namespace

void register_control_tactics(TacticRegistry& registry) {
  registry.add(std::make_unique<IfTactic>());
  registry.add(std::make_unique<LoopTactic>());
  registry.add(std::make_unique<ScanTactic>());
}

bool runs_bodies(const Tactic& tactic) noexcept {
  return dynamic_cast<const ControlTactic*>(&tactic) != nullptr;
}

std::size_t carried_results(const Problem& problem) {
  if (const auto* scan = problem.op.as<op::Scan>())
    return operands(problem) - static_cast<std::size_t>(scan->num_scan_inputs);
  return problem.op.is<op::Loop>() ? operands(problem) - kLoopOperands : 0;
}

}  // namespace tenon
