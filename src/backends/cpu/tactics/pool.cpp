// Pooling of floats on plain and on blocked tensors, "cpu.max_pool" and its kind, and of bytes on blocked
// ones: "cpu.byte_max_pool", "cpu.quantized_average_pool".
#include "backends/cpu/steps/pool.hpp"

#include "backends/cpu/steps/op_params.hpp"
#include "backends/cpu/steps/requantize.hpp"
#include "backends/cpu/tactics/blocked.hpp"
#include "backends/cpu/tactics/checks.hpp"
#include "backends/cpu/tactics/cost.hpp"
#include "ops/average_pool.hpp"
#include "ops/global_pool.hpp"
#include "ops/max_pool.hpp"
#include "ops/quantized_average_pool.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace tenon {
namespace cpu {
namespace {

template <class T>
inline constexpr bool kHasWindow = requires(const T& op) {
  op.kernel;
};

// Whether each window of every shape of the profile touches the input, which the kernels rely on.
template <class T>
Verdict check_windows(const T& op, const Operand& x) {
  const bool dilated =
      std::any_of(op.dilation.begin(), op.dilation.end(), [](std::int64_t d) { return d != 1; });
  const bool padded = op.auto_pad != op::AutoPad::explicit_pads ||
                      std::any_of(op.pad.begin(), op.pad.end(), [](std::int64_t p) { return p != 0; });
  const std::size_t axes = op.kernel.size();
  for (std::size_t i = 0; i < op.pad.size(); ++i) {
    if (op.pad[i] >= op.kernel[i % axes]) return Verdict::no("padding as wide as the window");
  }
  if (!dilated || !padded) return Verdict::yes();
  for (std::size_t i = 2; i < x.dims.size(); ++i) {
    if (!(*x.type.as_tensor().dims)[i].is_const())
      return Verdict::no("dilated windows over padding and dims that are not constant");
  }
  for (const op::WindowAxis& axis :
       op::resolve_window(op::window_fields(op), std::span(x.dims).subspan(2), op.kernel)) {
    if (!windows_touch_input(axis)) return Verdict::no("a window that lies in the padding");
  }
  return Verdict::yes();
}

template <class T>
class PoolTactic final : public Tactic {
 public:
  PoolTactic() : name_(fmt::format("cpu.{}", T::kName)) {}
  std::string_view name() const noexcept override { return name_; }
  std::string_view op() const noexcept override { return T::kName; }

  Verdict supports(const Problem& problem) const override {
    if (problem.outputs.size() != 1) return Verdict::no("the positions of the maxima are asked for");
    if (Verdict v = require_f32(problem); !v) return v;
    const std::size_t rank = problem.inputs[0].dims.size();
    if (rank < 3 || rank > 5)
      return Verdict::no(
          fmt::format("{} spatial axes, the kernels have one to three", static_cast<int>(rank) - 2));
    if constexpr (kHasWindow<T>) {
      return check_windows(*problem.op.as<T>(), problem.inputs[0]);
    } else {
      return Verdict::yes();
    }
  }

  std::vector<Candidate> candidates(const Problem& problem) const override {
    double taps = 1;
    if constexpr (kHasWindow<T>) taps = elements(problem.op.as<T>()->kernel);
    // Plain windows are not contiguous in the direction of the vectors.
    const double plain =
        memory_ns(touched_bytes(problem) + 4 * taps * elements(problem.outputs[0].dims), problem);
    std::vector<Candidate> candidates = plain_and_blocked(problem, plain);
    if (candidates.size() == 2) candidates[1].estimate_ns *= 0.7;
    return with_stored_types(problem, std::move(candidates), Stored::blocked);
  }

  Prepared prepare(const Problem& problem, const Candidate&) const override {
    return {name_, op_to_params(*problem.op.as<T>()), {}, {0}};
  }

 private:
  std::string name_;
};

template <class T>
class BytePoolTactic final : public Tactic {
 public:
  std::string_view name() const noexcept override {
    return std::is_same_v<T, op::MaxPool> ? "cpu.byte_max_pool" : "cpu.quantized_average_pool";
  }
  std::string_view op() const noexcept override { return T::kName; }

  Verdict supports(const Problem& problem) const override {
    if (problem.outputs.size() != 1) return Verdict::no("the positions of the maxima are asked for");
    if (problem.has_unknown_dims()) return Verdict::no("a shape is known only while running");
    if (const DataType dtype = problem.input(0).dtype; !is_byte(dtype))
      return Verdict::no(fmt::format("of {}, the kernels pool i8 and u8", tenon::name(dtype)));
    if (!is_blockable(problem.input(0)) || problem.inputs[0].constant != nullptr)
      return Verdict::no("it has no channel-blocked form");
    const T& op = *problem.op.as<T>();
    return op.kernel.empty() ? Verdict::yes() : check_windows(op, problem.inputs[0]);
  }

  std::vector<Candidate> candidates(const Problem& problem) const override {
    Candidate candidate;
    candidate.inputs = candidate.outputs = {blocked()};
    const double taps = elements(problem.op.as<T>()->kernel);
    candidate.estimate_ns =
        memory_ns(touched_bytes(problem) + taps * elements(problem.outputs[0].dims), problem);
    return {candidate};
  }

  Prepared prepare(const Problem& problem, const Candidate&) const override {
    return {std::string(name()), op_to_params(*problem.op.as<T>()), {}, {0}};
  }
};

}  // namespace
}  // namespace cpu

void register_cpu_tactic_pool(TacticRegistry& registry) {
  registry.add(std::make_unique<cpu::PoolTactic<op::MaxPool>>());
  registry.add(std::make_unique<cpu::PoolTactic<op::AveragePool>>());
  registry.add(std::make_unique<cpu::PoolTactic<op::GlobalMaxPool>>());
  registry.add(std::make_unique<cpu::PoolTactic<op::GlobalAveragePool>>());
  registry.add(std::make_unique<cpu::BytePoolTactic<op::MaxPool>>());
  registry.add(std::make_unique<cpu::BytePoolTactic<op::QuantizedAveragePool>>());
}

}  // namespace tenon
