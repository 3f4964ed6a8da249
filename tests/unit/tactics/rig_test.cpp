#include "tactics/rig.hpp"

#include "base/cpu_info.hpp"
#include "base/thread_pool.hpp"
#include "ir/parser.hpp"
#include "ops/registry.hpp"
#include "tactics/choose.hpp"

#include <tenon/error.hpp>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <vector>

namespace tenon {
namespace {

struct Seen {
  const std::byte* input;
  const std::byte* output;
  const std::byte* weight;
  const std::byte* scratch;
};
std::vector<Seen> seen;

class SpyStep final : public Step {
 public:
  SpyStep(Tensor weight, bool fails) : weight_(std::move(weight)), fails_(fails) {}
  std::size_t scratch_bytes(const StepShapes&) const override { return 64; }
  Status run(const StepCall& call) const noexcept override {
    seen.push_back({call.inputs[0]->data, call.outputs[0]->data, weight_.data(), call.scratch});
    return fails_ ? Status(StatusCode::internal, "it fails") : Status();
  }

 private:
  Tensor weight_;
  bool fails_;
};

class SpyTactic final : public Tactic {
 public:
  std::string_view name() const noexcept override { return "spy"; }
  std::string_view op() const noexcept override { return "tanh"; }
  Verdict supports(const Problem&) const override { return Verdict::yes(); }
  std::vector<Candidate> candidates(const Problem&) const override {
    return {{"runs", {{}}, {{}}, 1}, {"fails", {{}}, {{}}, 1}};
  }
  Prepared prepare(const Problem&, const Candidate& candidate) const override {
    return {candidate.config, {}, {Tensor(DataType::f32, {4})}, {0}};
  }
};

template <bool Fails>
std::unique_ptr<Step> make_step(const StepInit& init) {
  return std::make_unique<SpyStep>(init.weights[0], Fails);
}

class RigTest : public ::testing::Test {
 protected:
  RigTest() {
    steps_.add("runs", make_step<false>);
    steps_.add("fails", make_step<true>);
    seen.clear();
  }

  static Problem problem(std::int64_t size) {
    static Graph graph;
    graph = parse(fmt::format(R"(graph @g(%x: f32[{0}]) {{
  %y = tanh(%x) : f32[{0}]
  return %y as "y"
}})",
                              size),
                  builtin_ops());
    return problem_of(graph, graph.nodes(graph.body())[0], ChooseOptions());
  }

  SpyTactic tactic_;
  StepRegistry steps_;
  ThreadPool pool_{1};
};

TEST_F(RigTest, TakesItsSetsInTurnAndSharesTheirScratch) {
  const Problem problem = this->problem(100);
  const Contender contender{&tactic_, tactic_.candidates(problem)[0]};
  Rig rig(problem, contender, steps_, pool_);
  EXPECT_GE(rig.run_once(), 0);
  rig.grow(3);
  rig.grow(2);
  for (int i = 0; i < 6; ++i) EXPECT_GE(rig.run_once(), 0);
  ASSERT_EQ(seen.size(), 7u);
  for (std::size_t i = 1; i < 4; ++i) {
    EXPECT_EQ(seen[i].input, seen[i + 3].input);
    EXPECT_EQ(seen[i].scratch, seen[0].scratch);
    for (std::size_t k = 1; k < i; ++k) {
      EXPECT_NE(seen[i].input, seen[k].input);
      EXPECT_NE(seen[i].output, seen[k].output);
      EXPECT_NE(seen[i].weight, seen[k].weight);
    }
  }
}

TEST_F(RigTest, ReportsAStepThatFails) {
  const Problem problem = this->problem(100);
  const Contender contender{&tactic_, tactic_.candidates(problem)[1]};
  Rig rig(problem, contender, steps_, pool_);
  EXPECT_THROW(static_cast<void>(rig.run_once()), InternalError);
}

// What lies between two runs on the same operands depends on their size, not on how many rigs run.
TEST_F(RigTest, SetsTouchAsMuchForAnyNumberOfRigs) {
  const auto cache = static_cast<std::int64_t>(std::max(cpu_info().l3_bytes, cpu_info().l2_bytes));
  for (const std::int64_t share : {std::int64_t{1}, std::int64_t{3}, std::int64_t{20}, std::int64_t{10000}}) {
    const Problem problem = this->problem(cache / share / 8 + 1);  // read and written in f32
    const std::size_t all = sets_beyond_cache(problem, 1);
    if (share <= 20) {
      EXPECT_GT(static_cast<std::int64_t>(all) * (cache / share + 8), cache);
    }
    for (const std::size_t rigs : {1u, 2u, 3u, 5u, 6u, 40u}) {
      const std::size_t sets = sets_beyond_cache(problem, rigs);
      EXPECT_GE(sets, 1u);
      EXPECT_GE(sets * rigs, all);
      EXPECT_LT((sets - 1) * rigs, all);
    }
  }
}

}  // namespace
}  // namespace tenon
