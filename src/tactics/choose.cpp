#include "tactics/choose.hpp"

#include "base/check.hpp"
#include "ir/constant.hpp"
#include "ops/reorder.hpp"
#include "tactics/control.hpp"
#include "tactics/decompose.hpp"
#include "tactics/extract.hpp"
#include "tactics/pbqp.hpp"
#include "tactics/pricer.hpp"

#include <tenon/error.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <numeric>
#include <unordered_map>
#include <unordered_set>

namespace tenon {
namespace {

constexpr std::size_t kFewTimed = 2;  // where a glance is enough
constexpr double kContested = 1.15;   // runners-up are at most that much behind
constexpr double kImpossible = 1e18;  // ns; finite, so that sums stay comparable

// -1: nobody knows. A product of open dims is open, whatever its bound.
std::int64_t largest(const Dim& dim, const SymbolRanges& ranges) {
  if (dim.is_unknown()) return -1;
  const std::int64_t max = dim.interval(ranges).max;
  if (max < std::numeric_limits<std::int64_t>::max()) return max;
  const auto symbols = dim.symbols();
  const bool known = std::all_of(symbols.begin(), symbols.end(),
                                 [&](const std::string& symbol) { return ranges.contains(symbol); });
  return known ? kOpenDim : -1;
}

class Chooser {
 public:
  Chooser(Graph& graph, const TacticRegistry& tactics, Pricer& pricer, const ChooseOptions& options)
      : graph_(graph), tactics_(tactics), options_(options), pricer_(pricer) {}

  Choice run() {
    decompose_unsupported(graph_, tactics_, options_);
    collect();
    price();
    find_consumers();
    const Solution best = solve(nullptr);
    Choice choice{assemble(best.picks), std::nullopt};
    if (const auto other = runner_up(best)) choice.runner_up = assemble(other->picks);
    return choice;
  }

 private:
  // --- what can be done ---

  void collect() {
    std::string refused;
    for (NodeId id : graph_.nodes(graph_.body())) {
      if (graph_.node(id).op.is<op::Constant>()) continue;
      Offer offer = offer_for(problem_of(graph_, id, options_), tactics_);
      const std::size_t most = effort(id) == Effort::glance ? kFewTimed : kMostTimed;
      prune(offer, most * (1 + offer.problem.stored_types.size()));
      if (offer.contenders.empty()) {
        refused += fmt::format("\n  '{}' ({}):", graph_.node(id).location, graph_.node(id).op.name());
        for (const Considered& other : offer.considered)
          refused += fmt::format(" {}: {};", other.tactic, other.refused);
      }
      nodes_.push_back(id);
      bodies_.push_back(choose_bodies(id, offer));
      offers_.push_back(std::move(offer));
    }
    if (!refused.empty()) throw ModelError("no implementation for these nodes:" + refused);
  }

  Effort effort(NodeId id) const { return options_.effort ? options_.effort(graph_, id) : Effort::decide; }

  // Of a node whose regions become lists of steps, what is chosen inside of them; its own time is that of the
  // longest, once. Where nothing can be chosen, the node is left to the next tactic: a branch that never runs
  // may make no sense at these shapes.
  std::vector<BodyChoice> choose_bodies(NodeId id, Offer& offer) {
    std::vector<BodyChoice> bodies;
    if (offer.contenders.empty() || !runs_bodies(*offer.contenders[0].tactic)) return bodies;
    Candidate& candidate = offer.contenders[0].candidate;
    try {
      for (const RegionId region : graph_.node(id).regions) {
        bodies.push_back(choose_body(region));
        candidate.estimate_ns = std::max(candidate.estimate_ns, bodies.back().assignment.total_ns);
      }
    } catch (const ModelError& error) {
      bodies.clear();
      std::vector<Considered> refused = std::move(offer.considered);
      refused.push_back({std::string(offer.contenders[0].tactic->name()), error.message(), 0, 0});
      offer = offer_for(problem_of(graph_, id, options_), tactics_, offer.contenders[0].tactic);
      offer.considered.insert(offer.considered.begin(), refused.begin(), refused.end());
    }
    return bodies;
  }

  BodyChoice choose_body(RegionId region) {
    RegionGraph cut = extract_region(graph_, region);
    ChooseOptions options = options_;
    options.progress = {};
    options.effort = {};
    options.profile.insert(options.profile.end(), cut.symbols.begin(), cut.symbols.end());
    auto graph = std::make_shared<Graph>(std::move(cut.graph));
    Assignment assignment = Chooser(*graph, tactics_, pricer_, options).run().best;
    return {std::move(graph), std::move(cut.captures), std::move(cut.symbols), std::move(assignment)};
  }

