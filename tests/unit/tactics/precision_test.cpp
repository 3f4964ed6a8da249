#include "tactics/precision.hpp"

#include "base/random.hpp"

#include <gtest/gtest.h>

namespace tenon {
namespace {

using Layer = PrecisionProblem::Layer;
using Value = PrecisionProblem::Value;

// A chain of layers from an input to an output of the network.
PrecisionProblem chain(const std::vector<std::pair<double, double>>& times, double quantize_ns,
                       double dequantize_ns) {
  PrecisionProblem problem;
  for (const auto& [float_ns, integer_ns] : times)
    problem.layers.push_back({float_ns, integer_ns, true, true, std::nullopt});
  for (std::size_t i = 0; i <= times.size(); ++i) {
    Value value{std::nullopt, {}, i == times.size(), quantize_ns, dequantize_ns};
    if (i > 0) value.producer = i - 1;
    if (i < times.size()) value.consumers = {i};
    problem.values.push_back(value);
  }
  return problem;
}

using Labels = std::vector<bool>;

TEST(Precision, CountsWhatBoundariesCost) {
  const PrecisionProblem problem = chain({{100, 10}, {100, 90}, {100, 10}}, 7, 5);
  EXPECT_EQ(precision_cost(problem, Labels{false, false, false}), 300);
  EXPECT_EQ(precision_cost(problem, Labels{true, true, true}), 110 + 7 + 5);
  EXPECT_EQ(precision_cost(problem, Labels{true, false, true}), 120 + 2 * (7 + 5));
}

TEST(Precision, ALayerThatLosesStaysOnIntegersWhereConversionsCostMore) {
  EXPECT_EQ(choose_precision(chain({{100, 10}, {80, 100}, {100, 10}}, 7, 5)).on_integers,
            (Labels{true, false, true}));
  EXPECT_EQ(choose_precision(chain({{100, 10}, {80, 100}, {100, 10}}, 15, 8)).on_integers,
            (Labels{true, true, true}));
}

TEST(Precision, AllFloatWinsWhereIntegersCostMore) {
  const PrecisionSolution solution = choose_precision(chain({{10, 8}, {10, 8}}, 3, 3));
  EXPECT_EQ(solution.on_integers, (Labels{false, false}));
  EXPECT_EQ(solution.ns, 20);
}

TEST(Precision, TiesGoToIntegers) {
  EXPECT_EQ(choose_precision(chain({{98, 100}}, 0, 0)).on_integers, (Labels{true}));
  EXPECT_EQ(choose_precision(chain({{96, 100}}, 0, 0)).on_integers, (Labels{false}));
}

// Three layers that read one value: rounding it costs more than any of them saves, but not more than all.
TEST(Precision, AValueIsRoundedOnceForAllWhoReadIt) {
  PrecisionProblem problem;
  for (int i = 0; i < 3; ++i) problem.layers.push_back({30, 10, true, false, std::nullopt});
  problem.values.push_back({std::nullopt, {0, 1, 2}, false, 50, 0});
  EXPECT_EQ(choose_precision(problem).on_integers, (Labels{true, true, true}));
  EXPECT_EQ(choose_precision(problem).ns, 80);
  problem.layers.pop_back();
  problem.values[0].consumers = {0, 1};
  EXPECT_EQ(choose_precision(problem).on_integers, (Labels{false, false}));
}

TEST(Precision, SomeHaveNoChoice) {
  PrecisionProblem problem = chain({{100, 10}, {10, 100}}, 1, 1);
  problem.layers[0].on_integers = false;
  problem.layers[1].on_integers = true;
  const PrecisionSolution solution = choose_precision(problem);
  EXPECT_EQ(solution.on_integers, (Labels{false, true}));
  EXPECT_EQ(solution.ns, 100 + 1 + 100 + 1);
}

// What gives floats although it runs on integers leaves nothing to convert behind it.
TEST(Precision, KernelsMayGiveFloats) {
  PrecisionProblem problem = chain({{100, 10}}, 3, 1000);
  EXPECT_EQ(choose_precision(problem).on_integers, (Labels{false}));
  problem.layers[0].gives_integers = false;
  EXPECT_EQ(choose_precision(problem).on_integers, (Labels{true}));
  EXPECT_EQ(choose_precision(problem).ns, 13);
}

// Against all assignments of small problems whose graphs do not reduce, so that the solution is a heuristic.
TEST(Precision, ComesNearTheLeastOfAll) {
  Random random(7);
  for (int round = 0; round < 50; ++round) {
    PrecisionProblem problem;
    const auto from = [&](std::uint32_t low, std::uint32_t n) {
      return static_cast<double>(low + random.below(n));
    };
    for (int i = 0; i < 8; ++i) {
      const double float_ns = from(20, 100), integer_ns = from(20, 100);
      problem.layers.push_back({float_ns, integer_ns, true, !random.one_in(4), std::nullopt});
    }
    for (std::size_t producer = 0; producer < problem.layers.size(); ++producer) {
      Value value{producer, {}, random.one_in(4), from(10, 40), from(10, 20)};
      for (std::size_t reader = producer + 1; reader < problem.layers.size() && value.consumers.size() < 2;
           ++reader) {
        if (reader == producer + 1 || random.one_in(4)) value.consumers.push_back(reader);
      }
      problem.values.push_back(value);
    }
    double least = 1e18;
    Labels labels(problem.layers.size());
    for (std::size_t bits = 0; bits < 256; ++bits) {
      double ns = 0;
      for (std::size_t i = 0; i < labels.size(); ++i) {
        labels[i] = (bits >> i & 1) != 0;
        if (!labels[i]) ns += 0.03 * problem.layers[i].float_ns;
      }
      least = std::min(least, ns + precision_cost(problem, labels));
    }
    const PrecisionSolution found = choose_precision(problem);
    double ns = found.ns;
    for (std::size_t i = 0; i < labels.size(); ++i)
      if (!found.on_integers[i]) ns += 0.03 * problem.layers[i].float_ns;
    EXPECT_LE(ns, least * 1.05) << "round " << round;
  }
}

}  // namespace
}  // namespace tenon
