// "cpu.softmax" and "cpu.log_softmax", along any axis of plain tensors.
#include "ops/softmax.hpp"

#include "backends/cpu/steps/op_params.hpp"
#include "backends/cpu/tactics/blocked.hpp"
#include "backends/cpu/tactics/checks.hpp"
#include "backends/cpu/tactics/cost.hpp"

#include <fmt/format.h>

namespace tenon {
namespace cpu {
namespace {

template <class T>
class SoftmaxTactic final : public Tactic {
 public:
  SoftmaxTactic() : name_(fmt::format("cpu.{}", T::kName)) {}
  std::string_view name() const noexcept override { return name_; }
  std::string_view op() const noexcept override { return T::kName; }
  double error_factor() const noexcept override {
    return 4;
  }  // two exponentials, a sum and a division or logarithm
  Verdict supports(const Problem& problem) const override { return require_f32(problem); }

  std::vector<Candidate> candidates(const Problem& problem) const override {
    std::vector<Candidate> candidates =
        plain_candidate(problem, memory_ns(4 * touched_bytes(problem), problem));
    const Dims& x = *problem.input(0).dims;
    const std::int64_t axis = problem.op.as<T>()->axis;
    const auto last =
        static_cast<std::size_t>(axis < 0 ? axis + static_cast<std::int64_t>(x.size()) : axis) + 1;
    return ends_with_ones(x, last) ? with_stored_types(problem, std::move(candidates)) : candidates;
  }

  Prepared prepare(const Problem& problem, const Candidate&) const override {
    return {name_, op_to_params(*problem.op.as<T>()), {}, {0}};
  }

 private:
  std::string name_;
};

}  // namespace
}  // namespace cpu

void register_cpu_tactic_softmax(TacticRegistry& registry) {
  registry.add(std::make_unique<cpu::SoftmaxTactic<op::Softmax>>());
  registry.add(std::make_unique<cpu::SoftmaxTactic<op::LogSoftmax>>());
}

}  // namespace tenon