  // Those that promise to take longest first: should the time run out, the rest matters least.
  void price() {
    std::vector<std::size_t> order(offers_.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
      return offers_[a].contenders[0].candidate.estimate_ns > offers_[b].contenders[0].candidate.estimate_ns;
    });
    for (std::size_t i = 0; i < order.size(); ++i) {
      if (options_.progress) options_.progress(i, order.size());
      pricer_.price(offers_[order[i]], effort(nodes_[order[i]]) != Effort::decide);
    }
    if (options_.progress) options_.progress(order.size(), order.size());
  }

  // --- conversions ---

  const NodeChoice& conversion(ValueId value, const Layout& from, const Layout& to) {
    const std::string key = fmt::format("{}|{}|{}", value.value, from.to_string(), to.to_string());
    if (const auto found = conversions_.find(key); found != conversions_.end()) return found->second;
    const Type& type = graph_.value(value).type;
    NodeChoice choice{NodeId(), nullptr, {}, conversion_problem(type, from, to), 0, false, {}, {}};
    if (type.is_tensor()) choice = cheapest(std::move(choice.problem), tactics_, pricer_);
    if (choice.tactic == nullptr) choice.ns = kImpossible;
    return conversions_.emplace(key, std::move(choice)).first->second;
  }

  Problem conversion_problem(const Type& type, const Layout& from, const Layout& to) const {
    op::Reorder reorder;
    reorder.from = from.to_string();
    reorder.to = to.to_string();
    Problem problem{Op(reorder), {}, {}, options_.accuracy, options_.isa, options_.threads, nullptr, {}};
    problem.inputs.push_back(operand_of(type, nullptr, options_));
    problem.outputs.push_back(problem.inputs.front());
    for (const Layout* layout : {&from, &to}) {
      if (layout->stored && !problem.may_store(*layout->stored))
        problem.stored_types.push_back(*layout->stored);
    }
    return problem;
  }

  double conversion_ns(ValueId value, const Layout& from, const Layout& to) {
    return from == to ? 0 : conversion(value, from, to).ns;
  }

  // --- the whole graph ---

  struct Consumer {
    std::size_t node;  // position in nodes_, or npos for a network output
    std::size_t operand;
  };
  static constexpr std::size_t kOutside = std::numeric_limits<std::size_t>::max();

  // Which contender each node takes, and what that costs in all.
  struct Solution {
    std::vector<std::size_t> picks;
    double ns = 0;
  };

  Solution solve(const Tactic* banned) {
    allowed_.clear();
    for (const Offer& offer : offers_) allowed_.push_back(best_per_layout(offer, banned));
    Pbqp pbqp;
    for (std::size_t i = 0; i < nodes_.size(); ++i) pbqp.add_node(node_costs(i));
    for (std::size_t i = 0; i < nodes_.size(); ++i) add_edges(pbqp, i);
    std::vector<std::size_t> picks = pbqp.solve().labels;
    for (std::size_t i = 0; i < picks.size(); ++i) picks[i] = allowed_[i][picks[i]];
    improve(picks);
    const double ns = total(picks);
    return {std::move(picks), ns};
  }

  std::optional<Solution> runner_up(const Solution& best) {
    std::vector<const Tactic*> used;
    for (std::size_t i = 0; i < nodes_.size(); ++i) {
      const Tactic* tactic = offers_[i].contenders[best.picks[i]].tactic;
      if (std::find(used.begin(), used.end(), tactic) == used.end()) used.push_back(tactic);
    }
    std::optional<Solution> second;
    for (const Tactic* tactic : used) {
      Solution other = solve(tactic);
      if (other.picks == best.picks || other.ns > best.ns * kContested) continue;
      if (!second || other.ns < second->ns) second = std::move(other);
    }
    return second;
  }

  void find_consumers() {
    for (std::size_t i = 0; i < nodes_.size(); ++i) {
      for (ValueId output : graph_.node(nodes_[i]).outputs) producer_[output] = i;
    }
    for (NodeId id : nodes_) operands_.push_back(operands_of(graph_, id));
    for (std::size_t i = 0; i < nodes_.size(); ++i) {
      for (std::size_t operand = 0; operand < operands_[i].size(); ++operand) {
        const ValueId value = operands_[i][operand];
        if (value.valid() && graph_.constant(value) == nullptr) consumers_[value].push_back({i, operand});
      }
    }
    for (ValueId output : graph_.outputs()) consumers_[output].push_back({kOutside, 0});
  }

  const Candidate& candidate(std::size_t node, std::size_t pick) const {
    return offers_[node].contenders[pick].candidate;
  }

