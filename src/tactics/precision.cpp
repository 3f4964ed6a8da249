#include "tactics/precision.hpp"

#include "base/check.hpp"
#include "tactics/pbqp.hpp"

#include <array>

namespace tenon {
namespace {

using Layer = PrecisionProblem::Layer;
using SharedValue = PrecisionProblem::Value;

constexpr double kTieOfForms = 1.03;
constexpr double kNever = 1e18;  // ns; finite, so that sums stay comparable

// Labels of a layer's node.
enum Run : std::size_t { kFloats, kIntegers };

// Labels of a value's node: the forms in which it exists.
struct Forms {
  bool floats, integers;
};
constexpr std::array<Forms, 3> kForms{{{true, false}, {false, true}, {true, true}}};

bool reads_integers(const Layer& layer, bool on_integers) { return on_integers && layer.takes_integers; }
bool gives_integers(const Layer& layer, bool on_integers) { return on_integers && layer.gives_integers; }

// What it takes to make these forms of what the producer gives.
double forms_cost(const SharedValue& value, bool produced_integers, const Forms& forms) {
  if (produced_integers) return forms.floats ? value.dequantize_ns : 0;
  return forms.integers ? value.quantize_ns : 0;
}

bool serves(const Forms& forms, bool integers) { return integers ? forms.integers : forms.floats; }

class PrecisionSolver {
 public:
  explicit PrecisionSolver(const PrecisionProblem& problem) : problem_(problem) {}

  PrecisionSolution run() {
    for (const Layer& layer : problem_.layers) add_layer(layer);
    for (const SharedValue& value : problem_.values) add_value(value);
    const std::vector<std::size_t> labels = pbqp_.solve().labels;
    PrecisionSolution solution;
    for (std::size_t i = 0; i < problem_.layers.size(); ++i)
      solution.on_integers.push_back(labels[i] == kIntegers);
    improve(solution.on_integers);
    solution.ns = precision_cost(problem_, solution.on_integers);
    return solution;
  }

 private:
  static double float_ns(const Layer& layer) { return layer.float_ns * kTieOfForms; }

  void add_layer(const Layer& layer) {
    std::vector<double> costs{float_ns(layer), layer.integer_ns};
    if (layer.on_integers) costs[*layer.on_integers ? kFloats : kIntegers] = kNever;
    static_cast<void>(pbqp_.add_node(std::move(costs)));
  }

  void add_value(const SharedValue& value) {
    std::vector<double> costs(kForms.size());
    for (std::size_t f = 0; f < kForms.size(); ++f) {
      if (value.leaves && !kForms[f].floats) costs[f] = kNever;
      if (!value.producer) costs[f] += forms_cost(value, false, kForms[f]);
    }
    const std::size_t node = pbqp_.add_node(std::move(costs));
    if (value.producer) {
      const Layer& layer = problem_.layers[*value.producer];
      add_edge(*value.producer, node, [&](bool on_integers, const Forms& forms) {
        return forms_cost(value, gives_integers(layer, on_integers), forms);
      });
    }
    for (const std::size_t consumer : value.consumers) {
      const Layer& layer = problem_.layers[consumer];
      add_edge(consumer, node, [&](bool on_integers, const Forms& forms) {
        return serves(forms, reads_integers(layer, on_integers)) ? 0 : kNever;
      });
    }
  }

  template <class Cost>
  void add_edge(std::size_t layer, std::size_t value, const Cost& cost) {
    std::vector<std::vector<double>> costs(2, std::vector<double>(kForms.size()));
    for (const std::size_t run : {kFloats, kIntegers}) {
      for (std::size_t f = 0; f < kForms.size(); ++f) costs[run][f] = cost(run == kIntegers, kForms[f]);
    }
    pbqp_.add_edge(layer, value, costs);
  }

  double cost_with_ties(const std::vector<bool>& on_integers) const {
    double ns = precision_cost(problem_, on_integers);
    for (std::size_t i = 0; i < on_integers.size(); ++i) {
      if (!on_integers[i]) ns += float_ns(problem_.layers[i]) - problem_.layers[i].float_ns;
    }
    return ns;
  }

  // Turns these layers over where that costs less.
  bool turn_over(std::vector<bool>& on_integers, const std::vector<std::size_t>& layers, double& best) const {
    const auto turn = [&] {
      for (const std::size_t layer : layers) {
        if (!problem_.layers[layer].on_integers) on_integers[layer] = !on_integers[layer];
      }
    };
    turn();
    const double ns = cost_with_ties(on_integers);
    if (ns < best) {
      best = ns;
      return true;
    }
    turn();
    return false;
  }

  // Single layers, and those around a value together.
  void improve(std::vector<bool>& on_integers) const {
    constexpr int kMostRounds = 8;
    double best = cost_with_ties(on_integers);
    for (int round = 0; round < kMostRounds; ++round) {
      bool changed = false;
      for (std::size_t i = 0; i < on_integers.size(); ++i) {
        changed = turn_over(on_integers, {i}, best) || changed;
      }
      for (const SharedValue& value : problem_.values) {
        std::vector<std::size_t> around = value.consumers;
        if (value.producer) around.push_back(*value.producer);
        changed = turn_over(on_integers, around, best) || changed;
        for (const std::size_t a : around) {
          for (const std::size_t b : around)
            changed = (a < b && turn_over(on_integers, {a, b}, best)) || changed;
        }
      }
      if (!changed) return;
    }
  }

  const PrecisionProblem& problem_;
  Pbqp pbqp_;
};

}  // namespace

double precision_cost(const PrecisionProblem& problem, const std::vector<bool>& on_integers) {
  double ns = 0;
  for (std::size_t i = 0; i < problem.layers.size(); ++i)
    ns += on_integers[i] ? problem.layers[i].integer_ns : problem.layers[i].float_ns;
  for (const SharedValue& value : problem.values) {
    Forms wanted{value.leaves, false};
    for (const std::size_t consumer : value.consumers)
      (reads_integers(problem.layers[consumer], on_integers[consumer]) ? wanted.integers : wanted.floats) =
          true;
    const bool integers =
        value.producer && gives_integers(problem.layers[*value.producer], on_integers[*value.producer]);
    ns += forms_cost(value, integers, wanted);
  }
  return ns;
}

PrecisionSolution choose_precision(const PrecisionProblem& problem) {
  for (const SharedValue& value : problem.values) {
    for (const std::size_t consumer : value.consumers)
      TENON_CHECK(value.producer != consumer, "a layer reads its own result");
  }
  return PrecisionSolver(problem).run();
}

}  // namespace tenon
