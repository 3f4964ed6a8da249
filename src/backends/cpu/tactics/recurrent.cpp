// lstm, gru and rnn with constant weights: "cpu.recurrent".
#include "backends/cpu/steps/recurrent.hpp"

#include "backends/cpu/kernels/gemm/gemm.hpp"
#include "backends/cpu/steps/operands.hpp"
#include "backends/cpu/tactics/checks.hpp"
#include "backends/cpu/tactics/cost.hpp"
#include "ops/gru.hpp"
#include "ops/lstm.hpp"
#include "ops/rnn.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace tenon {
namespace cpu {
namespace {

constexpr std::size_t kX = 0, kW = 1, kR = 2, kRecurrentBias = 3, kLengths = 4, kInitialH = 5, kInitialC = 6,
                      kPeephole = 7;

// Writes a program down, a register at a time.
class CellProgram {
 public:
  explicit CellProgram(std::uint16_t inputs) { program_.inputs = inputs; }

  int call(PointwiseFn fn, int a, int b = 0, float alpha = 0, float beta = 0) {
    PointwiseProgram::Instruction instruction;
    instruction.fn = fn;
    instruction.args[0] = static_cast<std::uint16_t>(a);
    if (info(fn).arity > 1) instruction.args[1] = static_cast<std::uint16_t>(b);
    instruction.alpha = alpha;
    instruction.beta = beta;
    return push(instruction);
  }
  int constant(float value) {
    PointwiseProgram::Instruction instruction;
    instruction.kind = PointwiseProgram::Kind::constant;
    instruction.alpha = value;
    return push(instruction);
  }
  int add(int a, int b) { return call(PointwiseFn::add, a, b); }
  int mul(int a, int b) { return call(PointwiseFn::mul, a, b); }
  int one_minus(int a) { return call(PointwiseFn::sub, constant(1), a); }
  int clip(int a, float bound) { return bound > 0 ? call(PointwiseFn::clip, a, 0, -bound, bound) : a; }
  int activate(const op::RecurrentActivation& f, int a) {
    using Kind = op::RecurrentActivation::Kind;
    if (f.kind == Kind::affine) return add(mul(a, constant(f.alpha)), constant(f.beta));
    if (f.kind == Kind::scaled_tanh)
      return mul(call(PointwiseFn::tanh, mul(a, constant(f.beta))), constant(f.alpha));
    return call(f.fn, a, 0, f.alpha, f.beta);
  }
  PointwiseProgram take() { return std::move(program_); }

