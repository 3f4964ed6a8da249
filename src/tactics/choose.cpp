#include "tactics/choose.hpp"

#include "base/check.hpp"
#include "base/thread_pool.hpp"
#include "ir/constant.hpp"
#include "ops/reorder.hpp"
#include "tactics/decompose.hpp"
#include "tactics/pbqp.hpp"
#include "tactics/timing_cache.hpp"
#include "tactics/tuner.hpp"

#include <tenon/error.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <unordered_map>
#include <unordered_set>

namespace tenon {
namespace {

constexpr std::size_t kMostTimed = 6;  // candidates per problem that the cost model lets through
constexpr double kTie = 0.03;          // times closer than this are equal; the earlier tactic wins
constexpr double kImpossible = 1e18;   // ns; finite, so that sums stay comparable

// The layouts that a candidate takes and gives, as text.
std::string layout_key(const Candidate& candidate) {
  std::string key;
  for (const Layout& layout : candidate.inputs) key += layout.to_string() + ",";
  key += ">";
  for (const Layout& layout : candidate.outputs) key += layout.to_string() + ",";
  return key;
}

std::string cache_name(const Contender& contender) {
  return fmt::format("{}@{}{{{}}}{}", contender.tactic->name(), contender.tactic->version(),
                     contender.candidate.config, layout_key(contender.candidate));
}

std::string shown_name(const Contender& contender) {
  return contender.candidate.config.empty()
             ? std::string(contender.tactic->name())
             : fmt::format("{}{{{}}}", contender.tactic->name(), contender.candidate.config);
}

// The contenders of one problem with their times.
struct Offer {
  Problem problem;
  std::vector<Contender> contenders;
  std::vector<double> ns;
  bool measured = false;
  std::vector<Considered> considered;
};

class Chooser {
 public:
  Chooser(Graph& graph, const TacticRegistry& tactics, const StepRegistry& steps,
          const ChooseOptions& options)
      : graph_(graph), tactics_(tactics), options_(options), pool_(options.threads), tuner_(steps, pool_) {}

  Assignment run() {
    decompose_unsupported(graph_, tactics_, options_);
    collect();
    for (std::size_t i = 0; i < offers_.size(); ++i) {
      if (options_.progress) options_.progress(i, offers_.size());
      time(offers_[i]);
    }
    if (options_.progress) options_.progress(offers_.size(), offers_.size());
    for (Offer& offer : offers_) keep_best_per_layout(offer);
    return solve();
  }

 private:
  // --- what can be done ---

  void collect() {
    std::string refused;
    for (NodeId id : graph_.nodes(graph_.body())) {
      if (graph_.node(id).op.is<op::Constant>()) continue;
      Offer offer = offer_for(problem_of(graph_, id, options_));
      if (offer.contenders.empty()) {
        refused += fmt::format("\n  '{}' ({}):", graph_.node(id).location, graph_.node(id).op.name());
        for (const Considered& other : offer.considered)
          refused += fmt::format(" {}: {};", other.tactic, other.refused);
      }
      nodes_.push_back(id);
      offers_.push_back(std::move(offer));
    }
    if (!refused.empty()) throw ModelError("no implementation for these nodes:" + refused);
  }

  Offer offer_for(Problem problem) const {
    Offer offer{std::move(problem), {}, {}, false, {}};
    bool fast = false;
    for (const Tactic* tactic : tactics_.for_op(offer.problem.op.name())) {
      if (offer.problem.accuracy < tactic->loosest()) {
        offer.considered.push_back(
            {std::string(tactic->name()), "its error is beyond the accuracy class asked for", 0, 0});
        continue;
      }
      if (is_fallback(*tactic) && fast) continue;
      const Verdict verdict = tactic->supports(offer.problem);
      if (!verdict) {
        offer.considered.push_back({std::string(tactic->name()), verdict.reason(), 0, 0});
        continue;
      }
      fast = fast || !is_fallback(*tactic);
      for (Candidate& candidate : tactic->candidates(offer.problem)) {
        offer.contenders.push_back({tactic, std::move(candidate)});
      }
    }
    prune(offer);
    return offer;
  }