  // Own time plus conversions of network inputs and outputs, which are plain.
  std::vector<double> node_costs(std::size_t i) {
    std::vector<double> costs;
    const Node& node = graph_.node(nodes_[i]);
    for (std::size_t pick : allowed_[i]) {
      const Candidate& candidate = this->candidate(i, pick);
      double cost = offers_[i].ns[pick];
      for (std::size_t operand = 0; operand < operands_[i].size(); ++operand) {
        const ValueId value = operands_[i][operand];
        if (!value.valid() || graph_.constant(value) != nullptr || producer_.contains(value)) continue;
        cost += conversion_ns(value, {}, candidate.inputs[operand]);
      }
      for (std::size_t k = 0; k < node.outputs.size(); ++k) {
        if (graph_.is_output(node.outputs[k]))
          cost += conversion_ns(node.outputs[k], candidate.outputs[k], {});
      }
      costs.push_back(cost);
    }
    return costs;
  }

  void add_edges(Pbqp& pbqp, std::size_t i) {
    for (std::size_t operand = 0; operand < operands_[i].size(); ++operand) {
      const ValueId value = operands_[i][operand];
      const auto producer = value.valid() ? producer_.find(value) : producer_.end();
      if (producer == producer_.end()) continue;
      const std::size_t p = producer->second;
      const std::size_t k = graph_.value(value).index;
      std::vector<std::vector<double>> cost(allowed_[p].size(), std::vector<double>(allowed_[i].size()));
      bool any = false;
      for (std::size_t a = 0; a < cost.size(); ++a) {
        for (std::size_t b = 0; b < cost[a].size(); ++b) {
          cost[a][b] = conversion_ns(value, candidate(p, allowed_[p][a]).outputs[k],
                                     candidate(i, allowed_[i][b]).inputs[operand]);
          any = any || cost[a][b] != 0;
        }
      }
      if (any) pbqp.add_edge(p, i, cost);
    }
  }

  Layout produced(const std::vector<std::size_t>& picks, ValueId value) const {
    const auto producer = producer_.find(value);
    if (producer == producer_.end()) return {};
    return candidate(producer->second, picks[producer->second]).outputs[graph_.value(value).index];
  }

  // Layouts in which `value` is wanted, each once, without the produced one.
  std::vector<Layout> wanted(const std::vector<std::size_t>& picks, ValueId value) const {
    const Layout from = produced(picks, value);
    std::vector<Layout> layouts;
    const auto found = consumers_.find(value);
    if (found == consumers_.end()) return layouts;
    for (const Consumer& consumer : found->second) {
      const Layout to = consumer.node == kOutside
                            ? Layout()
                            : candidate(consumer.node, picks[consumer.node]).inputs[consumer.operand];
      if (to == from || std::find(layouts.begin(), layouts.end(), to) != layouts.end()) continue;
      layouts.push_back(to);
    }
    return layouts;
  }

  double value_cost(const std::vector<std::size_t>& picks, ValueId value) {
    double cost = 0;
    for (const Layout& to : wanted(picks, value)) cost += conversion_ns(value, produced(picks, value), to);
    return cost;
  }

  double total(const std::vector<std::size_t>& picks) {
    double cost = 0;
    for (ValueId value : graph_.inputs()) cost += value_cost(picks, value);
    for (std::size_t i = 0; i < nodes_.size(); ++i) {
      cost += offers_[i].ns[picks[i]];
      for (ValueId value : graph_.node(nodes_[i]).outputs) cost += value_cost(picks, value);
    }
    return cost;
  }

  // The exact share of node i in the total: conversions that several consumers use are paid once.
  double local_cost(const std::vector<std::size_t>& picks, std::size_t i) {
    double cost = offers_[i].ns[picks[i]];
    std::unordered_set<std::uint32_t> seen;
    for (ValueId value : operands_[i]) {
      if (value.valid() && graph_.constant(value) == nullptr && seen.insert(value.value).second) {
        cost += value_cost(picks, value);
      }
    }
    for (ValueId value : graph_.node(nodes_[i]).outputs) cost += value_cost(picks, value);
    return cost;
  }

  void improve(std::vector<std::size_t>& picks) {
    constexpr int kMostRounds = 8;
    for (int round = 0; round < kMostRounds; ++round) {
      bool changed = false;
      for (std::size_t i = 0; i < nodes_.size(); ++i) {
        if (allowed_[i].size() < 2) continue;
        const std::size_t before = picks[i];
        std::size_t best = before;
        double best_cost = local_cost(picks, i);
        for (std::size_t pick : allowed_[i]) {
          picks[i] = pick;
          const double cost = local_cost(picks, i);
          if (cost < best_cost * (1 - 1e-9)) {
            best_cost = cost;
            best = pick;
          }
        }
        picks[i] = best;
        changed = changed || best != before;
      }
      if (!changed) return;
    }
  }

