// Normalisations with constant parameters.
#include "backends/cpu/tactics/blocked.hpp"
#include "backends/cpu/tactics/checks.hpp"
#include "backends/cpu/tactics/cost.hpp"
#include "backends/cpu/tactics/norm_rows.hpp"
#include "ops/batch_norm.hpp"
#include "ops/group_norm.hpp"
#include "ops/instance_norm.hpp"
#include "ops/layer_norm.hpp"
#include "ops/rms_norm.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace tenon {
namespace cpu {
namespace {

Verdict require_parameters(const Problem& problem) {
  if (Verdict v = require_f32(problem); !v) return v;
  if (problem.outputs.size() != 1) return Verdict::no("mean and deviation are asked for too");
  for (std::size_t i = 1; i < problem.inputs.size(); ++i) {
    if (Verdict v = require_constant(problem, i, "parameters"); !v) return v;
  }
  return Verdict::yes();
}

double norm_ns(const Problem& problem) { return memory_ns(2 * touched_bytes(problem), problem); }

class BatchNormTactic final : public Tactic {
 public:
  std::string_view name() const noexcept override { return "cpu.batch_norm"; }
  std::string_view op() const noexcept override { return op::BatchNorm::kName; }
  double error_factor() const noexcept override {
    return 4;
  }  // scale and shift are rounded before they are applied
  Verdict supports(const Problem& problem) const override { return require_parameters(problem); }

  std::vector<Candidate> candidates(const Problem& problem) const override {
    return with_stored_types(problem, plain_and_blocked(problem, memory_ns(touched_bytes(problem), problem)),
                             Stored::blocked);
  }

  Prepared prepare(const Problem& problem, const Candidate&) const override {
    const auto values = [&](std::size_t i) { return problem.inputs[i].constant->values<float>(); };
    const auto scale = values(1), bias = values(2), mean = values(3), variance = values(4);
    const double epsilon = static_cast<double>(problem.op.as<op::BatchNorm>()->epsilon);
    Tensor factor(DataType::f32, problem.inputs[1].constant->shape()), shift(DataType::f32, factor.shape());
    for (std::size_t c = 0; c < scale.size(); ++c) {
      const double f = static_cast<double>(scale[c]) / std::sqrt(static_cast<double>(variance[c]) + epsilon);
      factor.mutable_values<float>()[c] = static_cast<float>(f);
      shift.mutable_values<float>()[c] =
          static_cast<float>(static_cast<double>(bias[c]) - static_cast<double>(mean[c]) * f);
    }
    return {"cpu.affine", {}, {std::move(factor), std::move(shift)}, {0}};
  }
};

// instance_norm, group_norm.
class GroupNormTactic final : public Tactic {
 public:
  explicit GroupNormTactic(std::string_view op) : op_(op), name_(fmt::format("cpu.{}", op)) {}
  std::string_view name() const noexcept override { return name_; }
  std::string_view op() const noexcept override { return op_; }
  double error_factor() const noexcept override { return 4; }
  Verdict supports(const Problem& problem) const override { return require_parameters(problem); }
  std::vector<Candidate> candidates(const Problem& problem) const override {
    return plain_candidate(problem, norm_ns(problem));
  }

  Prepared prepare(const Problem& problem, const Candidate&) const override {
    const auto* group = problem.op.as<op::GroupNorm>();
    const float epsilon = group != nullptr ? group->epsilon : problem.op.as<op::InstanceNorm>()->epsilon;
    const std::int64_t channels = problem.inputs[0].dims[1];
    return {"cpu.group_norm",
            {{"@groups", group != nullptr ? group->num_groups : std::int64_t{0}}, {"@epsilon", epsilon}},
            {per_channel(*problem.inputs[1].constant, channels),
             per_channel(*problem.inputs[2].constant, channels)},
            {0}};
  }

 private:
  // One value per group is repeated for its channels.
  static Tensor per_channel(const Tensor& values, std::int64_t channels) {
    if (values.elements() == channels) return values;
    Tensor repeated(DataType::f32, {channels});
    const auto to = repeated.mutable_values<float>();
    for (std::int64_t c = 0; c < channels; ++c) {
      to[static_cast<std::size_t>(c)] =
          values.values<float>()[static_cast<std::size_t>(c * values.elements() / channels)];
    }
    return repeated;
  }

  std::string_view op_;
  std::string name_;
};

// layer_norm, rms_norm: one mean per row over the last axes.
class RowNormTactic final : public Tactic {
 public:
  explicit RowNormTactic(std::string_view op) : op_(op), name_(fmt::format("cpu.{}", op)) {}
  std::string_view name() const noexcept override { return name_; }
  std::string_view op() const noexcept override { return op_; }
  double error_factor() const noexcept override { return 4; }

  Verdict supports(const Problem& problem) const override {
    if (Verdict v = require_parameters(problem); !v) return v;
    return require_norm_rows(problem, axis(problem));
  }

  std::vector<Candidate> candidates(const Problem& problem) const override {
    return with_stored_types(problem, plain_candidate(problem, norm_ns(problem)));
  }

  Prepared prepare(const Problem& problem, const Candidate&) const override {
    const auto* layer = problem.op.as<op::LayerNorm>();
    Prepared prepared{"cpu.row_norm", {}, {}, {0}};
    prepared.params = {
        {"@axis", static_cast<std::int64_t>(axis(problem))},
        {"@epsilon", layer != nullptr ? layer->epsilon : problem.op.as<op::RmsNorm>()->epsilon},
        {"@center", std::int64_t{layer != nullptr}},
        {"@scale", std::int64_t{problem.has(1)}},
        {"@bias", std::int64_t{problem.has(2)}}};
    for (std::size_t i : {1U, 2U}) {
      if (problem.has(i)) prepared.weights.push_back(*problem.inputs[i].constant);
    }
    return prepared;
  }

 private:
  static std::size_t axis(const Problem& problem) {
    const auto* layer = problem.op.as<op::LayerNorm>();
    return norm_axis(problem, layer != nullptr ? layer->axis : problem.op.as<op::RmsNorm>()->axis);
  }

  std::string_view op_;
  std::string name_;
};

}  // namespace
}  // namespace cpu

void register_cpu_tactic_norm(TacticRegistry& registry) {
  registry.add(std::make_unique<cpu::BatchNormTactic>());
  registry.add(std::make_unique<cpu::GroupNormTactic>(op::InstanceNorm::kName));
  registry.add(std::make_unique<cpu::GroupNormTactic>(op::GroupNorm::kName));
  registry.add(std::make_unique<cpu::RowNormTactic>(op::LayerNorm::kName));
  registry.add(std::make_unique<cpu::RowNormTactic>(op::RmsNorm::kName));
}

}  // namespace tenon
