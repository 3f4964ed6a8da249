#include "tactics/choose.hpp"

#include "ir/parser.hpp"
#include "ops/registry.hpp"
#include "tactics/offer.hpp"
#include "tactics/timing_cache.hpp"

#include <tenon/error.hpp>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <memory>

namespace tenon {
namespace {

struct Configuration {
  std::string name;
  double estimate_ns = 0;
  bool blocked = false;
};

// Takes every unary node of its operator. It cannot be run: a test that times it fails.
class FakeTactic final : public Tactic {
 public:
  FakeTactic(std::string name, std::string op, std::vector<Configuration> configurations)
      : name_(std::move(name)), op_(std::move(op)), configurations_(std::move(configurations)) {}

  std::string_view name() const noexcept override { return name_; }
  std::string_view op() const noexcept override { return op_; }
  Verdict supports(const Problem&) const override { return Verdict::yes(); }
  std::vector<Candidate> candidates(const Problem&) const override {
    std::vector<Candidate> all;
    for (const Configuration& c : configurations_) {
      const Layout layout = c.blocked ? Layout::channel_blocked(16) : Layout();
      all.push_back({c.name, {layout}, {layout}, c.estimate_ns});
    }
    return all;
  }
  Prepared prepare(const Problem&, const Candidate&) const override {
    throw InternalError("a fake tactic was timed");
  }

 private:
  std::string name_, op_;
  std::vector<Configuration> configurations_;
};

class ChooseTest : public ::testing::Test {
 protected:
  void add(const std::string& name, const std::string& op, std::vector<Configuration> configurations) {
    tactics_.add(std::make_unique<FakeTactic>(name, op, std::move(configurations)));
  }
  Offer offer() { return offer_for(problem_of(graph_, graph_.nodes(graph_.body())[0], options_), tactics_); }
  void remember(NodeId node, const std::string& tactic, double ns) {
    const Problem problem = problem_of(graph_, node, options_);
    for (const Contender& contender : offer_for(problem, tactics_).contenders) {
      if (contender.tactic->name() == tactic) cache_.insert(problem.key(), cache_name(contender), ns);
    }
  }
  void remember_everywhere(const std::string& tactic, double ns) {
    for (NodeId node : graph_.nodes(graph_.body())) remember(node, tactic, ns);
  }
  Choice run() { return choose(graph_, tactics_, steps_, options_); }
  static std::vector<std::string> names(const Assignment& assignment) {
    std::vector<std::string> names;
    for (const NodeChoice& node : assignment.nodes) names.emplace_back(node.tactic->name());
    return names;
  }

  Graph graph_ = parse(R"(graph @chain(%x: f32[1,16,4,4]) {
  %a = tanh(%x) : f32[1,16,4,4]
  %b = exp(%a) : f32[1,16,4,4]
  return %b as "y"
})",
                       builtin_ops());
  TacticRegistry tactics_;
  StepRegistry steps_;
  TimingCache cache_{"test"};
  ChooseOptions options_ = [this] {
    ChooseOptions options;
    options.cache = &cache_;
    return options;
  }();
};

TEST_F(ChooseTest, TheCostModelLetsSixThroughAndEveryLayoutBeforeSecondBests) {
  std::vector<Configuration> many;
  for (int i = 0; i < 10; ++i) many.push_back({fmt::format("n={}", i), 100.0 - i, false});
  many.push_back({"blocked", 1000, true});
  add("many", "tanh", many);
  Offer offer = this->offer();
  prune(offer, 6);
  ASSERT_EQ(offer.contenders.size(), 6u);
  EXPECT_EQ(offer.contenders.front().candidate.config, "n=9");
  EXPECT_EQ(offer.contenders[4].candidate.config, "n=5");
  EXPECT_EQ(offer.contenders.back().candidate.config, "blocked");
  EXPECT_EQ(offer.considered.size(), 5u);
  EXPECT_FALSE(offer.considered.front().refused.empty());
}

TEST_F(ChooseTest, NearTiesGoToTheEarlierOne) {
  add("many", "tanh", {{"a", 0, false}, {"b", 0, false}, {"c", 0, true}, {"d", 0, false}});
  Offer offer = this->offer();
  offer.ns = {100, 98.5, 50, 97};
  EXPECT_EQ(best_per_layout(offer, nullptr), (std::vector<std::size_t>{3, 2}));
  offer.ns = {100, 98.5, 50, 98.2};
  EXPECT_EQ(best_per_layout(offer, nullptr), (std::vector<std::size_t>{0, 2}));
}

TEST_F(ChooseTest, ABannedTacticIsLeftOutWhereThereIsAnother) {
  add("first", "tanh", {{"", 0, false}});
  EXPECT_EQ(best_per_layout(
                [&] {
                  Offer alone = offer();
                  alone.ns = {1};
                  return alone;
                }(),
                tactics_.all()[0]),
            (std::vector<std::size_t>{0}));
  add("second", "tanh", {{"", 0, false}});
  Offer offer = this->offer();
  offer.ns = {1, 2};
  EXPECT_EQ(best_per_layout(offer, tactics_.all()[0]), (std::vector<std::size_t>{1}));
}

TEST_F(ChooseTest, TimesFromTheCacheCountMoreThanEstimates) {
  for (const char* op : {"tanh", "exp"}) {
    add(fmt::format("promising_{}", op), op, {{"", 10, false}});
    add(fmt::format("good_{}", op), op, {{"", 20, false}});
  }
  for (const char* op : {"tanh", "exp"}) {
    remember_everywhere(fmt::format("promising_{}", op), 400);
    remember_everywhere(fmt::format("good_{}", op), 40);
  }
  const Choice choice = run();
  EXPECT_EQ(names(choice.best), (std::vector<std::string>{"good_tanh", "good_exp"}));
  EXPECT_TRUE(choice.best.nodes[0].measured);
  EXPECT_EQ(choice.best.total_ns, 80);
  EXPECT_FALSE(choice.runner_up.has_value());
}

TEST_F(ChooseTest, TheRunnerUpDoesWithoutATacticOfTheBest) {
  add("both", "tanh", {{"", 10, false}});
  add("other", "tanh", {{"", 10, false}});
  add("exp", "exp", {{"", 10, false}});
  remember_everywhere("both", 100);
  remember_everywhere("other", 110);
  const Choice choice = run();
  EXPECT_EQ(names(choice.best), (std::vector<std::string>{"both", "exp"}));
  ASSERT_TRUE(choice.runner_up.has_value());
  EXPECT_EQ(names(*choice.runner_up), (std::vector<std::string>{"other", "exp"}));
  remember_everywhere("other", 150);
  EXPECT_FALSE(run().runner_up.has_value()) << "too far behind";
}

TEST_F(ChooseTest, AfterTheDeadlineTheCostModelChooses) {
  for (const char* op : {"tanh", "exp"}) {
    add(fmt::format("slow_{}", op), op, {{"", 30, false}});
    add(fmt::format("quick_{}", op), op, {{"", 10, false}});
  }
  options_.deadline = std::chrono::steady_clock::now();
  const Choice choice = run();
  EXPECT_EQ(names(choice.best), (std::vector<std::string>{"quick_tanh", "quick_exp"}));
  EXPECT_FALSE(choice.best.nodes[0].measured);
  options_.deadline = std::chrono::steady_clock::time_point::max();
  EXPECT_THROW(run(), InternalError) << "with time left it is measured";
}

}  // namespace
}  // namespace tenon
