// Steps made from damaged plans: whatever a parameter, a weight, a layout or a shape says, the step is
// refused with a ModelError, or it runs without writing outside of its operands.
#include "opcases/registries.hpp"
#include "opcases/rig.hpp"

#include <tenon/error.hpp>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <limits>

namespace tenon::test {
namespace {

// One way of damaging what prepare() gave.
struct Damage {
  std::string what;
  Prepared prepared;
};

void damage_ints(const Prepared& good, std::size_t param, const std::vector<std::int64_t>& values,
                 std::vector<Damage>& out) {
  const auto with = [&](std::vector<std::int64_t> changed, std::string what) {
    Damage damage{fmt::format("@{}: {}", good.params[param].name, what), good};
    damage.prepared.params[param].value = std::move(changed);
    out.push_back(std::move(damage));
  };
  constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();
  for (std::size_t i = 0; i < values.size(); ++i) {
    for (const std::int64_t other :
         {std::int64_t{-1}, std::int64_t{0}, values[i] == kMost ? 1 : values[i] + 1, std::int64_t{1} << 40,
          std::numeric_limits<std::int64_t>::min()}) {
      std::vector<std::int64_t> changed = values;
      changed[i] = other;
      with(std::move(changed), fmt::format("[{}] = {}", i, other));
    }
  }
  if (!values.empty()) with({values.begin(), values.end() - 1}, "shorter");
  std::vector<std::int64_t> longer = values;
  longer.push_back(2);
  with(std::move(longer), "longer");
  with(std::vector<std::int64_t>(values.size() + 40, 1), "far longer");
}

void damage_params(const Prepared& good, std::vector<Damage>& out) {
  for (std::size_t i = 0; i < good.params.size(); ++i) {
    Damage missing{fmt::format("without {}", good.params[i].name), good};
    missing.prepared.params.erase(missing.prepared.params.begin() + static_cast<std::ptrdiff_t>(i));
    out.push_back(std::move(missing));
    const AttributeValue& value = good.params[i].value;
    if (const auto* list = std::get_if<std::vector<std::int64_t>>(&value)) damage_ints(good, i, *list, out);
    if (const auto* number = std::get_if<std::int64_t>(&value)) {
      for (const std::int64_t other : {std::int64_t{-1}, std::int64_t{0}, *number + 1, std::int64_t{1} << 40,
                                       std::numeric_limits<std::int64_t>::min()}) {
        Damage damage{fmt::format("{} = {}", good.params[i].name, other), good};
        damage.prepared.params[i].value = other;
        out.push_back(std::move(damage));
      }
    }
    Damage kind{fmt::format("{} of another kind", good.params[i].name), good};
    kind.prepared.params[i].value = std::string("nonsense");
    out.push_back(std::move(kind));
  }
}

void damage_weights(const Prepared& good, std::vector<Damage>& out) {
  for (std::size_t i = 0; i < good.weights.size(); ++i) {
    const auto with = [&](Tensor weight, const char* what) {
      Damage damage{fmt::format("weight {} {}", i, what), good};
      damage.prepared.weights[i] = std::move(weight);
      out.push_back(std::move(damage));
    };
    with(Tensor(DataType::f32, {1}), "of one element");
    with(Tensor(DataType::f32, {0}), "of no element");
    with(Tensor(DataType::u8, good.weights[i].shape()), "of bytes");
    Damage missing{fmt::format("without weight {}", i), good};
    missing.prepared.weights.erase(missing.prepared.weights.begin() + static_cast<std::ptrdiff_t>(i));
    out.push_back(std::move(missing));
  }
  Damage more{"one weight more", good};
  more.prepared.weights.emplace_back(DataType::f32, Shape{16});
  out.push_back(std::move(more));
}

void damage_operands(const Prepared& good, std::vector<Damage>& out) {
  if (!good.operands.empty()) {
    Damage fewer{"one operand less", good};
    fewer.prepared.operands.pop_back();
    out.push_back(std::move(fewer));
  }
  Damage more{"one operand more", good};
  more.prepared.operands.push_back(good.operands.empty() ? 0 : good.operands.back());
  out.push_back(std::move(more));
}

std::vector<Candidate> damaged_layouts(const Candidate& good) {
  std::vector<Candidate> candidates{good};
  const auto add = [&](auto list, std::size_t i) {
    const Layout layout = (good.*list)[i];
    for (const Layout& order : {Layout(), Layout::channel_blocked(16)}) {
      for (const std::optional<DataType> stored :
           {std::optional<DataType>(), std::optional(DataType::bf16), std::optional(DataType::f16)}) {
        if (order.stored_as(stored) == layout) continue;
        candidates.push_back(good);
        (candidates.back().*list)[i] = order.stored_as(stored);
      }
    }
  };
  for (std::size_t i = 0; i < good.inputs.size(); ++i) add(&Candidate::inputs, i);
  for (std::size_t i = 0; i < good.outputs.size(); ++i) add(&Candidate::outputs, i);
  return candidates;
}

class Untrusted : public testing::TestWithParam<OpCase> {
 protected:
  void SetUp() override {
    if (!level_is_there()) GTEST_SKIP() << "this machine does not have the level asked for";
  }
};

// A blocked layout exists for tensors of rank 2 or more, and the rig stores f32 that way and in 16 bits.
bool can_be_stored(const Operand& operand, const Layout& layout) {
  const bool f32 = operand.type.as_tensor().dtype == DataType::f32;
  return layout.is_plain() || (f32 && (layout.is_row_major() || operand.dims.size() >= 2));
}

void try_step(const Problem& problem, const Candidate& candidate, const Prepared& prepared,
              const std::vector<Tensor>& inputs, const std::vector<Shape>& outputs) {
  for (std::size_t operand : prepared.operands) {
    if (!problem.has(operand) || !can_be_stored(problem.inputs[operand], candidate.inputs.at(operand)))
      return;
  }
  for (std::size_t i = 0; i < problem.outputs.size(); ++i) {
    if (!can_be_stored(problem.outputs[i], candidate.outputs[i])) return;
  }
  try {
    StepRig rig(problem, candidate, prepared, steps());
    const RunResult result = rig.run(inputs, outputs, 2);
    EXPECT_TRUE(result.guards_intact) << "wrote outside of its operands";
  } catch (const ModelError&) {
  } catch (const std::exception& error) {
    ADD_FAILURE() << error.what();
  }
}

TEST_P(Untrusted, RefusesOrStaysInside) {
  const OpCase& op_case = GetParam();
  Random random(1);
  const CaseProblem made = problem_of_case(op_case, random);
  const Problem& problem = made.problem;
  std::vector<Tensor> inputs;
  std::vector<Shape> outputs;
  for (std::size_t i = 0; i < op_case.operands.size(); ++i) {
    const CaseOperand& operand = op_case.operands[i];
    const bool made_already = operand.constant || !operand.present;
    inputs.push_back(made_already ? made.constants[i] : make_tensor(operand, problem.inputs[i].dims, random));
  }
  for (const Operand& operand : problem.outputs) outputs.push_back(operand.dims);

  for (const Tactic* tactic : tactics().for_op(op_case.op.name())) {
    if (!tactic->supports(problem)) continue;
    for (const Candidate& candidate : tactic->candidates(problem)) {
      const Prepared good = tactic->prepare(problem, candidate);
      std::vector<Damage> damages;
      damage_params(good, damages);
      damage_weights(good, damages);
      damage_operands(good, damages);
      for (const Damage& damage : damages) {
        SCOPED_TRACE(fmt::format("{}: {}", tactic->name(), damage.what));
        try_step(problem, candidate, damage.prepared, inputs, outputs);
      }
      for (const Candidate& other : damaged_layouts(candidate)) {
        SCOPED_TRACE(fmt::format("{}: another layout", tactic->name()));
        try_step(problem, other, good, inputs, outputs);
      }
      for (std::size_t o = 0; o < outputs.size(); ++o) {
        for (std::size_t d = 0; d < outputs[o].size(); ++d) {
          for (const std::int64_t change : {-1, 1, 16}) {
            SCOPED_TRACE(fmt::format("{}: dim {} of result {} changed by {}", tactic->name(), d, o, change));
            std::vector<Shape> changed = outputs;
            changed[o][d] += change;
            try_step(problem, candidate, good, inputs, changed);
          }
        }
      }
      if (HasFailure()) return;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(All, Untrusted, testing::ValuesIn(all_cases()),
                         [](const auto& param) { return param.param.name; });

}  // namespace
}  // namespace tenon::test