  Assignment assemble(const std::vector<std::size_t>& picks) {
    Assignment assignment;
    assignment.total_ns = total(picks);
    for (std::size_t i = 0; i < nodes_.size(); ++i) {
      const Offer& from = offers_[i];
      const Contender& contender = from.contenders[picks[i]];
      assignment.nodes.push_back({nodes_[i], contender.tactic, contender.candidate, from.problem,
                                  from.ns[picks[i]], from.measured, from.considered, bodies_[i]});
      const Node& node = graph_.node(nodes_[i]);
      for (std::size_t k = 0; k < node.outputs.size(); ++k) {
        if (!contender.candidate.outputs[k].is_plain())
          assignment.layouts[node.outputs[k]] = contender.candidate.outputs[k];
      }
    }
    const auto add_conversions = [&](ValueId value) {
      for (const Layout& to : wanted(picks, value)) {
        const NodeChoice& choice = conversion(value, produced(picks, value), to);
        TENON_CHECK(choice.tactic != nullptr, "nothing converts '{}' from '{}' to '{}'",
                    graph_.value(value).name, produced(picks, value).to_string(), to.to_string());
        assignment.conversions.push_back({value, to, choice});
      }
    };
    for (ValueId value : graph_.inputs()) add_conversions(value);
    for (NodeId id : nodes_) {
      for (ValueId value : graph_.node(id).outputs) add_conversions(value);
    }
    return assignment;
  }

 private:
  Graph& graph_;
  const TacticRegistry& tactics_;
  const ChooseOptions& options_;
  Pricer& pricer_;
  std::vector<NodeId> nodes_;
  std::vector<std::vector<BodyChoice>> bodies_;    // of nodes_
  std::vector<std::vector<ValueId>> operands_;     // of nodes_
  std::vector<Offer> offers_;                      // of nodes_, in step
  std::vector<std::vector<std::size_t>> allowed_;  // contenders that take part in the current solution
  std::unordered_map<std::string, NodeChoice> conversions_;
  std::unordered_map<ValueId, std::size_t> producer_;
  std::unordered_map<ValueId, std::vector<Consumer>> consumers_;
};

bool has_f32(const Problem& problem) {
  const auto is_f32 = [](const Operand& operand) {
    return operand.type.is_tensor() && operand.type.as_tensor().dtype == DataType::f32;
  };
  return std::any_of(problem.inputs.begin(), problem.inputs.end(), is_f32) ||
         std::any_of(problem.outputs.begin(), problem.outputs.end(), is_f32);
}

}  // namespace

Operand operand_of(const Type& type, const Tensor* constant, const ChooseOptions& options) {
  Operand operand{type, {}, {}, true, constant};
  if (!type.is_tensor() || !type.as_tensor().dims) return operand;
  SymbolValues opt;
  SymbolRanges ranges;
  for (const PlanSymbol& symbol : options.profile) {
    opt[symbol.name] = symbol.opt;
    ranges[symbol.name] = {symbol.min, symbol.max};
  }
  for (const Dim& dim : *type.as_tensor().dims) {
    const std::int64_t max = largest(dim, ranges);
    operand.max_dims.push_back(max);
    operand.dims.push_back(dim.eval(opt).value_or(1));
  }
  return operand;
}

std::vector<ValueId> operands_of(const Graph& graph, NodeId id) {
  std::vector<ValueId> operands = graph.node(id).inputs;
  for (ValueId captured : graph.captures(id)) operands.push_back(captured);
  return operands;
}

Problem problem_of(const Graph& graph, NodeId id, const ChooseOptions& options) {
  const Node& node = graph.node(id);
  Problem problem{node.op, {}, {}, options.accuracy, options.isa, options.threads, &graph, id};
  for (ValueId input : operands_of(graph, id)) {
    if (!input.valid()) {
      Operand absent;
      absent.present = false;
      problem.inputs.push_back(std::move(absent));
    } else {
      problem.inputs.push_back(operand_of(graph.value(input).type, graph.constant(input), options));
    }
  }
  for (ValueId output : node.outputs) {
    problem.outputs.push_back(operand_of(graph.value(output).type, nullptr, options));
  }
  if (has_f32(problem)) {
    for (const DataType type : options.stored_types) {
      if (!options.keeps_f32 || !options.keeps_f32(graph, id, type)) problem.stored_types.push_back(type);
    }
  }
  return problem;
}

Choice choose(Graph& graph, const TacticRegistry& tactics, const StepRegistry& steps,
              const ChooseOptions& options) {
  Pricer pricer(steps, options);
  return Chooser(graph, tactics, pricer, options).run();
}

}  // namespace tenon
