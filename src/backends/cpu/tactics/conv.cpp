// Direct convolution: "cpu.conv" on blocked input, "cpu.conv_planar" on plain input (first layers of few channels).
#include <fmt/format.h>

#include "backends/cpu/kernels/conv/conv.hpp"
#include "backends/cpu/steps/conv_geometry.hpp"
#include "backends/cpu/steps/op_params.hpp"
#include "backends/cpu/tactics/checks.hpp"
#include "backends/cpu/tactics/cost.hpp"

namespace tenon {
namespace cpu {
namespace {

constexpr std::size_t kWeights = 1, kBias = 2, kResidual = op::Conv::kFirstEpilogueOperand;
constexpr int kMostPlanarChannels = 8;  // beyond, blocking the input pays for itself

class ConvTactic final : public Tactic {
 public:
  explicit ConvTactic(bool planar) : planar_(planar) {}
  std::string_view name() const noexcept override { return planar_ ? "cpu.conv_planar" : "cpu.conv"; }
  std::string_view op() const noexcept override { return "conv"; }

  Verdict supports(const Problem& problem) const override {
    const auto& op = *problem.op.as<op::Conv>();
    if (Verdict v = require_f32(problem); !v) return v;
    if (Verdict v = require_constant(problem, kWeights, "filter"); !v) return v;
    if (Verdict v = require_constant(problem, kBias, "bias"); !v) return v;
    const std::size_t rank = problem.inputs[0].dims.size();
    if (rank != 3 && rank != 4) return Verdict::no(fmt::format("{} spatial axes, the kernels have one or two", rank - 2));
    if (!problem.input(0).dims->at(1).is_const()) return Verdict::no("the number of channels is not constant");
    if (auto check = check_epilogue(problem, op.epilogue, kResidual); !check.verdict) return check.verdict;
    const ConvShape shape = shape_of(problem);
    if (planar_) {
      if (shape.groups != 1) return Verdict::no("grouped");
      if (shape.in_channels > kMostPlanarChannels) {
        return Verdict::no(fmt::format("{} input channels, more than {}", shape.in_channels, kMostPlanarChannels));
      }
    } else if (const char* reason = conv_refusal(shape)) {
      return Verdict::no(reason);
    }
    return Verdict::yes();
  }

  std::vector<Candidate> candidates(const Problem& problem) const override {
    const ConvShape shape = shape_of(problem);
    const ConvKernel* kernel = select_conv(problem.isa);
    const ConvConfigs configs = planar_ ? conv_planar_configs(*kernel, shape) : conv_configs(*kernel, shape);
    const double flops = 2.0 * elements(problem.outputs[0].dims) * shape.group_in() * shape.kernel_h * shape.kernel_w;
    std::vector<Candidate> candidates;
    for (int i = 0; i < configs.count; ++i) {
      const ConvConfig& c = configs.configs[i];
      Candidate candidate;
      candidate.config = fmt::format("px={},oc={},ic={}{}{}", c.pixels, c.oc_blocks, c.ic_blocks, c.rows ? ",rows" : "",
                                     c.oc_inner ? ",oc_inner" : "");
      candidate.inputs.resize(problem.inputs.size());
      if (!planar_) candidate.inputs[0] = blocked();
      if (problem.inputs.size() > kResidual) candidate.inputs[kResidual] = blocked();
      candidate.outputs = {blocked()};
      candidate.estimate_ns = compute_ns(flops, problem) * (1 + 0.01 * i);
      candidates.push_back(std::move(candidate));
    }
    return candidates;
  }

  Prepared prepare(const Problem& problem, const Candidate& candidate) const override {
    const ConvShape shape = shape_of(problem);
    Prepared prepared{std::string(name()), op_to_params(*problem.op.as<op::Conv>()), {}, {0}};
    const Shape& filter = problem.inputs[kWeights].constant->shape();
    prepared.params.push_back({"@kernel", std::vector<std::int64_t>(filter.begin() + 2, filter.end())});
    prepared.params.push_back({"@config", config_of(problem, candidate)});

    Tensor packed(DataType::f32, {static_cast<std::int64_t>(planar_ ? conv_planar_packed_size(shape) : conv_packed_size(shape))});
    const float* source = problem.inputs[kWeights].constant->values<float>().data();
    if (planar_) {
      conv_planar_pack(shape, source, packed.mutable_values<float>().data());
    } else {
      conv_pack(shape, source, packed.mutable_values<float>().data());
    }
    prepared.weights.push_back(std::move(packed));
    if (problem.has(kBias)) {
      Tensor bias(DataType::f32, {static_cast<std::int64_t>(conv_packed_bias_size(shape.out_channels))});
      conv_pack_bias(problem.inputs[kBias].constant->values<float>().data(), shape.out_channels,
                     bias.mutable_values<float>().data());
      prepared.weights.push_back(std::move(bias));
    }
    if (problem.inputs.size() > kResidual) prepared.operands.push_back(kResidual);
    return prepared;
  }

 private:
  static ConvShape shape_of(const Problem& problem) {
    const Shape& filter = problem.inputs[kWeights].constant->shape();
    return conv_shape(*problem.op.as<op::Conv>(), problem.inputs[0].dims, std::span(filter).subspan(2), problem.outputs[0].dims);
  }

  // Candidates are told apart by their text; the numbers come from the same list.
  std::vector<std::int64_t> config_of(const Problem& problem, const Candidate& candidate) const {
    const ConvShape shape = shape_of(problem);
    const ConvKernel* kernel = select_conv(problem.isa);
    const ConvConfigs configs = planar_ ? conv_planar_configs(*kernel, shape) : conv_configs(*kernel, shape);
    const std::vector<Candidate> all = candidates(problem);
    int index = 0;
    for (int i = 0; i < configs.count; ++i) {
      if (all[static_cast<std::size_t>(i)].config == candidate.config) index = i;
    }
    const ConvConfig& c = configs.configs[index];
    return {c.pixels, c.oc_blocks, c.ic_blocks, c.rows ? 1 : 0, c.oc_inner ? 1 : 0};
  }

  bool planar_;
};

}  // namespace
}  // namespace cpu

void register_cpu_tactic_conv(TacticRegistry& registry) {
  registry.add(std::make_unique<cpu::ConvTactic>(false));
  registry.add(std::make_unique<cpu::ConvTactic>(true));
}

}  // namespace tenon
