// Between floats and bytes with one scale, and sums of bytes: "cpu.quantize", "cpu.dequantize",
// "cpu.quantized_add"; and functions of a byte: "cpu.byte_table". Plain or channel-blocked.
#include "backends/cpu/steps/op_params.hpp"
#include "backends/cpu/steps/requantize.hpp"
#include "backends/cpu/tactics/blocked.hpp"
#include "backends/cpu/tactics/checks.hpp"
#include "backends/cpu/tactics/cost.hpp"
#include "ops/byte_table.hpp"
#include "ops/dequantize_linear.hpp"
#include "ops/quantize_linear.hpp"
#include "ops/quantized_add.hpp"

#include <fmt/format.h>

namespace tenon {
namespace cpu {
namespace {

// One scale and at most one zero point, of no higher rank than x.
Verdict require_one_scale(const Problem& problem) {
  for (std::size_t i = 1; i < problem.inputs.size(); ++i) {
    if (!problem.has(i)) continue;
    if (!product(*problem.input(i).dims).is_const(1)) return Verdict::no("a scale per axis or block");
    if (problem.input(i).dims->size() > problem.inputs[0].dims.size())
      return Verdict::no("a scale of higher rank");
  }
  if (problem.input(1).dtype != DataType::f32) return Verdict::no("the scale is not f32");
  return Verdict::yes();
}

Prepared with_scale(std::string_view kind, const Problem& problem) {
  Prepared prepared{std::string(kind), {}, {}, {0, 1}};
  if (problem.has(2)) prepared.operands.push_back(2);
  return prepared;
}

class QuantizeTactic final : public Tactic {
 public:
  std::string_view name() const noexcept override { return "cpu.quantize"; }
  std::string_view op() const noexcept override { return op::QuantizeLinear::kName; }
  Verdict supports(const Problem& problem) const override {
    if (problem.has_unknown_dims()) return Verdict::no("a shape is known only while running");
    if (Verdict v = require_one_scale(problem); !v) return v;
    const DataType to = problem.output().dtype;
    if (problem.input(0).dtype != DataType::f32 || !is_byte(to))
      return Verdict::no(fmt::format("from {} to {}, the kernels quantize f32 to i8 and u8",
                                     tenon::name(problem.input(0).dtype), tenon::name(to)));
    const auto& op = *problem.op.as<op::QuantizeLinear>();
    if (op.precision && *op.precision != DataType::f32) return Verdict::no("computed in another precision");
    return Verdict::yes();
  }
  std::vector<Candidate> candidates(const Problem& problem) const override {
    return plain_and_blocked(problem, memory_ns(touched_bytes(problem), problem));
  }
  Prepared prepare(const Problem& problem, const Candidate&) const override {
    return with_scale(name(), problem);
  }
};

class DequantizeBytesTactic final : public Tactic {
 public:
  std::string_view name() const noexcept override { return "cpu.dequantize"; }
  std::string_view op() const noexcept override { return op::DequantizeLinear::kName; }
  Verdict supports(const Problem& problem) const override {
    if (problem.has_unknown_dims()) return Verdict::no("a shape is known only while running");
    if (Verdict v = require_one_scale(problem); !v) return v;
    const DataType from = problem.input(0).dtype;
    if (!is_byte(from) || problem.output().dtype != DataType::f32)
      return Verdict::no(fmt::format("from {} to {}, the kernels dequantize i8 and u8 to f32",
                                     tenon::name(from), tenon::name(problem.output().dtype)));
    return Verdict::yes();
  }
  std::vector<Candidate> candidates(const Problem& problem) const override {
    return plain_and_blocked(problem, memory_ns(touched_bytes(problem), problem));
  }
  Prepared prepare(const Problem& problem, const Candidate&) const override {
    return with_scale(name(), problem);
  }
};

class QuantizedAddTactic final : public Tactic {
 public:
  std::string_view name() const noexcept override { return "cpu.quantized_add"; }
  std::string_view op() const noexcept override { return op::QuantizedAdd::kName; }
  Verdict supports(const Problem& problem) const override {
    if (problem.has_unknown_dims()) return Verdict::no("a shape is known only while running");
    for (std::size_t i = 0; i < 2; ++i) {
      if (problem.input(i).dims != problem.output().dims) return Verdict::no("an operand is broadcast");
      if (problem.inputs[i].constant != nullptr) return Verdict::no("an operand is a constant");
    }
    return Verdict::yes();
  }
  std::vector<Candidate> candidates(const Problem& problem) const override {
    std::vector<Candidate> all = plain_and_blocked(problem, memory_ns(touched_bytes(problem), problem));
    if (all.size() == 2) all[1].inputs[1] = blocked();
    return all;
  }
  Prepared prepare(const Problem& problem, const Candidate&) const override {
    return {std::string(name()), op_to_params(*problem.op.as<op::QuantizedAdd>()), {}, {0, 1}};
  }
};

class ByteTableTactic final : public Tactic {
 public:
  std::string_view name() const noexcept override { return "cpu.byte_table"; }
  std::string_view op() const noexcept override { return op::ByteTable::kName; }
  Verdict supports(const Problem& problem) const override {
    if (problem.has_unknown_dims()) return Verdict::no("a shape is known only while running");
    return problem.inputs[1].constant != nullptr ? Verdict::yes()
                                                 : Verdict::no("the table is computed, not constant");
  }
  std::vector<Candidate> candidates(const Problem& problem) const override {
    return plain_and_blocked(problem, memory_ns(2 * touched_bytes(problem), problem));
  }
  Prepared prepare(const Problem& problem, const Candidate&) const override {
    return {std::string(name()), {}, {*problem.inputs[1].constant}, {0}};
  }
};

}  // namespace
}  // namespace cpu

void register_cpu_tactic_byte_scale(TacticRegistry& registry) {
  registry.add(std::make_unique<cpu::QuantizeTactic>());
  registry.add(std::make_unique<cpu::DequantizeBytesTactic>());
  registry.add(std::make_unique<cpu::QuantizedAddTactic>());
  registry.add(std::make_unique<cpu::ByteTableTactic>());
}

}  // namespace tenon
