// Convolutions with constant filters of values that are stored in 16 bits, in each of the forms of
// steps/half_conv_forms.hpp.
#include "backends/cpu/kernels/matrix/arrangement.hpp"
#include "backends/cpu/steps/half_conv_forms.hpp"
#include "backends/cpu/steps/op_params.hpp"
#include "backends/cpu/tactics/checks.hpp"
#include "backends/cpu/tactics/half.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>

namespace tenon {
namespace cpu {
namespace {

constexpr std::size_t kHalfWeights = 1, kHalfBias = 2;

// Elements of plain images of many channels from which on it may pay to convert them band by band.
constexpr double kLeastPlanes = 4e6;

template <class Form>
class HalfConvTactic final : public Tactic {
 public:
  using OpType = typename Form::Op;
  std::string_view name() const noexcept override { return Form::kKind; }
  std::string_view op() const noexcept override { return OpType::kName; }
  double error_factor() const noexcept override { return half_error_factor<Form>(Form::kPlainInput); }
  Accuracy loosest() const noexcept override { return kLoosestOfHalf<Form>; }

  Verdict supports(const Problem& problem) const override {
    if (Verdict v = require_stored(problem, Form::kType); !v) return v;
    if (Verdict v = require_matrices<Form>(problem); !v) return v;
    if (Verdict v = require_chains<Form>(problem); !v) return v;
    if (Verdict v = require_f32(problem); !v) return v;
    if (Verdict v = require_constant(problem, kHalfWeights, "filter"); !v) return v;
    if (Verdict v = require_constant(problem, kHalfBias, "bias"); !v) return v;
    const std::size_t rank = problem.inputs[0].dims.size();
    if (rank < 3 || rank > 4)
      return Verdict::no(fmt::format("{} spatial axes, the kernels have one or two", rank - 2));
    if (!problem.input(0).dims->at(1).is_const())
      return Verdict::no("the number of channels is not constant");
    const auto& op = *problem.op.as<OpType>();
    if (auto check = check_epilogue(problem, op.epilogue, kHalfResidual); !check.verdict)
      return check.verdict;
    if (const char* reason = Form::refusal(shape_of(problem))) return Verdict::no(reason);
    if constexpr (Form::kPlainInput && kByMatrices<Form>) {
      if (problem.inputs[0].dims[1] > kMatrixFewChannels && elements(problem.inputs[0].dims) < kLeastPlanes)
        return Verdict::no("a conversion of so few numbers stays in a cache");
    }
    return Verdict::yes();
  }

  std::vector<Candidate> candidates(const Problem& problem) const override {
    const ConvShape shape = shape_of(problem);
    const Layout stored = blocked().stored_as(Form::kType);
    Candidate base;
    base.inputs.resize(problem.inputs.size());
    if (!Form::kPlainInput) base.inputs[0] = stored;
    if (problem.inputs.size() > kHalfResidual) base.inputs[kHalfResidual] = stored;
    base.outputs.assign(1, stored);
    base.inputs[kHalfWeights] = Layout().stored_as(Form::kType);
    const double results = elements(problem.outputs[0].dims), products = Form::products(shape);
    base.estimate_ns = kByMatrices<Form> ? matrix_half_ns(problem, results, products)
                                         : half_ns<Form>(problem, 2 * results * products);
    const ConvHalfConfigs configs = Form::configs(*Form::select(problem.isa), shape);
    std::vector<Candidate> all(static_cast<std::size_t>(configs.count), base);
    for (int i = 0; i < configs.count; ++i) {
      const ConvHalfConfig& c = configs.configs[i];
      Candidate& candidate = all[static_cast<std::size_t>(i)];
      candidate.config = fmt::format("px={},oc={}{}", c.pixels, c.oc_blocks, c.oc_inner ? ",oc_inner" : "");
      candidate.estimate_ns *= 1 + 0.01 * i;
    }
    return all;
  }

  Prepared prepare(const Problem& problem, const Candidate& candidate) const override {
    const ConvShape shape = shape_of(problem);
    const Tensor& filter = *problem.inputs[kHalfWeights].constant;
    Prepared prepared{std::string(name()), op_to_params(*problem.op.as<OpType>()), {}, {0}};
    prepared.params.push_back(
        {"@kernel", std::vector<std::int64_t>(filter.shape().begin() + 2, filter.shape().end())});
    prepared.params.push_back({"@config", config_of(candidate.config)});
    Tensor packed(Form::kType, {static_cast<std::int64_t>(Form::packed_size(shape))});
    Form::pack(shape, filter.values<float>().data(), reinterpret_cast<std::uint16_t*>(packed.mutable_data()));
    prepared.weights.push_back(std::move(packed));
    if (problem.has(kHalfBias)) {
      Tensor bias(DataType::f32, {static_cast<std::int64_t>(conv_packed_bias_size(shape.out_channels))});
      conv_pack_bias(problem.inputs[kHalfBias].constant->values<float>().data(), shape.out_channels,
                     bias.mutable_values<float>().data());
      prepared.weights.push_back(std::move(bias));
    }
    if (problem.inputs.size() > kHalfResidual) prepared.operands.push_back(kHalfResidual);
    return prepared;
  }

 private:
  static constexpr std::size_t kHalfResidual = OpType::kFirstEpilogueOperand;

  static ConvShape shape_of(const Problem& problem) {
    return conv_shape(*problem.op.as<OpType>(), problem.inputs[0].dims,
                      std::span(problem.inputs[kHalfWeights].dims).subspan(2), problem.outputs[0].dims);
  }

  // What candidates() wrote.
  static std::vector<std::int64_t> config_of(const std::string& text) {
    const auto number = [&](std::string_view key) -> std::int64_t {
      return std::strtol(text.c_str() + text.find(key) + key.size(), nullptr, 10);
    };
    return {number("px="), number("oc="), text.find(",oc_inner") != std::string::npos ? 1 : 0};
  }
};

}  // namespace
}  // namespace cpu

void register_cpu_tactic_half_conv(TacticRegistry& registry) {
  registry.add(std::make_unique<cpu::HalfConvTactic<cpu::Bf16Conv>>());
  registry.add(std::make_unique<cpu::HalfConvTactic<cpu::Bf16ConvPlanar>>());
  registry.add(std::make_unique<cpu::HalfConvTactic<cpu::Bf16ConvTransposed>>());
  registry.add(std::make_unique<cpu::HalfConvTactic<cpu::Bf16ConvTransposedMatrix>>());
  registry.add(std::make_unique<cpu::HalfConvTactic<cpu::F16Conv>>());
  registry.add(std::make_unique<cpu::HalfConvTactic<cpu::F16ConvPlanar>>());
  registry.add(std::make_unique<cpu::HalfConvTactic<cpu::Bf16ConvMatrix>>());
  registry.add(std::make_unique<cpu::HalfConvTactic<cpu::Bf16ConvMatrixPlanar>>());
  registry.add(std::make_unique<cpu::HalfConvTactic<cpu::F16ConvTransposed>>());
  registry.add(std::make_unique<cpu::HalfConvTactic<cpu::F16ConvChained>>());
  registry.add(std::make_unique<cpu::HalfConvTactic<cpu::F16ConvChainedPlanar>>());
  registry.add(std::make_unique<cpu::HalfConvTactic<cpu::F16ConvTransposedChained>>());
}

}  // namespace tenon