 private:
  int push(const PointwiseProgram::Instruction& instruction) {
    program_.code.push_back(instruction);
    return program_.result();
  }
  PointwiseProgram program_;
};

using Activations = std::vector<op::RecurrentActivation>;

struct CellPrograms {
  PointwiseProgram first, last;  // see steps/recurrent.hpp
};

CellPrograms programs_of(const op::Lstm& op, const Activations& f, bool peephole) {
  const auto peep = [&](CellProgram& p, int gate, int cell, int weight) {
    return p.clip(peephole ? p.add(gate, p.mul(weight, cell)) : gate, op.clip);
  };
  CellProgram first(peephole ? 6 : 4);  // i, f, g, c [, pi, pf]
  const int take = first.activate(f[0], peep(first, 0, 3, 4));
  const int keep = op.input_forget ? first.one_minus(take) : first.activate(f[0], peep(first, 1, 3, 5));
  const int kept = first.mul(keep, 3);
  first.add(kept, first.mul(take, first.activate(f[1], first.clip(2, op.clip))));
  CellProgram last(peephole ? 3 : 2);  // o, c [, po]
  const int gate = last.activate(f[0], peep(last, 0, 1, 2));
  last.mul(gate, last.activate(f[2], 1));
  return {first.take(), last.take()};
}

// (1 - z)·n + z·h, as the last instruction.
void mix(CellProgram& p, int z, int n, int h) {
  const int fresh = p.mul(p.one_minus(z), n);
  p.add(fresh, p.mul(z, h));
}

CellPrograms programs_of(const op::Gru& op, const Activations& f, bool) {
  const auto gate = [&](CellProgram& p, int a, int b) {
    return p.activate(f[0], p.clip(p.add(a, b), op.clip));
  };
  if (op.linear_before_reset) {
    CellProgram last(7);  // z, r, n, sz, sr, sn, h
    const int z = gate(last, 0, 3);
    const int r = gate(last, 1, 4);
    mix(last, z, last.activate(f[1], last.clip(last.add(2, last.mul(r, 5)), op.clip)), 6);
    return {{}, last.take()};
  }
  CellProgram first(3);  // r, sr, h
  first.mul(gate(first, 0, 1), 2);
  CellProgram last(5);  // z, n, sz, sn, h
  const int z = gate(last, 0, 2);
  mix(last, z, last.activate(f[1], last.clip(last.add(1, 3), op.clip)), 4);
  return {first.take(), last.take()};
}

CellPrograms programs_of(const op::Rnn& op, const Activations& f, bool) {
  CellProgram last(1);
  last.activate(f[0], last.clip(0, op.clip));
  return {{}, last.take()};
}

Cell cell_of(const op::Lstm&) { return Cell::lstm; }
Cell cell_of(const op::Gru& op) { return op.linear_before_reset ? Cell::gru_reset_after : Cell::gru; }
Cell cell_of(const op::Rnn&) { return Cell::rnn; }

bool same(const op::RecurrentActivation& a, const op::RecurrentActivation& b) {
  return a.kind == b.kind && a.fn == b.fn && a.alpha == b.alpha && a.beta == b.beta;
}

template <class O>
class RecurrentTactic final : public Tactic {
 public:
  std::string_view name() const noexcept override { return name_; }
  std::string_view op() const noexcept override { return O::kName; }
  // An error of one step goes into all that follow, where the activations shrink it.
  double error_factor() const noexcept override { return 4; }

  Verdict supports(const Problem& problem) const override {
    const O& op = *problem.op.as<O>();
    if (problem.has(kLengths)) return Verdict::no("the sequences have lengths of their own");
    if (op.batch_first) return Verdict::no("the batch comes before the steps");
    if (Verdict v = require_f32(problem); !v) return v;
    for (const std::size_t i : {kW, kR, kRecurrentBias, kPeephole}) {
      if (!problem.has(i)) continue;
      if (Verdict v = require_constant(problem, i, "weights"); !v) return v;
    }
    const Activations f = activations(op);
    const std::size_t each = O::kDefaultActivations.size();
    for (std::size_t i = each; i < f.size(); ++i) {
      if (!same(f[i], f[i - each])) return Verdict::no("the two directions have other activations");
    }
    return Verdict::yes();
  }

  std::vector<Candidate> candidates(const Problem& problem) const override {
    const Shape& w = problem.inputs[kW].dims;
    const Shape& r = problem.inputs[kR].dims;
    const Shape& x = problem.inputs[kX].dims;
    const auto count = [](const Shape& shape) { return static_cast<double>(volume(shape)); };
    const double steps = static_cast<double>(x[0]), rows = steps * static_cast<double>(x[1]);
    const double ns = compute_ns(2 * rows * (count(w) + count(r)), problem);
    // R is read again at every step.
    return plain_candidate(problem, std::max(ns, memory_ns(4 * (count(w) + steps * count(r)), problem)));
  }

