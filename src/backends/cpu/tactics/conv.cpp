// Convolutions with constant filters, or of few axes with computed ones, in each of the forms of
// steps/conv_forms.hpp.
#include "backends/cpu/steps/conv_forms.hpp"
#include "backends/cpu/steps/op_params.hpp"
#include "backends/cpu/tactics/blocked.hpp"
#include "backends/cpu/tactics/checks.hpp"
#include "backends/cpu/tactics/cost.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>

namespace tenon {
namespace cpu {
namespace {

constexpr std::size_t kConvWeights = 1, kConvBias = 2;
constexpr int kMostPlanarChannels = 8;  // beyond, blocking the input pays for itself

// Products, the transforms on both sides of them, and the weights, which are many and pass by once per group
// of tiles.
double winograd_ns(const Problem& problem, const ConvShape& s, int outputs) {
  constexpr double kTransformed = 24;  // operations that fit into the time of one transformed element
  const double weight_bytes_per_ns = 25.0 * std::clamp(problem.threads, 1, 2);
  const double alpha = outputs + s.kernel_h - 1;
  const double tiles = static_cast<double>(s.batch) * static_cast<double>(ceil_div(s.out_h, outputs)) *
                       static_cast<double>(ceil_div(s.out_w, outputs));
  const auto in = static_cast<double>(round_up(s.in_channels, kChannelBlock));
  const auto out = static_cast<double>(round_up(s.out_channels, kChannelBlock));
  const double elements = alpha * alpha * tiles;
  const double work = compute_ns(elements * (2 * s.in_channels * out + kTransformed * (in + out)), problem);
  return std::max(work, kCallNs + 4 * alpha * alpha * s.in_channels * out / weight_bytes_per_ns);
}

template <class Form>
class ConvTactic final : public Tactic {
 public:
  using OpType = typename Form::Op;
  std::string_view name() const noexcept override { return Form::kKind; }
  int version() const noexcept override { return 6; }
  std::string_view op() const noexcept override { return OpType::kName; }
  double error_factor() const noexcept override {
    if constexpr (kIsWinograd<Form>) return winograd_error_factor(Form::kOutputs);
    return 1;
  }
  Accuracy loosest() const noexcept override {
    return kIsWinograd<Form> ? Accuracy::standard : Accuracy::exact;
  }

  Verdict supports(const Problem& problem) const override {
    const auto& op = *problem.op.as<OpType>();
    if (Verdict v = require_f32(problem); !v) return v;
    if constexpr (kTakesComputedWeights<Form>) {
      if (!known(problem.input(kConvWeights))) return Verdict::no("the dims of the filter are not constant");
    } else {
      if (Verdict v = require_constant(problem, kConvWeights, "filter"); !v) return v;
      if (Verdict v = require_constant(problem, kConvBias, "bias"); !v) return v;
    }
    const std::size_t rank = problem.inputs[0].dims.size();
    if (rank < 3 || rank > most_axes<Form>() + 2)
      return Verdict::no(
          fmt::format("{} spatial axes, the kernels have one to {}", rank - 2, most_axes<Form>()));
    if (!problem.input(0).dims->at(1).is_const())
      return Verdict::no("the number of channels is not constant");
    if (auto check = check_epilogue(problem, op.epilogue, kResidual); !check.verdict) return check.verdict;
    const ConvShape shape = shape_of(problem);
    if (const char* reason = Form::refusal(shape)) return Verdict::no(reason);
    if constexpr (Form::kPlainInput && !Form::kPlainOutput) {
      if (shape.in_channels > kMostPlanarChannels) {
        return Verdict::no(
            fmt::format("{} input channels, more than {}", shape.in_channels, kMostPlanarChannels));
      }
    }
    return Verdict::yes();
  }

  std::vector<Candidate> candidates(const Problem& problem) const override {
    const ConvShape shape = shape_of(problem);
    Candidate base;
    base.inputs.resize(problem.inputs.size());
    if (!Form::kPlainInput) base.inputs[0] = blocked();
    if (!Form::kPlainOutput && problem.inputs.size() > kResidual) base.inputs[kResidual] = blocked();
    base.outputs.resize(1);
    if (!Form::kPlainOutput) base.outputs[0] = blocked();
    if constexpr (kIsWinograd<Form>) {
      base.estimate_ns = winograd_ns(problem, shape, Form::kOutputs);
    } else {
      base.estimate_ns = estimate(problem, shape);
    }
    std::vector<Candidate> all(1, base);
    if constexpr (Form::kTuned) {
      const ConvConfigs configs = Form::configs(*Form::select(problem.isa), shape);
      all.resize(static_cast<std::size_t>(configs.count), base);
      for (int i = 0; i < configs.count; ++i) {
        Candidate& candidate = all[static_cast<std::size_t>(i)];
        candidate.config = text(configs.configs[i]);
        candidate.estimate_ns *= 1 + 0.01 * i;
      }
    }
    if constexpr (kTakesStoredTensors<Form>) return with_stored_types(problem, std::move(all));
    return all;
  }

