// Reductions over neighbouring axes, and the positions of extremes.
#include "backends/cpu/kernels/reduce/reduce.hpp"

#include "backends/cpu/tactics/blocked.hpp"
#include "backends/cpu/tactics/checks.hpp"
#include "backends/cpu/tactics/cost.hpp"
#include "ops/arg_extreme.hpp"
#include "ops/reduce.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <optional>

namespace tenon {
namespace cpu {
namespace {

ReduceFn kernel_fn(op::ReduceFn fn) {
  switch (fn) {
    case op::ReduceFn::sum: return ReduceFn::sum;
    case op::ReduceFn::mean: return ReduceFn::mean;
    case op::ReduceFn::max: return ReduceFn::max;
    case op::ReduceFn::min: return ReduceFn::min;
    case op::ReduceFn::prod: return ReduceFn::prod;
    case op::ReduceFn::l1: return ReduceFn::l1;
    case op::ReduceFn::l2: return ReduceFn::l2;
    case op::ReduceFn::log_sum: return ReduceFn::log_sum;
    case op::ReduceFn::log_sum_exp: return ReduceFn::log_sum_exp;
    case op::ReduceFn::sum_square: break;
  }
  return ReduceFn::sum_square;
}

struct AxisRange {
  std::int64_t first = 0, last = 0;
};

// The reduced axes when they are neighbours; axes of one element between them do not count.
std::optional<AxisRange> neighbours(const Problem& problem) {
  const auto& op = *problem.op.as<op::Reduce>();
  const Dims& x = *problem.input(0).dims;
  const auto rank = static_cast<std::int64_t>(x.size());
  std::vector<std::int64_t> axes = op.axes;
  if (problem.has(1)) {
    const auto given = problem.inputs[1].constant->values<std::int64_t>();
    axes.assign(given.begin(), given.end());
  }
  if (axes.empty()) {
    if (op.noop_with_empty_axes) return AxisRange{rank, rank};
    return AxisRange{0, rank};
  }
  std::vector<bool> reduced(x.size(), false);
  for (std::int64_t axis : axes) reduced[static_cast<std::size_t>(axis < 0 ? axis + rank : axis)] = true;
  std::int64_t first = rank, last = 0;
  for (std::int64_t i = 0; i < rank; ++i) {
    if (!reduced[static_cast<std::size_t>(i)]) continue;
    first = std::min(first, i);
    last = i + 1;
  }
  for (std::int64_t i = first; i < last; ++i) {
    if (!reduced[static_cast<std::size_t>(i)] && !x[static_cast<std::size_t>(i)].is_const(1))
      return std::nullopt;
  }
  return AxisRange{first, last};
}

class ReduceTactic final : public Tactic {
 public:
  explicit ReduceTactic(op::ReduceFn fn) : op_(op::name(fn)), name_(fmt::format("cpu.{}", op_)) {}
  std::string_view name() const noexcept override { return name_; }
  std::string_view op() const noexcept override { return op_; }
  double error_factor() const noexcept override { return 2; }  // logarithms and exponentials

  Verdict supports(const Problem& problem) const override {
    if (problem.has_unknown_dims()) return Verdict::no("a shape is known only while running");
    if (problem.input(0).dtype != DataType::f32)
      return Verdict::no(fmt::format("of {}, the kernels work on f32", tenon::name(problem.input(0).dtype)));
    if (Verdict v = require_constant(problem, 1, "list of axes"); !v) return v;
    if (!neighbours(problem)) return Verdict::no("the reduced axes are not neighbours");
    return Verdict::yes();
  }

  std::vector<Candidate> candidates(const Problem& problem) const override {
    std::vector<Candidate> candidates = plain_candidate(problem, memory_ns(touched_bytes(problem), problem));
    const auto last = static_cast<std::size_t>(neighbours(problem)->last);
    return ends_with_ones(*problem.input(0).dims, last) ? with_stored_types(problem, std::move(candidates))
                                                        : candidates;
  }

  Prepared prepare(const Problem& problem, const Candidate&) const override {
    const AxisRange range = *neighbours(problem);
    return {"cpu.reduce",
            {{"@fn", static_cast<std::int64_t>(kernel_fn(problem.op.as<op::Reduce>()->fn))},
             {"@first", range.first},
             {"@last", range.last}},
            {},
            {0}};
  }

 private:
  std::string_view op_;
  std::string name_;
};

template <class T>
class ArgReduceTactic final : public Tactic {
 public:
  ArgReduceTactic() : name_(fmt::format("cpu.{}", T::kName)) {}
  std::string_view name() const noexcept override { return name_; }
  std::string_view op() const noexcept override { return T::kName; }

  Verdict supports(const Problem& problem) const override {
    if (problem.has_unknown_dims()) return Verdict::no("a shape is known only while running");
    if (problem.input(0).dtype != DataType::f32)
      return Verdict::no(fmt::format("of {}, the kernels work on f32", tenon::name(problem.input(0).dtype)));
    return Verdict::yes();
  }

  std::vector<Candidate> candidates(const Problem& problem) const override {
    return plain_candidate(problem, memory_ns(touched_bytes(problem), problem));
  }

  Prepared prepare(const Problem& problem, const Candidate&) const override {
    const T& op = *problem.op.as<T>();
    const std::int64_t axis =
        op.axis < 0 ? op.axis + static_cast<std::int64_t>(problem.inputs[0].dims.size()) : op.axis;
    return {"cpu.arg_reduce",
            {{"@first", axis},
             {"@smallest", std::int64_t{std::is_same_v<T, op::ArgMin>}},
             {"@select_last", std::int64_t{op.select_last}}},
            {},
            {0}};
  }

 private:
  std::string name_;
};

}  // namespace
}  // namespace cpu

void register_cpu_tactic_reduce(TacticRegistry& registry) {
  for (int fn = 0; fn < op::kReduceFnCount; ++fn)
    registry.add(std::make_unique<cpu::ReduceTactic>(static_cast<op::ReduceFn>(fn)));
  registry.add(std::make_unique<cpu::ArgReduceTactic<op::ArgMax>>());
  registry.add(std::make_unique<cpu::ArgReduceTactic<op::ArgMin>>());
}

}  // namespace tenon
