// Every tactic of the CPU backend on every case that it takes: each candidate, under several shapes on one
// step, against the reference backend.
#include "backends/ref/ref.hpp"
#include "opcases/layouts.hpp"
#include "opcases/registries.hpp"
#include "opcases/rig.hpp"
#include "ops/reorder.hpp"
#include "tactics/offer.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <optional>
#include <set>
#include <utility>

namespace tenon::test {
namespace {

std::uint64_t choose_seed() {
  if (const char* given = std::getenv("TENON_TEST_SEED")) return std::strtoull(given, nullptr, 0);
  return static_cast<std::uint64_t>(std::chrono::steady_clock::now().time_since_epoch().count());
}

Shape evaluate_dims(const Dims& dims, const SymbolValues& symbols) {
  Shape shape;
  for (const Dim& dim : dims) shape.push_back(dim.eval(symbols).value());
  return shape;
}

// What rounding to the type in which a result is stored may add.
double rounding_error(double exact, std::optional<DataType> stored) {
  if (!stored) return 0;
  return *stored == DataType::bf16 ? std::abs(exact) * 0x1p-8 : std::abs(exact) * 0x1p-11 + 0x1p-25;
}

// By how much `value` may miss `exact`, in units of epsilon × length × error factor × magnitude.
double miss(double value, double exact, double length, double factor, std::optional<DataType> stored) {
  if (std::isnan(exact) || std::isinf(exact))
    return std::isnan(exact) == std::isnan(value) && (std::isnan(exact) || value == exact) ? 0 : 1e30;
  if (std::isnan(value)) return 1e30;
  const double unit =
      std::numeric_limits<float>::epsilon() * (length + 2) * factor * std::max(1.0, std::abs(exact));
  const double rounding = rounding_error(std::abs(exact) + unit, stored);
  return std::abs(value - exact) / (unit + rounding);
}

template <class T>
void expect_within_quanta(const Tensor& found, const Tensor& expected, int quanta) {
  const auto a = found.values<T>(), b = expected.values<T>();
  for (std::size_t i = 0; i < a.size(); ++i)
    ASSERT_LE(std::abs(a[i] - b[i]), quanta) << "element " << i << ": " << +a[i] << ", expected " << +b[i];
}

void expect_close(const Tensor& found, const Tensor& expected, const OpCase& op_case, double factor,
                  std::optional<DataType> stored) {
  ASSERT_EQ(found.dtype(), expected.dtype());
  if (op_case.quanta != 0 && found.dtype() == DataType::u8)
    return expect_within_quanta<std::uint8_t>(found, expected, op_case.quanta);
  if (op_case.quanta != 0 && found.dtype() == DataType::i8)
    return expect_within_quanta<std::int8_t>(found, expected, op_case.quanta);
  if (found.dtype() != DataType::f32) {
    EXPECT_TRUE(found.identical(expected)) << "differs";
    return;
  }
  const auto a = found.values<float>(), b = expected.values<float>();
  for (std::size_t i = 0; i < a.size(); ++i) {
    ASSERT_LE(miss(a[i], b[i], op_case.length, factor, stored), 1.0)
        << "element " << i << ": " << a[i] << ", expected " << b[i];
  }
}

std::vector<Data> reference(const OpCase& op_case, const std::vector<Tensor>& inputs, std::size_t outputs) {
  std::vector<Data> data;
  for (std::size_t i = 0; i < inputs.size(); ++i)
    data.push_back(op_case.operands[i].present ? Data(inputs[i]) : Data());
  return ref::evaluate(op_case.op, data, outputs);
}

// Whether a tactic takes a problem here, or else on machines of the highest level: it then packs weights that
// steps of any level run with.
Verdict takes(const Tactic& tactic, Problem& problem) {
  problem.isa = isa();
  if (tactic.supports(problem)) return Verdict::yes();
  problem.isa = Isa::amx;
  return tactic.supports(problem);
}

class Tactics : public testing::TestWithParam<OpCase> {
 protected:
  void SetUp() override {
    if (!level_is_there()) GTEST_SKIP() << "this machine does not have the level asked for";
  }
};

void run_candidate(const OpCase& op_case, const CaseProblem& made, const Tactic& tactic,
                   const Candidate& candidate, Random& random) {
  const Problem& problem = made.problem;
  StepRig rig(problem, candidate, tactic.prepare(problem, candidate), steps());
  std::vector<Shape> max_inputs, max_outputs;
  for (const Operand& operand : problem.inputs) max_inputs.push_back(operand.max_dims);
  for (const Operand& operand : problem.outputs) max_outputs.push_back(operand.max_dims);
  for (const SymbolValues& symbols : case_runs()) {
    std::vector<Tensor> inputs;
    std::vector<Shape> input_shapes, output_shapes;
    for (std::size_t i = 0; i < op_case.operands.size(); ++i) {
      const CaseOperand& operand = op_case.operands[i];
      inputs.push_back(operand.constant || !operand.present
                           ? made.constants[i]
                           : make_tensor(operand, evaluate_dims(operand.dims, symbols), random));
      inputs.back() = widened(rounded(inputs.back(), candidate.inputs[i].stored));
      input_shapes.push_back(inputs.back().shape());
    }
    const std::vector<Data> expected = reference(op_case, inputs, problem.outputs.size());
    for (const Data& data : expected) output_shapes.push_back(data.tensor().shape());
    for (const int threads : {1, 2}) {
      SCOPED_TRACE(fmt::format("N={} H={} W={} S={} threads={}", symbols.at("N"), symbols.at("H"),
                               symbols.at("W"), symbols.at("S"), threads));
      EXPECT_LE(rig.scratch_bytes(input_shapes, output_shapes, threads),
                rig.scratch_bytes(max_inputs, max_outputs, threads));
      const RunResult result = rig.run(inputs, output_shapes, threads);
      ASSERT_TRUE(result.status.ok()) << result.status.message();
      EXPECT_TRUE(result.guards_intact) << "wrote outside of its operands";
      EXPECT_TRUE(result.padding_clear) << "left something in padding lanes";
      EXPECT_EQ(result.allocations, 0U);
      for (std::size_t i = 0; i < expected.size(); ++i) {
        expect_close(result.outputs[i], expected[i].tensor(), op_case, tactic.error_factor(),
                     candidate.outputs[i].stored);
      }
      if (testing::Test::HasFailure()) return;
    }
  }
}

TEST_P(Tactics, AgreeWithReference) {
  const OpCase& op_case = GetParam();
  const std::uint64_t seed = choose_seed();
  SCOPED_TRACE(fmt::format("TENON_TEST_SEED={}", seed));
  Random random(seed);
  CaseProblem made = problem_of_case(op_case, random);
  std::string refusals;
  bool any = false;
  for (const Tactic* tactic : tactics().for_op(op_case.op.name())) {
    const Verdict verdict = takes(*tactic, made.problem);
    if (!verdict) {
      refusals += fmt::format("\n  {}: {}", tactic->name(), verdict.reason());
      continue;
    }
    any = true;
    const auto candidates = tactic->candidates(made.problem);
    EXPECT_FALSE(candidates.empty());
    for (const Candidate& candidate : candidates) {
      SCOPED_TRACE(fmt::format("{}{{{}}} -> '{}'", tactic->name(), candidate.config,
                               candidate.outputs.at(0).to_string()));
      EXPECT_EQ(candidate.inputs.size(), made.problem.inputs.size());
      EXPECT_TRUE(std::isfinite(candidate.estimate_ns) && candidate.estimate_ns > 0);
      run_candidate(op_case, made, *tactic, candidate, random);
      if (HasFailure()) return;
    }
  }
  EXPECT_TRUE(any) << "no tactic takes it:" << refusals;
}

// A conversion as `choose` asks for it.
Problem conversion(DataType dtype, const Dims& dims, const Layout& from, const Layout& to) {
  op::Reorder op;
  op.from = from.to_string();
  op.to = to.to_string();
  Problem problem{Op(op), {}, {}, Accuracy::standard, isa(), 2, nullptr, {}};
  Operand operand{Type::tensor(dtype, dims), evaluate_dims(dims, case_runs().front()), {}, true, nullptr};
  operand.max_dims = evaluate_dims(dims, {{"N", 5}, {"H", 13}, {"W", 13}, {"S", 70}});
  problem.inputs.push_back(operand);
  problem.outputs.push_back(operand);
  return problem;
}

std::vector<Dims> converted_dims() {
  const Dim n = symbol("N"), h = symbol("H"), w = symbol("W");
  return {{n, 19, h, w}, {n, 16, 5, w}, {2, 1, w}, {n, 33, 2, h, w}};
}

// Between plain and blocked, and for f32 between all types in which it is stored.
std::vector<std::pair<Layout, Layout>> conversions_of(DataType dtype) {
  std::vector<Layout> layouts{Layout(), Layout::channel_blocked(16)};
  if (dtype == DataType::f32) {
    for (const DataType type : {DataType::bf16, DataType::f16}) {
      layouts.push_back(layouts[0].stored_as(type));
      layouts.push_back(layouts[1].stored_as(type));
    }
  }
  std::vector<std::pair<Layout, Layout>> pairs;
  for (const Layout& from : layouts) {
    for (const Layout& to : layouts) {
      if (from != to) pairs.emplace_back(from, to);
    }
  }
  return pairs;
}

void check_conversion(DataType dtype, const Dims& dims, const Layout& from, const Layout& to,
                      Random& random) {
  SCOPED_TRACE(fmt::format("{} from '{}' to '{}'", name(dtype), from.to_string(), to.to_string()));
  const Problem problem = conversion(dtype, dims, from, to);
  for (const Tactic* tactic : tactics().for_op("reorder")) {
    ASSERT_TRUE(tactic->supports(problem)) << tactic->supports(problem).reason();
    const Candidate candidate = tactic->candidates(problem).at(0);
    StepRig rig(problem, candidate, tactic->prepare(problem, candidate), steps());
    for (const SymbolValues& symbols : case_runs()) {
      const Tensor x = make_tensor(typed(dtype, dims, -100, 100), evaluate_dims(dims, symbols), random);
      const Tensor expected = widened(rounded(widened(rounded(x, from.stored)), to.stored));
      for (const int threads : {1, 2}) {
        const RunResult result = rig.run({x}, {x.shape()}, threads);
        EXPECT_TRUE(result.outputs.at(0).identical(expected));
        EXPECT_TRUE(result.guards_intact && result.padding_clear);
        EXPECT_EQ(result.allocations, 0U);
      }
    }
  }
}

TEST(Conversions, AgreeWithPlainTensors) {
  if (!level_is_there()) GTEST_SKIP() << "this machine does not have the level asked for";
  const std::uint64_t seed = choose_seed();
  SCOPED_TRACE(fmt::format("TENON_TEST_SEED={}", seed));
  Random random(seed);
  for (const DataType dtype : {DataType::f32, DataType::i8}) {
    for (const auto& [from, to] : conversions_of(dtype)) {
      for (const Dims& dims : converted_dims()) check_conversion(dtype, dims, from, to, random);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(All, Tactics, testing::ValuesIn(all_cases()),
                         [](const auto& param) { return param.param.name; });

// The names of what is offered at a level.
std::set<std::string_view> offered(Problem problem, Accuracy accuracy, Isa level) {
  problem.accuracy = accuracy;
  problem.isa = level;
  std::set<std::string_view> names;
  const Offer offer = offer_for(std::move(problem), tactics());
  for (const Contender& contender : offer.contenders) names.insert(contender.tactic->name());
  return names;
}

TEST(TacticCases, SumsInHalfAreForRelaxedProblemsWhereTheProcessorAddsSo) {
  if (!level_is_there()) GTEST_SKIP() << "this machine does not have the level asked for";
  std::set<std::string_view> seen;
  Random random(1);
  for (const OpCase& op_case : all_cases()) {
    const CaseProblem made = problem_of_case(op_case, random);
    for (const std::string_view name : {"cpu.conv_f16_chained", "cpu.conv_f16_chained_planar",
                                        "cpu.conv_transpose_f16_chained", "cpu.matmul_f16_chained"}) {
      if (offered(made.problem, Accuracy::relaxed, Isa::avx512_fp16).contains(name)) seen.insert(name);
      EXPECT_FALSE(offered(made.problem, Accuracy::standard, Isa::avx512_fp16).contains(name));
      EXPECT_FALSE(offered(made.problem, Accuracy::relaxed, Isa::avx512_bf16).contains(name));
    }
  }
  EXPECT_EQ(seen.size(), 4U);
}

TEST(TacticCases, CoverEveryTactic) {
  if (!level_is_there()) GTEST_SKIP() << "this machine does not have the level asked for";
  std::set<std::string_view> taken;
  Random random(1);
  for (const OpCase& op_case : all_cases()) {
    CaseProblem made = problem_of_case(op_case, random);
    for (const Tactic* tactic : tactics().for_op(op_case.op.name())) {
      if (takes(*tactic, made.problem)) taken.insert(tactic->name());
    }
  }
  for (const Tactic* tactic : tactics().for_op("reorder")) {
    if (tactic->supports(
            conversion(DataType::f32, converted_dims().front(), Layout(), Layout::channel_blocked(16))))
      taken.insert(tactic->name());
  }
  for (const Tactic* tactic : tactics().all())
    EXPECT_TRUE(taken.contains(tactic->name())) << tactic->name() << " has no case";
}

}  // namespace
}  // namespace tenon::test
