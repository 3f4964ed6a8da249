// Convolutions of bytes with constant filters, in each of the forms of steps/quantized_conv_forms.hpp.
#include "backends/cpu/steps/op_params.hpp"
#include "backends/cpu/steps/quantized_conv_forms.hpp"
#include "backends/cpu/tactics/checks.hpp"
#include "backends/cpu/tactics/cost.hpp"
#include "backends/cpu/tactics/quantized_operands.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>

namespace tenon {
namespace cpu {
namespace {

using QConv = op::QuantizedConv;

template <class Form>
class QuantizedConvTactic final : public Tactic {
 public:
  std::string_view name() const noexcept override { return Form::kKind; }
  std::string_view op() const noexcept override { return QConv::kName; }

  Verdict supports(const Problem& problem) const override {
    if (problem.has_unknown_dims()) return Verdict::no("a shape is known only while running");
    if (problem.inputs[QConv::kW].constant == nullptr)
      return Verdict::no("the filter is computed, not constant");
    if (Verdict v = require_constant_channels(problem, QConv::kMultiplier, QConv::kBias); !v) return v;
    const std::size_t rank = problem.inputs[QConv::kX].dims.size();
    if (rank < 3 || rank > 4)
      return Verdict::no(fmt::format("{} spatial axes, the kernels have one or two", rank - 2));
    if (!problem.input(QConv::kX).dims->at(1).is_const())
      return Verdict::no("the number of channels is not constant");
    if (problem.has(QConv::kResidual) && problem.inputs[QConv::kResidual].constant != nullptr)
      return Verdict::no("the added tensor is a constant");
    if (const char* reason = Form::refusal(shape_of(problem))) return Verdict::no(reason);
    return Verdict::yes();
  }

  std::vector<Candidate> candidates(const Problem& problem) const override {
    const ConvShape shape = shape_of(problem);
    Candidate base;
    base.inputs.resize(problem.inputs.size());
    if (!Form::kPlainInput) base.inputs[QConv::kX] = blocked();
    if (problem.has(QConv::kResidual)) base.inputs[QConv::kResidual] = blocked();
    base.outputs = {blocked()};
    const ConvShape computed = Form::computed(shape);
    const double ops = 2.0 * elements(problem.outputs[0].dims) *
                       static_cast<double>(round_up(computed.group_in(), kS8Group)) * shape.kernel_h *
                       shape.kernel_w;
    base.estimate_ns = std::max(integer_ns(ops, problem), memory_ns(touched_bytes(problem), problem));
    const ConvS8Configs configs = Form::configs(*Form::select(problem.isa), shape);
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
    const ConvShape shape = shape_of(problem);
    const auto& op = *problem.op.as<QConv>();
    Prepared prepared{std::string(name()), op_to_params(op), {}, {QConv::kX}};
    const Shape& filter = problem.inputs[QConv::kW].dims;
    prepared.params.push_back({"@kernel", std::vector<std::int64_t>(filter.begin() + 2, filter.end())});
    prepared.params.push_back({"@config", config_of(candidate.config)});

    const std::int8_t* weights = problem.inputs[QConv::kW].constant->values<std::int8_t>().data();
    Tensor packed(DataType::i8, {static_cast<std::int64_t>(Form::packed_size(shape))});
    Form::pack(shape, weights, packed.mutable_values<std::int8_t>().data());
    const auto channels = static_cast<std::int64_t>(conv_s8_packed_bias_size(shape));
    Tensor bias(DataType::i32, {channels});
    conv_s8_pack_bias(shape, weights,
                      problem.has(QConv::kBias)
                          ? problem.inputs[QConv::kBias].constant->values<std::int32_t>().data()
                          : nullptr,
                      problem.input(QConv::kX).dtype == DataType::i8, static_cast<int>(op.x_zero),
                      bias.mutable_values<std::int32_t>().data());
    Tensor multiplier =
        padded_multipliers(*problem.inputs[QConv::kMultiplier].constant, shape.out_channels, channels);
    prepared.weights = {std::move(packed), std::move(bias), std::move(multiplier)};
    if (problem.has(QConv::kResidual)) prepared.operands.push_back(QConv::kResidual);
    return prepared;
  }

 private:
  static ConvShape shape_of(const Problem& problem) {
    const Shape& filter = problem.inputs[QConv::kW].dims;
    return conv_shape(window_of(*problem.op.as<QConv>()), problem.inputs[QConv::kX].dims,
                      std::span(filter).subspan(2), problem.outputs[0].dims);
  }

  // What candidates() wrote.
  static std::vector<std::int64_t> config_of(const std::string& text) {
    std::vector<std::int64_t> config;
    for (std::size_t at = text.find('='); at != std::string::npos; at = text.find('=', at + 1))
      config.push_back(std::strtol(text.c_str() + at + 1, nullptr, 10));
    config.push_back(text.find(",oc_inner") != std::string::npos ? 1 : 0);
    return config;
  }
};

}  // namespace
}  // namespace cpu

void register_cpu_tactic_quantized_conv(TacticRegistry& registry) {
  registry.add(std::make_unique<cpu::QuantizedConvTactic<cpu::QuantizedConvDepthwise>>());
  registry.add(std::make_unique<cpu::QuantizedConvTactic<cpu::QuantizedConvPlanar>>());
  registry.add(std::make_unique<cpu::QuantizedConvTactic<cpu::QuantizedConvBlocked>>());
}

}  // namespace tenon
