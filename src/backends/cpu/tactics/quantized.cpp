// Operators of dynamically quantized networks: "cpu.matmul_integer", "cpu.dynamic_quantize",
// "cpu.dequantize_sums".
#include "backends/cpu/steps/matmul.hpp"
#include "backends/cpu/tactics/checks.hpp"
#include "backends/cpu/tactics/cost.hpp"
#include "ops/dequantize_linear.hpp"
#include "ops/dynamic_quantize_linear.hpp"
#include "ops/matmul_integer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace tenon {
namespace cpu {
namespace {

Verdict require_known(const Problem& problem) {
  return problem.has_unknown_dims() ? Verdict::no("a shape is known only while running") : Verdict::yes();
}

// The product of integers as a product of floats: exact as long as no partial sum passes 2^24.
class IntegerMatMulTactic final : public Tactic {
 public:
  std::string_view name() const noexcept override { return "cpu.matmul_integer"; }
  std::string_view op() const noexcept override { return op::MatMulInteger::kName; }

  Verdict supports(const Problem& problem) const override {
    if (Verdict v = require_known(problem); !v) return v;
    if (problem.inputs[1].constant == nullptr)
      return Verdict::no("the second operand is computed, not constant");
    if (Verdict v = require_constant(problem, 3, "zero point of the second operand"); !v) return v;
    if (problem.inputs[1].dims.size() != 2 || problem.inputs[0].dims.size() < 2)
      return Verdict::no("the second operand is not one matrix");
    if (problem.has(2) && !is_scalar(*problem.input(2).dims)) return Verdict::no("a zero point per row");
    if (problem.has(3) && problem.inputs[3].constant->elements() != 1)
      return Verdict::no("a zero point per column");
    constexpr double kMostExact = 0x1p24, kLargestFactor = 255;
    if (const double sum = largest_sum(problem) * kLargestFactor; sum > kMostExact) {
      return Verdict::no(
          fmt::format("a sum may be as large as {:.0f}, more than single precision holds exactly", sum));
    }
    return Verdict::yes();
  }

  std::vector<Candidate> candidates(const Problem& problem) const override {
    const MatMulShape shape = shape_of(problem);
    const double products = static_cast<double>(shape.m) * shape.n * shape.k;
    return plain_candidate(problem, compute_ns(2 * products, problem) +
                                        memory_ns(5 * elements(problem.inputs[0].dims), problem));
  }

  Prepared prepare(const Problem& problem, const Candidate&) const override {
    const MatMulShape shape = shape_of(problem);
    const std::vector<float> b = centred(problem);
    Tensor packed(DataType::f32, {static_cast<std::int64_t>(gemm_packed_b_size(shape.k, shape.n))});
    gemm_pack_b(b.data(), shape.n, false, shape.k, shape.n, packed.mutable_values<float>().data());
    Prepared prepared{"cpu.matmul_integer", {{"@b", problem.inputs[1].dims}}, {std::move(packed)}, {0}};
    if (problem.has(2)) prepared.operands.push_back(2);
    return prepared;
  }

 private:
  static bool is_scalar(const Dims& dims) { return product(dims).is_const(1); }

  static MatMulShape shape_of(const Problem& problem) {
    return matmul_shape({}, problem.inputs[0].dims, problem.inputs[1].dims, problem.outputs[0].dims);
  }

  static std::vector<float> values(const Tensor& tensor) {
    std::vector<float> list;
    if (tensor.dtype() == DataType::u8) {
      for (std::uint8_t value : tensor.values<std::uint8_t>()) list.push_back(value);
    } else {
      for (std::int8_t value : tensor.values<std::int8_t>()) list.push_back(value);
    }
    return list;
  }

  static std::vector<float> centred(const Problem& problem) {
    std::vector<float> b = values(*problem.inputs[1].constant);
    const float zero = problem.has(3) ? values(*problem.inputs[3].constant)[0] : 0.0F;
    for (float& value : b) value -= zero;
    return b;
  }

  // The largest sum of magnitudes in a column of b.
  static double largest_sum(const Problem& problem) {
    const std::vector<float> b = centred(problem);
    const auto columns = static_cast<std::size_t>(problem.inputs[1].dims[1]);
    std::vector<double> sums(columns, 0.0);
    for (std::size_t i = 0; i < b.size(); ++i) sums[i % columns] += std::fabs(static_cast<double>(b[i]));
    return sums.empty() ? 0 : *std::max_element(sums.begin(), sums.end());
  }
};

class DynamicQuantizeTactic final : public Tactic {
 public:
  std::string_view name() const noexcept override { return "cpu.dynamic_quantize"; }
  std::string_view op() const noexcept override { return op::DynamicQuantizeLinear::kName; }
  Verdict supports(const Problem& problem) const override {
    if (Verdict v = require_known(problem); !v) return v;
    return problem.outputs.size() == 3 ? Verdict::yes()
                                       : Verdict::no("scale and zero point are not asked for");
  }
  std::vector<Candidate> candidates(const Problem& problem) const override {
    return plain_candidate(problem, memory_ns(4 * touched_bytes(problem), problem));
  }
  Prepared prepare(const Problem&, const Candidate&) const override {
    return {"cpu.dynamic_quantize", {}, {}, {0}};
  }
};

// Sums with one scale for all elements: a pointwise program.
class DequantizeSumsTactic final : public Tactic {
 public:
  std::string_view name() const noexcept override { return "cpu.dequantize_sums"; }
  std::string_view op() const noexcept override { return op::DequantizeLinear::kName; }

  Verdict supports(const Problem& problem) const override {
    if (Verdict v = require_known(problem); !v) return v;
    if (const DataType from = problem.input(0).dtype; from != DataType::i32)
      return Verdict::no(fmt::format("of {}, this is for i32", tenon::name(from)));
    if (problem.has(2)) return Verdict::no("a zero point");
    if (problem.output().dtype != DataType::f32 || problem.input(1).dtype != DataType::f32)
      return Verdict::no("the result is not f32");
    for (std::size_t i = 1; i < problem.inputs.size(); ++i) {
      if (problem.has(i) && !product(*problem.input(i).dims).is_const(1))
        return Verdict::no("a scale per axis or block");
      if (problem.has(i) && problem.input(i).dims->size() > problem.inputs[0].dims.size())
        return Verdict::no("a scale of higher rank");
    }
    return Verdict::yes();
  }

  std::vector<Candidate> candidates(const Problem& problem) const override {
    return plain_candidate(problem, memory_ns(2 * touched_bytes(problem), problem));
  }

  Prepared prepare(const Problem&, const Candidate&) const override {
    Prepared prepared{"cpu.pointwise", {}, {}, {0, 1}};
    prepared.params.push_back({"@program", PointwiseProgram::parse("(2) %2 = cast.f32 %0; %3 = mul %2 %1")});
    prepared.params.push_back({"@operands", std::vector<std::int64_t>{0, 1}});
    return prepared;
  }
};

}  // namespace
}  // namespace cpu

void register_cpu_tactic_quantized(TacticRegistry& registry) {
  registry.add(std::make_unique<cpu::IntegerMatMulTactic>());
  registry.add(std::make_unique<cpu::DynamicQuantizeTactic>());
  registry.add(std::make_unique<cpu::DequantizeSumsTactic>());
}

}  // namespace tenon