  Prepared prepare(const Problem& problem, const Candidate& candidate) const override {
    const ConvShape shape = shape_of(problem);
    Prepared prepared{std::string(name()), op_to_params(*problem.op.as<OpType>()), {}, {0}};
    const Shape& filter = problem.inputs[kConvWeights].dims;
    prepared.params.push_back({"@kernel", std::vector<std::int64_t>(filter.begin() + 2, filter.end())});
    if constexpr (Form::kTuned) prepared.params.push_back({"@config", config_of(candidate.config)});

    const bool computed_filter = problem.inputs[kConvWeights].constant == nullptr;
    const bool computed_bias = problem.has(kConvBias) && problem.inputs[kConvBias].constant == nullptr;
    if constexpr (kTakesComputedWeights<Form>) {
      prepared.params.push_back(
          {"@computed", std::vector<std::int64_t>{computed_filter ? 1 : 0, computed_bias ? 1 : 0}});
    }
    if (computed_filter) {
      prepared.operands.push_back(kConvWeights);
    } else {
      Tensor packed(DataType::f32, {static_cast<std::int64_t>(Form::packed_size(shape))});
      Form::pack(shape, problem.inputs[kConvWeights].constant->values<float>().data(),
                 packed.mutable_values<float>().data());
      prepared.weights.push_back(std::move(packed));
    }
    if (computed_bias) {
      prepared.operands.push_back(kConvBias);
    } else if (problem.has(kConvBias)) {
      const float* source = problem.inputs[kConvBias].constant->values<float>().data();
      Tensor bias(DataType::f32, {static_cast<std::int64_t>(conv_bias_size<Form>(shape))});
      std::copy_n(source, shape.out_channels, bias.mutable_values<float>().data());
      prepared.weights.push_back(std::move(bias));
    }
    if (problem.inputs.size() > kResidual) prepared.operands.push_back(kResidual);
    return prepared;
  }

 private:
  static constexpr std::size_t kResidual = OpType::kFirstEpilogueOperand;

  static ConvShape shape_of(const Problem& problem) {
    const Shape& filter = problem.inputs[kConvWeights].dims;
    return conv_shape(*problem.op.as<OpType>(), problem.inputs[0].dims, std::span(filter).subspan(2),
                      problem.outputs[0].dims, most_axes<Form>());
  }

  static bool known(const TensorType& type) {
    return type.dims &&
           std::all_of(type.dims->begin(), type.dims->end(), [](const Dim& dim) { return dim.is_const(); });
  }

  static double estimate(const Problem& problem, const ConvShape& shape) {
    const bool transposed = std::is_same_v<OpType, op::ConvTranspose>;
    const ConvShape computed = computed_shape<Form>(shape);
    double products = transposed ? elements(problem.inputs[0].dims) * computed.group_out()
                                 : elements(problem.outputs[0].dims) * computed.group_in();
    // Lanes of channels that there are not.
    if constexpr (!Form::kPlainOutput) products *= blocked_excess(problem.outputs[0]);
    const double flops = 2.0 * products * shape.kernel_d * shape.kernel_h * shape.kernel_w;
    // Depthwise kernels wait for memory; unfolding reads every input kernel_h · kernel_w times.
    const double unfolded = Form::kPlainOutput
                                ? 8.0 * elements(problem.outputs[0].dims) / std::max(shape.out_channels, 1) *
                                      shape.in_channels * shape.kernel_d * shape.kernel_h * shape.kernel_w
                                : 0;
    return std::max(compute_ns(flops * (Form::kPlainOutput ? 1.3 : 1.0), problem),
                    memory_ns(touched_bytes(problem), problem)) +
           unfolded / (16.0 * std::max(problem.threads, 1));
  }

  static std::string text(const ConvConfig& c) {
    return fmt::format("px={},oc={},ic={}{}{}", c.pixels, c.oc_blocks, c.ic_blocks, c.rows ? ",rows" : "",
                       c.oc_inner ? ",oc_inner" : "");
  }

  // What text() said.
  static std::vector<std::int64_t> config_of(const std::string& text) {
    std::vector<std::int64_t> config;
    for (std::size_t at = text.find('='); at != std::string::npos; at = text.find('=', at + 1)) {
      config.push_back(std::strtol(text.c_str() + at + 1, nullptr, 10));
    }
    for (const char* flag : {",rows", ",oc_inner"}) {
      config.push_back(text.find(flag) != std::string::npos ? 1 : 0);
    }
    return config;
  }
};

}  // namespace
}  // namespace cpu

void register_cpu_tactic_conv(TacticRegistry& registry) {
  registry.add(std::make_unique<cpu::ConvTactic<cpu::ConvDepthwise>>());
  registry.add(std::make_unique<cpu::ConvTactic<cpu::ConvBlocked>>());
  registry.add(std::make_unique<cpu::ConvTactic<cpu::ConvBanded>>());
  registry.add(std::make_unique<cpu::ConvTactic<cpu::ConvWinograd<2>>>());
  registry.add(std::make_unique<cpu::ConvTactic<cpu::ConvWinograd<4>>>());
  registry.add(std::make_unique<cpu::ConvTactic<cpu::ConvWinograd<6>>>());
  registry.add(std::make_unique<cpu::ConvTactic<cpu::ConvPlanar>>());
  registry.add(std::make_unique<cpu::ConvTactic<cpu::ConvPlain>>());
  registry.add(std::make_unique<cpu::ConvTactic<cpu::ConvTransposed>>());
}

}  // namespace tenon
