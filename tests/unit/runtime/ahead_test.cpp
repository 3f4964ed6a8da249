// Constants that steps ask for ahead of the step that reads them.
#include "runtime/specialization.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

namespace tenon {
namespace {

std::vector<std::span<const std::byte>> seen;  // by each step that ran

// Asks for as many lines ahead as its parameter says.
class SpyStep final : public Step {
 public:
  explicit SpyStep(const StepInit& init) : lines_(int_param(init.params, "lines")) {}
  std::int64_t lines_ahead(const StepState*) const override { return lines_; }
  Status run(const StepCall& call) const noexcept override {
    seen.push_back(call.ahead);
    return {};
  }

 private:
  std::int64_t lines_;
};

// One spy after the other, each with as many lines to ask for and a constant of as many floats.
struct Spy {
  std::int64_t lines;
  std::int64_t constant;
};

std::vector<std::span<const std::byte>> run(const std::vector<Spy>& spies, std::vector<Tensor>& blobs) {
  StepRegistry registry;
  registry.add("spy",
               [](const StepInit& init) -> std::unique_ptr<Step> { return std::make_unique<SpyStep>(init); });
  Plan plan;
  plan.profiles.resize(1);
  StepList& list = plan.profiles[0];
  const Type type = Type::tensor(DataType::f32, {4});
  for (std::uint32_t i = 0; i <= spies.size(); ++i) {
    list.buffers.push_back({"b", type, Buffer::Storage::arena, {}, 64 * i, 16, 0, {}});
    if (i == spies.size()) break;
    PlanStep step;
    step.kind = "spy";
    step.params = {{"lines", spies[i].lines}};
    step.inputs = {BufferId(i)};
    step.outputs = {BufferId(i + 1)};
    step.weights = {i};
    list.steps.push_back(step);
    plan.blobs.emplace_back(DataType::f32, Shape{spies[i].constant});
  }
  list.arena_bytes = 64 * (spies.size() + 1);
  const Program program(plan, list, registry);
  ThreadPool pool(1);
  std::vector<Data> slots(list.buffers.size());
  Specialization at(program, pool, {}, {}, slots);
  std::vector<std::byte> arena(list.arena_bytes);
  at.place(arena.data(), nullptr);
  seen.clear();
  for (std::size_t i = 0; i < spies.size(); ++i) EXPECT_TRUE(at.run_step(i, nullptr).ok());
  blobs = plan.blobs;
  return seen;
}

TEST(AskingAhead, TheStepsBeforeShareTheConstant) {
  std::vector<Tensor> blobs;
  const auto asked = run({{100, 16}, {40, 16}, {0, 1600}}, blobs);  // the last: 100 lines
  ASSERT_EQ(asked.size(), 3U);
  EXPECT_EQ(asked[0].data(), blobs[2].data());
  EXPECT_EQ(asked[0].size(), 60U * 64);
  EXPECT_EQ(asked[1].data(), blobs[2].data() + 60 * 64);
  EXPECT_EQ(asked[1].size(), 40U * 64);
  EXPECT_TRUE(asked[2].empty());
}

TEST(AskingAhead, AStepAsksForOneConstantOnly) {
  std::vector<Tensor> blobs;
  const auto asked = run({{1000, 16}, {0, 1600}, {0, 1600}}, blobs);
  EXPECT_EQ(asked[0].data(), blobs[1].data());
  EXPECT_EQ(asked[0].size(), blobs[1].size_bytes());
}

TEST(AskingAhead, NobodyAsksForWhatIsSmall) {
  std::vector<Tensor> blobs;
  for (const auto& each : run({{1000, 16}, {1000, 16}}, blobs)) EXPECT_TRUE(each.empty());
}

}  // namespace
}  // namespace tenon
