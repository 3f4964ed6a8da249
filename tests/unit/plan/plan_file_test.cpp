#include "plan/plan_file.hpp"

#include "base/aligned_buffer.hpp"
#include "base/random.hpp"

#include <tenon/error.hpp>

#include <gtest/gtest.h>

#include <cstring>

namespace tenon {
namespace {

Plan sample_plan() {
  Plan plan;
  plan.network = "sample";
  plan.producer = "test";
  plan.isa = "portable";
  plan.threads = 2;
  plan.profiles.resize(1);
  plan.profiles[0].symbols = {{"N", 1, 4, 8}};
  const Type type = Type::tensor(DataType::f32, {Dim::symbol("N"), 3});
  Buffer in{"x", type, Buffer::Storage::input, {}, 0, 96, 0, {}};
  Buffer mid{"m", type, Buffer::Storage::arena, {}, 64, 96, 0, {}};
  Buffer view{
      "v",        Type::tensor(DataType::f32, {3, Dim::symbol("N")}), Buffer::Storage::alias, {}, 0, 96, 0,
      BufferId(1)};
  Buffer weight{"w", Type::tensor(DataType::f32, {3}), Buffer::Storage::constant, {}, 0, 12, 0, {}};
  Buffer out{"y", type, Buffer::Storage::output, {}, 0, 96, 0, {}};
  plan.profiles[0].buffers = {in, mid, view, weight, out};
  plan.profiles[0].inputs = {{"x", BufferId(0), {Dim::symbol("N"), 3}, {}}};
  plan.profiles[0].outputs = {{"y", BufferId(4), {}, {}}};
  PlanStep step;
  step.kind = "some.kind";
  step.params = {{"flag", true},
                 {"count", std::int64_t{7}},
                 {"slope", 0.1F},
                 {"mode", std::string("fast")},
                 {"stride", std::vector<std::int64_t>{2, 2}},
                 {"scales", std::vector<float>{1.5F}},
                 {"names", std::vector<std::string>{"a", "b"}},
                 {"dtype", DataType::bf16},
                 {"type", type},
                 {"program", PointwiseProgram::parse("(1) %1 = relu %0")}};
  step.inputs = {BufferId(0), BufferId(), BufferId(3)};
  step.outputs = {BufferId(1)};
  step.weights = {0, 1};
  step.scratch_offset = 192;
  step.scratch_bytes = 64;
  step.label = "Conv_0";
  step.expected_ns = 1234.5;
  PlanStep control;
  control.kind = "if";
  control.inputs = {BufferId(1)};
  control.outputs = {BufferId(4)};
  control.scratch_offset = 192;
  control.scratch_bytes = 64;
  control.label = "If_0";
  StepList body;
  body.buffers = {
      in, {"s", Type::tensor(DataType::f32, {8}), Buffer::Storage::arena, {}, 32, 32, 0, {}}, out};
  body.inputs = {{"x", BufferId(0), {}, {}}};
  body.outputs = {{"y", BufferId(2), {}, {}}};
  body.arena_bytes = body.arena_floor = 64;
  PlanStep inner;
  inner.kind = "some.kind";
  inner.inputs = {BufferId(0)};
  inner.outputs = {BufferId(1)};
  inner.weights = {1};
  inner.label = "inside";
  body.steps = {inner};
  control.bodies = {body, body};
  control.bodies[1].symbols = {{"inner0", 0, 8, 100}};
  control.bodies[1].placed = false;
  plan.profiles[0].steps = {step, control};
  const std::vector<float> values = {1, 2, 3};
  const std::vector<float> many(1025, 2.5F);  // more than a page: mapped
  plan.blobs = {Tensor::of<float>({3}, values), Tensor::of<float>({3}, values),
                Tensor::of<float>({1025}, many), Tensor(DataType::f32, {0, 7})};
  plan.profiles[0].arena_bytes = 256;
  plan.profiles[0].arena_floor = 200;
  plan.profiles[0].portable_ir = "graph @sample() { return }";
  plan.profiles[0].precision.layers = {{"conv + relu", DataType::u8, 4000, 1000, 300, 20, true, false}};
  plan.profiles[0].precision.trials = {{"FP32", 9000, 8500, true}};
  plan.portable_blobs = {Tensor::of<float>({3}, values)};
  plan.portable_hashes = {"00"};
  return plan;
}

struct Loaded {
  std::shared_ptr<AlignedBuffer> memory;
  Plan plan;
};

Loaded load(const std::vector<std::byte>& bytes) {
  auto memory = std::make_shared<AlignedBuffer>(bytes.size());
  if (!bytes.empty()) std::memcpy(memory->data(), bytes.data(), bytes.size());
  return {memory, parse_plan(memory->bytes(), memory)};
}

TEST(PlanFile, ReadsBackWhatItWrote) {
  const Plan plan = sample_plan();
  const auto [memory, read] = load(serialize_plan(plan));
  EXPECT_EQ(to_text(read), to_text(plan));
  ASSERT_EQ(read.profiles[0].steps.size(), 2u);
  ASSERT_EQ(read.profiles[0].steps[0].params.size(), plan.profiles[0].steps[0].params.size());
  for (std::size_t i = 0; i < plan.profiles[0].steps[0].params.size(); ++i) {
    EXPECT_EQ(read.profiles[0].steps[0].params[i].name, plan.profiles[0].steps[0].params[i].name);
    EXPECT_TRUE(
        identical(read.profiles[0].steps[0].params[i].value, plan.profiles[0].steps[0].params[i].value))
        << plan.profiles[0].steps[0].params[i].name;
  }
  EXPECT_EQ(read.profiles[0].steps[0].inputs, plan.profiles[0].steps[0].inputs);
  EXPECT_EQ(read.profiles[0].steps[0].expected_ns, plan.profiles[0].steps[0].expected_ns);
  EXPECT_EQ(read.profiles[0].portable_ir, plan.profiles[0].portable_ir);
  const PrecisionCosts& costs = read.profiles[0].precision;
  ASSERT_EQ(costs.layers.size(), 1U);
  EXPECT_EQ(costs.layers[0].layer, "conv + relu");
  EXPECT_EQ(costs.layers[0].precision, DataType::u8);
  EXPECT_EQ(costs.layers[0].profit_ns(), 2680);
  EXPECT_TRUE(costs.layers[0].measured);
  EXPECT_FALSE(costs.layers[0].ordered);
  ASSERT_EQ(costs.trials.size(), 1U);
  EXPECT_EQ(costs.trials[0].name, "FP32");
  EXPECT_EQ(costs.trials[0].timed_ns, 8500);
  EXPECT_TRUE(costs.trials[0].chosen);
  ASSERT_EQ(read.blobs.size(), plan.blobs.size());
  for (std::size_t i = 0; i < plan.blobs.size(); ++i) {
    EXPECT_TRUE(read.blobs[i].identical(plan.blobs[i])) << i;
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(read.blobs[i].data()) % 64, 0u) << i;
  }
  EXPECT_EQ(serialize_plan(read), serialize_plan(plan));
}

TEST(PlanFile, EqualBlobsAreStoredOnce) {
  const auto [memory, read] = load(serialize_plan(sample_plan()));
  EXPECT_EQ(read.blobs[0].data(), read.blobs[1].data());
  EXPECT_EQ(read.blobs[0].data(), read.portable_blobs[0].data());
}

TEST(PlanFile, OnlyLargeBlobsAreUsedWhereTheyLie) {
  const auto [memory, read] = load(serialize_plan(sample_plan()));
  const auto mapped = [&file = *memory](const Tensor& blob) {
    return blob.data() >= file.data() && blob.data() < file.data() + file.size();
  };
  EXPECT_FALSE(mapped(read.blobs[0]));
  EXPECT_TRUE(mapped(read.blobs[2]));
}

TEST(PlanFile, TextThatRepeatsTakesNoRoom) {
  Plan plan = sample_plan();
  const std::size_t before = serialize_plan(plan).size();
  for (int i = 0; i < 200; ++i) {
    plan.profiles[0].portable_ir += "another line of the graph that is as long as lines are\n";
    plan.profiles[0].steps[0].note += "another reason why it was not another tactic\n";
  }
  const std::vector<std::byte> bytes = serialize_plan(plan);
  EXPECT_LT(bytes.size(), before + 1000);
  const auto [memory, read] = load(bytes);
  EXPECT_EQ(read.profiles[0].portable_ir, plan.profiles[0].portable_ir);
  EXPECT_EQ(read.profiles[0].steps[0].note, plan.profiles[0].steps[0].note);
}

TEST(PlanFile, PlansOfAnotherFormatAreToBeBuiltAgain) {
  std::vector<std::byte> bytes = serialize_plan(sample_plan());
  bytes[8] = std::byte{4};
  try {
    load(bytes);
    FAIL() << "a plan of format 4 was loaded";
  } catch (const ModelError& error) {
    EXPECT_NE(std::string(error.what()).find("format 4, this version reads format 5: build it again"),
              std::string::npos)
        << error.what();
  }
}

TEST(PlanFile, EveryTruncationIsRefused) {
  const std::vector<std::byte> bytes = serialize_plan(sample_plan());
  for (std::size_t size = 0; size < bytes.size(); size += 7) {
    EXPECT_THROW(load({bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(size)}), ModelError)
        << size << " bytes";
  }
}

TEST(PlanFile, EveryFlippedBitBeforeTheBlobsIsRefused) {
  const std::vector<std::byte> bytes = serialize_plan(sample_plan());
  const std::size_t mapped = 4160;  // the last section: 1025 floats, rounded up to cache lines
  for (std::size_t i = 0; i < bytes.size() - mapped - 64; ++i) {
    std::vector<std::byte> damaged = bytes;
    damaged[i] ^= static_cast<std::byte>(1U << (i % 8));
    EXPECT_THROW(load(damaged), ModelError) << "byte " << i;
  }
}

TEST(PlanFile, InconsistentPlansAreRefused) {
  const auto refused = [](const char* what, auto&& break_it) {
    Plan plan = sample_plan();
    break_it(plan);
    EXPECT_THROW(validate_plan(plan), ModelError) << what;
  };
  EXPECT_NO_THROW(validate_plan(sample_plan()));
  refused("arena range", [](Plan& p) { p.profiles[0].buffers[1].offset = 200; });
  refused("arena overflow", [](Plan& p) { p.profiles[0].buffers[1].offset = ~std::uint64_t{0} - 10; });
  refused("alias cycle", [](Plan& p) { p.profiles[0].buffers[2].alias_of = BufferId(2); });
  refused("alias forwards", [](Plan& p) { p.profiles[0].buffers[2].alias_of = BufferId(4); });
  refused("blob index", [](Plan& p) { p.profiles[0].buffers[3].index = 4; });
  refused("step input", [](Plan& p) { p.profiles[0].steps[0].inputs[0] = BufferId(5); });
  refused("step weight", [](Plan& p) { p.profiles[0].steps[0].weights[0] = 9; });
  refused("scratch", [](Plan& p) { p.profiles[0].steps[0].scratch_bytes = 65; });
  refused("input buffer", [](Plan& p) { p.profiles[0].inputs[0].buffer = BufferId(1); });
  refused("symbol range", [](Plan& p) { p.profiles[0].symbols[0].min = 9; });
  refused("blocked input",
          [](Plan& p) { p.profiles[0].buffers[0].type.as_tensor().layout = Layout::channel_blocked(16); });
  refused("written input", [](Plan& p) { p.profiles[0].steps[0].outputs[0] = BufferId(0); });
  refused("written constant", [](Plan& p) { p.profiles[0].steps[0].outputs[0] = BufferId(3); });
  refused("profile without places", [](Plan& p) { p.profiles[0].placed = false; });
  const auto body = [](Plan& p, std::size_t i) -> StepList& { return p.profiles[0].steps[1].bodies[i]; };
  refused("arena of a body", [&](Plan& p) { body(p, 0).buffers[1].offset = 33; });
  refused("a body beyond its scratch", [](Plan& p) { p.profiles[0].steps[1].scratch_bytes = 63; });
  refused("a body placed too early", [&](Plan& p) { body(p, 1).placed = true; });
  refused("a step in a body", [&](Plan& p) { body(p, 0).steps[0].inputs[0] = BufferId(3); });
  refused("a weight in a body", [&](Plan& p) { body(p, 1).steps[0].weights[0] = 4; });
  refused("a result of a body", [&](Plan& p) { body(p, 1).outputs[0].buffer = BufferId(1); });
  refused("a body inside of one that has no place",
          [&](Plan& p) { body(p, 1).steps[0].bodies = {StepList{}}; });
  refused("threads", [](Plan& p) { p.threads = 0; });
}

// A plan of one step that owns a list of one step, and so on.
Plan nested_plan(int levels) {
  StepList list;
  for (int i = 0; i < levels; ++i) {
    PlanStep step;
    step.kind = "if";
    step.bodies.push_back(std::move(list));
    list = StepList{};
    list.steps.push_back(std::move(step));
  }
  Plan plan;
  plan.isa = "portable";
  static_cast<StepList&>(plan.profiles.emplace_back()) = std::move(list);
  return plan;
}

TEST(PlanFile, NestsAsDeepAsGraphsDo) {
  EXPECT_NO_THROW(load(serialize_plan(nested_plan(64))));
  EXPECT_THROW(load(serialize_plan(nested_plan(65))), ModelError);
  EXPECT_THROW(load(serialize_plan(nested_plan(5000))), ModelError);
}

TEST(PlanFile, MovesTheBlobsOfBodiesWithTheirProfile) {
  Plan plan = sample_plan();
  plan.blobs.insert(plan.blobs.begin(), Tensor::of<float>({1}, std::vector<float>{9}));
  Plan other = sample_plan();
  other.blobs[1] = Tensor::of<float>({1}, std::vector<float>{9});
  add_profiles(plan, std::move(other));
  ASSERT_EQ(plan.profiles.size(), 2u);
  EXPECT_EQ(plan.profiles[1].steps[1].bodies[0].steps[0].weights[0], 0u);
}

}  // namespace
}  // namespace tenon
