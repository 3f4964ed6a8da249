// quantized_conv and quantized_conv_transpose, which have the same operands, with constant filters, in each
// of the forms of steps/quantized_conv_forms.hpp.
#include "backends/cpu/tactics/byte_conv.hpp"

#include <cstdlib>

namespace tenon {
namespace cpu {
namespace {

using QConv = op::QuantizedConv;

// As winograd_ns of tactics/conv.cpp has it. Products of 16-bit integers take twice the time of those of
// bytes, except where there are none of bytes.
double winograd_ns(const Problem& problem, const ConvShape& s) {
  constexpr double kTransformed = 9;  // floating-point operations in the time of one transformed element
  constexpr double kElements = kWinogradS8Alpha * kWinogradS8Alpha;
  const bool bytes = problem.isa == Isa::avx2_vnni || problem.isa >= Isa::avx512_vnni;
  const double weight_bytes_per_ns = 25.0 * std::clamp(problem.threads, 1, 2);
  const double tiles = static_cast<double>(s.batch) *
                       static_cast<double>(ceil_div(s.out_h, kWinogradS8Outputs)) *
                       static_cast<double>(ceil_div(s.out_w, kWinogradS8Outputs));
  const auto in = static_cast<double>(round_up(s.in_channels, kChannelBlock));
  const auto out = static_cast<double>(round_up(s.out_channels, kChannelBlock));
  const double elements = kElements * tiles;
  const double work = integer_ns((bytes ? 4 : 2) * elements * s.in_channels * out, problem) +
                      compute_ns(kTransformed * elements * (in + out), problem);
  return std::max(work,
                  kCallNs + sizeof(std::int16_t) * kElements * s.in_channels * out / weight_bytes_per_ns);
}

template <class Form>
class QuantizedConvTactic final : public ByteConvTactic<Form, typename Form::Op> {
  using Base = ByteConvTactic<Form, typename Form::Op>;

 public:
  std::string_view name() const noexcept override { return Form::kKind; }

  Verdict supports(const Problem& problem) const override {
    if (Verdict v = Base::supports(problem); !v) return v;
    if (Verdict v = require_constant_channels(problem, QConv::kMultiplier, QConv::kBias); !v) return v;
    if (problem.has(QConv::kResidual) && problem.inputs[QConv::kResidual].constant != nullptr)
      return Verdict::no("the added tensor is a constant");
    if constexpr (kIsWinograd) {
      if (!winograd_s8_fits(Base::shape_of(problem), Base::filter(problem)))
        return Verdict::no("the weights of an output channel are so large that sums need more than 26 bits");
    }
    return Verdict::yes();
  }

  std::vector<Candidate> candidates(const Problem& problem) const override {
    Candidate base = Base::candidate(problem);
    if (problem.has(QConv::kResidual)) base.inputs[QConv::kResidual] = blocked();
    if constexpr (kIsWinograd) base.estimate_ns = winograd_ns(problem, Base::shape_of(problem));
    const ConvS8Configs configs = Form::configs(*Form::select(problem.isa), Base::shape_of(problem));
    std::vector<Candidate> all(static_cast<std::size_t>(configs.count), base);
    for (int i = 0; i < configs.count; ++i) {
      const ConvS8Config& c = configs.configs[i];
      Candidate& candidate = all[static_cast<std::size_t>(i)];
      candidate.config = fmt::format("px={},oc={}{}", c.pixels, c.oc_blocks, c.oc_inner ? ",oc_inner" : "");
      candidate.estimate_ns *= 1 + 0.01 * i;
    }
    return all;
  }

  Prepared prepare(const Problem& problem, const Candidate& candidate) const override {
    Prepared prepared = Base::prepare_window(problem, config_of(candidate.config));
    prepared.weights = weights_of(problem).list();
    if (problem.has(QConv::kResidual)) prepared.operands.push_back(QConv::kResidual);
    return prepared;
  }

 private:
  static constexpr bool kIsWinograd = std::is_same_v<Form, QuantizedConvWinograd>;

  static ByteWeights weights_of(const Problem& problem) {
    const ConvShape shape = Base::shape_of(problem);
    const ByteWeights weights = constant_weights(problem, QConv::kW, QConv::kMultiplier, QConv::kBias);
    const std::size_t packed_bytes = sizeof(typename Form::Weight) * Form::packed_size(shape);
    if (kPacksByFilter<Form> && packed_when_loaded(weights.filter.size_bytes(), packed_bytes)) return weights;
    return pack_filter<Form>(
        shape, weights,
        {problem.input(QConv::kX).dtype, static_cast<int>(problem.op.as<typename Form::Op>()->x_zero)});
  }

  // What candidates() wrote.
  static ConvS8Config config_of(const std::string& text) {
    const auto number = [&](std::string_view key) {
      return static_cast<int>(std::strtol(text.c_str() + text.find(key) + key.size(), nullptr, 10));
    };
    return {number("px="), number("oc="), text.find(",oc_inner") != std::string::npos};
  }
};

}  // namespace
}  // namespace cpu

void register_cpu_tactic_quantized_conv(TacticRegistry& registry) {
  registry.add(std::make_unique<cpu::QuantizedConvTactic<cpu::QuantizedConvDepthwise>>());
  registry.add(std::make_unique<cpu::QuantizedConvTactic<cpu::QuantizedConvMatrixPlanar>>());
  registry.add(std::make_unique<cpu::QuantizedConvTactic<cpu::QuantizedConvMatrix>>());
  registry.add(std::make_unique<cpu::QuantizedConvTactic<cpu::QuantizedConvPlanar>>());
  registry.add(std::make_unique<cpu::QuantizedConvTactic<cpu::QuantizedConvBlocked>>());
  registry.add(std::make_unique<cpu::QuantizedConvTactic<cpu::QuantizedConvTransposed>>());
  registry.add(std::make_unique<cpu::QuantizedConvTactic<cpu::QuantizedConvTransposedMatrix>>());
  registry.add(std::make_unique<cpu::QuantizedConvTactic<cpu::QuantizedConvWinograd>>());
}

}  // namespace tenon