  // Lets the cost model's best through, at least one for every set of layouts.
  static void prune(Offer& offer) {
    if (offer.contenders.size() <= kMostTimed) return;
    std::stable_sort(offer.contenders.begin(), offer.contenders.end(),
                     [](const Contender& a, const Contender& b) {
                       return a.candidate.estimate_ns < b.candidate.estimate_ns;
                     });
    std::vector<Contender> kept;
    std::unordered_set<std::string> layouts;
    for (Contender& contender : offer.contenders) {
      const bool new_layouts = layouts.insert(layout_key(contender.candidate)).second;
      if (new_layouts || kept.size() < kMostTimed) {
        kept.push_back(std::move(contender));
      } else {
        offer.considered.push_back({shown_name(contender), "the cost model puts it behind the others",
                                    contender.candidate.estimate_ns, 0});
      }
    }
    offer.contenders = std::move(kept);
  }

  // --- how long it takes ---

  void time(Offer& offer) {
    for (const Contender& contender : offer.contenders) offer.ns.push_back(contender.candidate.estimate_ns);
    if (!options_.measure || offer.problem.has_unknown_dims() || !timeable(offer)) return;
    const std::string key = offer.problem.key();
    const auto [known, first] = timed_.try_emplace(key);
    if (first) {
      known->second = look_up(key, offer.contenders);
      if (known->second.empty()) {
        known->second = tuner_.measure(offer.problem, offer.contenders);
        if (options_.cache != nullptr) {
          for (std::size_t i = 0; i < offer.contenders.size(); ++i) {
            options_.cache->insert(key, cache_name(offer.contenders[i]), known->second[i]);
          }
        }
      }
    }
    if (known->second.size() != offer.contenders.size()) return;
    offer.ns = known->second;
    offer.measured = true;
  }

  // One candidate for one set of layouts needs no clock, unless it competes through its layouts.
  static bool timeable(const Offer& offer) {
    const bool all_host = std::all_of(
        offer.contenders.begin(), offer.contenders.end(),
        [](const Contender& c) { return !is_fallback(*c.tactic) && !c.tactic->name().starts_with("view."); });
    return all_host && !offer.contenders.empty();
  }

  std::vector<double> look_up(const std::string& key, const std::vector<Contender>& contenders) const {
    std::vector<double> times;
    if (options_.cache == nullptr) return times;
    for (const Contender& contender : contenders) {
      const auto ns = options_.cache->find(key, cache_name(contender));
      if (!ns) return {};
      times.push_back(*ns);
    }
    return times;
  }

  // Of contenders with equal layouts only the fastest stays; near ties go to the one listed first.
  static void keep_best_per_layout(Offer& offer) {
    std::vector<Contender> kept;
    std::vector<double> ns;
    std::unordered_map<std::string, std::size_t> position;
    for (std::size_t i = 0; i < offer.contenders.size(); ++i) {
      Considered considered{shown_name(offer.contenders[i]), "", offer.contenders[i].candidate.estimate_ns,
                            offer.measured ? offer.ns[i] : 0};
      offer.considered.push_back(std::move(considered));
      const auto [at, inserted] = position.emplace(layout_key(offer.contenders[i].candidate), kept.size());
      if (inserted) {
        kept.push_back(offer.contenders[i]);
        ns.push_back(offer.ns[i]);
      } else if (offer.ns[i] < ns[at->second] * (1 - kTie)) {
        kept[at->second] = offer.contenders[i];
        ns[at->second] = offer.ns[i];
      }
    }
    offer.contenders = std::move(kept);
    offer.ns = std::move(ns);
  }

  // --- conversions ---

  const NodeChoice& conversion(ValueId value, const Layout& from, const Layout& to) {
    const std::string key = fmt::format("{}|{}|{}", value.value, from.to_string(), to.to_string());
    if (const auto found = conversions_.find(key); found != conversions_.end()) return found->second;
    const Type& type = graph_.value(value).type;
    NodeChoice choice{NodeId(), nullptr, {}, conversion_problem(type, from, to), kImpossible, false, {}};
    if (type.is_tensor()) {
      Offer offer = offer_for(choice.problem);
      std::erase_if(offer.contenders, [](const Contender& c) { return is_fallback(*c.tactic); });
      if (!offer.contenders.empty()) {
        time(offer);
        const auto best =
            static_cast<std::size_t>(std::min_element(offer.ns.begin(), offer.ns.end()) - offer.ns.begin());
        choice.tactic = offer.contenders[best].tactic;
        choice.candidate = offer.contenders[best].candidate;
        choice.ns = offer.ns[best];
        choice.measured = offer.measured;
      }
    }
    return conversions_.emplace(key, std::move(choice)).first->second;
  }

