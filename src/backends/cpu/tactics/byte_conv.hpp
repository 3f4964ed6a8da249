// What the tactics of all convolutions of bytes with constant filters share, in each of the forms of
// steps/quantized_conv_forms.hpp. `Op` has operands x and filter first.
#pragma once

#include "backends/cpu/steps/op_params.hpp"
#include "backends/cpu/steps/quantized_conv_forms.hpp"
#include "backends/cpu/tactics/checks.hpp"
#include "backends/cpu/tactics/cost.hpp"
#include "backends/cpu/tactics/matrices.hpp"
#include "backends/cpu/tactics/quantized_operands.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace tenon::cpu {

template <class Form, class Op>
class ByteConvTactic : public Tactic {
 public:
  std::string_view op() const noexcept override { return Op::kName; }

  Verdict supports(const Problem& problem) const override {
    if (Verdict v = require_matrices<Form>(problem); !v) return v;
    if (problem.has_unknown_dims()) return Verdict::no("a shape is known only while running");
    if (Verdict v = require_constant(problem, kFilter, "filter"); !v) return v;
    const std::size_t rank = problem.inputs[kX].dims.size();
    if (rank < 3 || rank > 4)
      return Verdict::no(fmt::format("{} spatial axes, the kernels have one or two", rank - 2));
    if (!problem.input(kX).dims->at(1).is_const())
      return Verdict::no("the number of channels is not constant");
    if (const char* reason = Form::refusal(shape_of(problem))) return Verdict::no(reason);
    return Verdict::yes();
  }

 protected:
  static constexpr std::size_t kX = 0;
  static constexpr std::size_t kFilter = 1;

  static ConvShape shape_of(const Problem& problem) {
    return byte_conv_shape(*problem.op.as<Op>(), problem.inputs[kX].dims, kernel_dims(problem),
                           problem.outputs[0].dims);
  }

  static const std::int8_t* filter(const Problem& problem) {
    return problem.inputs[kFilter].constant->template values<std::int8_t>().data();
  }

  // The layouts of x and result, and what the model expects of it.
  static Candidate candidate(const Problem& problem) {
    Candidate result;
    result.inputs.resize(problem.inputs.size());
    if (!Form::kPlainInput) result.inputs[kX] = blocked();
    result.outputs = {blocked()};
    result.estimate_ns = std::max(multiply_ns(problem), memory_ns(touched_bytes(problem), problem));
    return result;
  }

  // Fields, "@kernel" and "@config", no weights.
  Prepared prepare_window(const Problem& problem, const ConvS8Config& config) const {
    const auto kernel = kernel_dims(problem);
    Prepared prepared{std::string(name()), op_to_params(*problem.op.as<Op>()), {}, {kX}};
    prepared.params.push_back({"@kernel", std::vector<std::int64_t>(kernel.begin(), kernel.end())});
    prepared.params.push_back(
        {"@config", std::vector<std::int64_t>{config.pixels, config.oc_blocks, config.oc_inner ? 1 : 0}});
    return prepared;
  }

  static Tensor packed_filter(const Problem& problem) {
    const ConvShape shape = shape_of(problem);
    using Weight = typename Form::Weight;
    Tensor packed(DataTypeOf<Weight>::value, {static_cast<std::int64_t>(Form::packed_size(shape))});
    Form::pack(shape, filter(problem), packed.mutable_values<Weight>().data());
    return packed;
  }

  // The packed bias for that zero point of x; `bias` may be null.
  static Tensor packed_bias(const Problem& problem, const std::int32_t* bias, int x_zero) {
    const ConvShape shape = shape_of(problem);
    Tensor packed(DataType::i32, {static_cast<std::int64_t>(Form::packed_bias_size(shape))});
    Form::pack_bias(shape, filter(problem), bias, problem.input(kX).dtype == DataType::i8, x_zero,
                    packed.mutable_values<std::int32_t>().data());
    return packed;
  }

 private:
  static double multiply_ns(const Problem& problem) {
    const double results = elements(problem.outputs[0].dims);
    const double products = Form::products(shape_of(problem));
    if constexpr (kByMatrices<Form>) return matrix_integer_ns(results, products, problem);
    return integer_ns(2 * results * products, problem);
  }

  static std::span<const std::int64_t> kernel_dims(const Problem& problem) {
    return std::span(problem.inputs[kFilter].dims).subspan(2);
  }
};

}  // namespace tenon::cpu