  Prepared prepare(const Problem& problem, const Candidate&) const override {
    const O& op = *problem.op.as<O>();
    const Cell cell = cell_of(op);
    const bool peephole = problem.has(kPeephole);
    CellPrograms programs = programs_of(op, activations(op), peephole);
    std::vector<std::int64_t> reverse{op.direction == op::Direction::reverse ? 1 : 0};
    if (op.direction == op::Direction::bidirectional) reverse.push_back(1);
    Prepared prepared{"cpu.recurrent", {}, {}, {kX}};
    prepared.params = {{"@cell", std::string(kCellNames[static_cast<std::size_t>(cell)])},
                       {"@hidden", op.hidden_size},
                       {"@inputs", problem.inputs[kW].dims[2]},
                       {"@peephole", std::int64_t{peephole}},
                       {"@initial_h", std::int64_t{problem.has(kInitialH)}},
                       {"@initial_c", std::int64_t{problem.has(kInitialC)}},
                       {"@last", std::move(programs.last)}};
    if (!programs.first.empty()) prepared.params.push_back({"@first", std::move(programs.first)});
    for (const std::size_t i : {kInitialH, kInitialC}) {
      if (problem.has(i)) prepared.operands.push_back(i);
    }
    for (std::size_t d = 0; d < reverse.size(); ++d) add_weights(problem, cell, d, prepared.weights);
    prepared.params.push_back({"@reverse", std::move(reverse)});
    return prepared;
  }

 private:
  static Activations activations(const O& op) {
    return op::resolve_activations(op.activations, op.activation_alpha, op.activation_beta,
                                   O::kDefaultActivations,
                                   op.direction == op::Direction::bidirectional ? 2 : 1);
  }

  // Rows [first, first + count) of matrix `d` of a weight [D, rows, columns], as the columns of a packed B.
  static Tensor packed(const Tensor& weight, std::size_t d, std::int64_t first, std::int64_t count) {
    const std::int64_t rows = weight.shape()[1], columns = weight.shape()[2];
    const float* from =
        weight.values<float>().data() + (static_cast<std::int64_t>(d) * rows + first) * columns;
    const int k = narrow_dim(columns), n = narrow_dim(count);
    Tensor packed(DataType::f32, {static_cast<std::int64_t>(gemm_packed_b_size(k, n))});
    gemm_pack_b(from, columns, true, k, n, packed.mutable_values<float>().data());
    return packed;
  }

  // Elements [first, first + count) of row `d` of [D, columns]; zeros where there is no such operand.
  static Tensor part(const Problem& problem, std::size_t operand, std::size_t d, std::int64_t first,
                     std::int64_t count) {
    Tensor tensor(DataType::f32, {count});
    if (!problem.has(operand)) return tensor;
    const Tensor& from = *problem.inputs[operand].constant;
    std::copy_n(from.values<float>().data() + static_cast<std::int64_t>(d) * from.shape()[1] + first, count,
                tensor.mutable_values<float>().data());
    return tensor;
  }

  static void add_weights(const Problem& problem, Cell cell, std::size_t d, std::vector<Tensor>& weights) {
    const Tensor& w = *problem.inputs[kW].constant;
    const Tensor& r = *problem.inputs[kR].constant;
    const std::int64_t hidden = r.shape()[2], columns = r.shape()[1];
    weights.push_back(packed(w, d, 0, columns));
    weights.push_back(packed(r, d, 0, cell == Cell::gru ? 2 * hidden : columns));
    if (cell == Cell::gru) weights.push_back(packed(r, d, 2 * hidden, hidden));
    Tensor bias = part(problem, kRecurrentBias, d, 0, columns);
    Tensor sum_bias = part(problem, kRecurrentBias, d, columns, columns);
    if (!is_gru(cell)) {
      const auto from = sum_bias.values<float>();
      const auto to = bias.mutable_values<float>();
      for (std::size_t i = 0; i < to.size(); ++i) to[i] += from[i];
    }
    weights.push_back(std::move(bias));
    if (is_gru(cell)) weights.push_back(std::move(sum_bias));
    if (problem.has(kPeephole)) weights.push_back(part(problem, kPeephole, d, 0, 3 * hidden));
  }

  std::string name_ = fmt::format("cpu.{}", O::kName);
};

}  // namespace
}  // namespace cpu

void register_cpu_tactic_recurrent(TacticRegistry& registry) {
  registry.add(std::make_unique<cpu::RecurrentTactic<op::Lstm>>());
  registry.add(std::make_unique<cpu::RecurrentTactic<op::Gru>>());
  registry.add(std::make_unique<cpu::RecurrentTactic<op::Rnn>>());
}

}  // namespace tenon