  Problem conversion_problem(const Type& type, const Layout& from, const Layout& to) const {
    op::Reorder reorder;
    reorder.from = from.to_string();
    reorder.to = to.to_string();
    Problem problem{Op(reorder), {}, {}, options_.accuracy, options_.isa, options_.threads, nullptr, {}};
    problem.inputs.push_back(operand_of(type, nullptr, options_));
    problem.outputs.push_back(problem.inputs.front());
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

  Assignment solve() {
    find_consumers();
    Pbqp pbqp;
    for (std::size_t i = 0; i < nodes_.size(); ++i) pbqp.add_node(node_costs(i));
    for (std::size_t i = 0; i < nodes_.size(); ++i) add_edges(pbqp, i);
    std::vector<std::size_t> labels = pbqp.solve().labels;
    improve(labels);
    return assemble(labels);
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

  const Offer& offer(std::size_t node) const { return offers_[node]; }

  // Own time plus conversions of network inputs and outputs, which are plain.
  std::vector<double> node_costs(std::size_t i) {
    std::vector<double> costs = offer(i).ns;
    const Node& node = graph_.node(nodes_[i]);
    for (std::size_t label = 0; label < costs.size(); ++label) {
      const Candidate& candidate = offer(i).contenders[label].candidate;
      for (std::size_t operand = 0; operand < operands_[i].size(); ++operand) {
        const ValueId value = operands_[i][operand];
        if (!value.valid() || graph_.constant(value) != nullptr || producer_.contains(value)) continue;
        costs[label] += conversion_ns(value, {}, candidate.inputs[operand]);
      }
      for (std::size_t k = 0; k < node.outputs.size(); ++k) {
        if (graph_.is_output(node.outputs[k]))
          costs[label] += conversion_ns(node.outputs[k], candidate.outputs[k], {});
      }
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
      std::vector<std::vector<double>> cost(offer(p).contenders.size(),
                                            std::vector<double>(offer(i).contenders.size()));
      bool any = false;
      for (std::size_t a = 0; a < cost.size(); ++a) {
        for (std::size_t b = 0; b < cost[a].size(); ++b) {
          cost[a][b] = conversion_ns(value, offer(p).contenders[a].candidate.outputs[k],
                                     offer(i).contenders[b].candidate.inputs[operand]);
          any = any || cost[a][b] != 0;
        }
      }
      if (any) pbqp.add_edge(p, i, cost);
    }
  }

  Layout produced(const std::vector<std::size_t>& labels, ValueId value) const {
    const auto producer = producer_.find(value);
    if (producer == producer_.end()) return {};
    return offer(producer->second)
        .contenders[labels[producer->second]]
        .candidate.outputs[graph_.value(value).index];
  }

  // Layouts in which `value` is wanted, each once, without the produced one.
  std::vector<Layout> wanted(const std::vector<std::size_t>& labels, ValueId value) const {
    const Layout from = produced(labels, value);
    std::vector<Layout> layouts;
    const auto found = consumers_.find(value);
    if (found == consumers_.end()) return layouts;
    for (const Consumer& consumer : found->second) {
      const Layout to =
          consumer.node == kOutside
              ? Layout()
              : offer(consumer.node).contenders[labels[consumer.node]].candidate.inputs[consumer.operand];
      if (to == from || std::find(layouts.begin(), layouts.end(), to) != layouts.end()) continue;
      layouts.push_back(to);
    }
    return layouts;
  }

  double value_cost(const std::vector<std::size_t>& labels, ValueId value) {
    double cost = 0;
    for (const Layout& to : wanted(labels, value)) cost += conversion_ns(value, produced(labels, value), to);
    return cost;
  }

  // The exact share of node i in the total: conversions that several consumers use are paid once.
  double local_cost(const std::vector<std::size_t>& labels, std::size_t i) {
    double cost = offer(i).ns[labels[i]];
    std::unordered_set<std::uint32_t> seen;
    for (ValueId value : operands_[i]) {
      if (value.valid() && graph_.constant(value) == nullptr && seen.insert(value.value).second) {
        cost += value_cost(labels, value);
      }
    }
    for (ValueId value : graph_.node(nodes_[i]).outputs) cost += value_cost(labels, value);
    return cost;
  }

  void improve(std::vector<std::size_t>& labels) {
    constexpr int kMostRounds = 8;
    for (int round = 0; round < kMostRounds; ++round) {
      bool changed = false;
      for (std::size_t i = 0; i < nodes_.size(); ++i) {
        if (offer(i).contenders.size() < 2) continue;
        const std::size_t before = labels[i];
        std::size_t best = before;
        double best_cost = local_cost(labels, i);
        for (std::size_t label = 0; label < offer(i).contenders.size(); ++label) {
          labels[i] = label;
          const double cost = local_cost(labels, i);
          if (cost < best_cost * (1 - 1e-9)) {
            best_cost = cost;
            best = label;
          }
        }
        labels[i] = best;
        changed = changed || best != before;
      }
      if (!changed) return;
    }
  }

  Assignment assemble(const std::vector<std::size_t>& labels) {
    Assignment assignment;
    for (std::size_t i = 0; i < nodes_.size(); ++i) {
      const Offer& from = offer(i);
      const Contender& contender = from.contenders[labels[i]];
      assignment.nodes.push_back({nodes_[i], contender.tactic, contender.candidate, from.problem,
                                  from.ns[labels[i]], from.measured, from.considered});
      assignment.total_ns += from.ns[labels[i]];
      const Node& node = graph_.node(nodes_[i]);
      for (std::size_t k = 0; k < node.outputs.size(); ++k) {
        if (!contender.candidate.outputs[k].is_plain())
          assignment.layouts[node.outputs[k]] = contender.candidate.outputs[k];
      }
    }
    const auto add_conversions = [&](ValueId value) {
      for (const Layout& to : wanted(labels, value)) {
        const NodeChoice& choice = conversion(value, produced(labels, value), to);
        TENON_CHECK(choice.tactic != nullptr, "nothing converts '{}' from '{}' to '{}'",
                    graph_.value(value).name, produced(labels, value).to_string(), to.to_string());
        assignment.conversions.push_back({value, to, choice});
        assignment.total_ns += choice.ns;
      }
    };
    for (ValueId value : graph_.inputs()) add_conversions(value);
    for (NodeId id : nodes_) {
      for (ValueId value : graph_.node(id).outputs) add_conversions(value);
    }
    return assignment;
  }

 public:
  static Operand operand_of(const Type& type, const Tensor* constant, const ChooseOptions& options) {
    Operand operand{type, {}, {}, true, constant};
    if (!type.is_tensor() || !type.as_tensor().dims) return operand;
    SymbolValues opt;
    SymbolRanges ranges;
    for (const PlanSymbol& symbol : options.profile) {
      opt[symbol.name] = symbol.opt;
      ranges[symbol.name] = {symbol.min, symbol.max};
    }
    for (const Dim& dim : *type.as_tensor().dims) {
      const std::int64_t max =
          dim.is_unknown() ? std::numeric_limits<std::int64_t>::max() : dim.interval(ranges).max;
      operand.max_dims.push_back(max == std::numeric_limits<std::int64_t>::max() ? -1 : max);
      operand.dims.push_back(dim.eval(opt).value_or(1));
    }
    return operand;
  }

 private:
  Graph& graph_;
  const TacticRegistry& tactics_;
  const ChooseOptions& options_;
  ThreadPool pool_;
  Tuner tuner_;
  std::vector<NodeId> nodes_;
  std::vector<std::vector<ValueId>> operands_;  // of nodes_
  std::vector<Offer> offers_;                   // of nodes_, in step
  std::unordered_map<std::string, std::vector<double>> timed_;
  std::unordered_map<std::string, NodeChoice> conversions_;
  std::unordered_map<ValueId, std::size_t> producer_;
  std::unordered_map<ValueId, std::vector<Consumer>> consumers_;
};

}  // namespace

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
      problem.inputs.push_back(Chooser::operand_of(graph.value(input).type, graph.constant(input), options));
    }
  }
  for (ValueId output : node.outputs) {
    problem.outputs.push_back(Chooser::operand_of(graph.value(output).type, nullptr, options));
  }
  return problem;
}

Assignment choose(Graph& graph, const TacticRegistry& tactics, const StepRegistry& steps,
                  const ChooseOptions& options) {
  return Chooser(graph, tactics, steps, options).run();
}

}  // namespace tenon
