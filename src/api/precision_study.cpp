#include "api/precision_study.hpp"

#include "api/backends.hpp"
#include "api/marked_graph.hpp"
#include "api/pipeline.hpp"
#include "base/check.hpp"
#include "ir/patch.hpp"
#include "ops/conv.hpp"
#include "ops/conv_transpose.hpp"
#include "ops/dequantize_linear.hpp"
#include "ops/matmul.hpp"
#include "ops/quantize_linear.hpp"
#include "ops/scalar.hpp"
#include "runtime/builtin_steps.hpp"
#include "tactics/decompose.hpp"
#include "tactics/offer.hpp"
#include "tactics/pricer.hpp"

#include <tenon/error.hpp>

#include <algorithm>
#include <limits>
#include <map>
#include <numeric>
#include <set>
#include <utility>

namespace tenon {
namespace {

constexpr double kContested = 1.25;  // trials are at most that much behind
constexpr double kGlanced = 1.5;     // likewise, where some of the times are rough
constexpr double kClear = 0.3;       // of what a layer's floats are estimated to take, integers take less

bool is_integer_tensor(const Type& type) {
  if (!type.is_tensor()) return false;
  const DataType dtype = type.as_tensor().dtype;
  return dtype == DataType::i8 || dtype == DataType::u8;
}

// Rounding that placement put there: no part of a layer.
bool is_placed_dequantize(const Node& node) {
  const auto* op = node.op.as<op::DequantizeLinear>();
  return op != nullptr && op->optional;
}
bool is_placed_rounding(const Node& node) {
  const auto* op = node.op.as<op::QuantizeLinear>();
  return (op != nullptr && op->optional) || is_placed_dequantize(node);
}

// What is placed behind a node has its mark.
void mark_rounding(Graph& graph) {
  for (const NodeId id : graph.nodes(graph.body())) {
    if (!is_placed_rounding(graph.node(id))) continue;
    const NodeId from = graph.value(graph.node(id).inputs[0]).producer;
    if (from.valid() && !marks_of(graph.node(from).location).empty())
      set_location(graph, id, graph.node(from).location);
  }
}

bool is_known_form(const PrecisionStudy::Form& form) { return form.known; }

bool promises_more(const PrecisionStudy::Trial& a, const PrecisionStudy::Trial& b) { return a.ns() < b.ns(); }

bool is_known(const NodeChoice& choice) { return choice.measured || !can_be_timed(*choice.tactic); }

}  // namespace

PrecisionStudy::PrecisionStudy(Graph placing, const Graph* exact, const BuildOptions& build,
                               const ChooseOptions& choosing)
    : placing_(std::move(placing)), exact_(exact), build_(build), choosing_(choosing) {
  const Int8Options& int8 = *build.int8;
  survey_ = quant::survey_placement(placing_, quant::ranges_of(int8.table, int8.rule, int8.rules),
                                    int8.scheme, int8.overrides);
  for (const NodeId id : positioned_nodes(placing_)) locations_.push_back(placing_.node(id).location);
  Trial integers = optimized({});
  Trial floats = optimized(survey_.concerned);
  find_layers(integers.optimized, floats.optimized);
  choose_for(integers, nullptr);
  integers_ = integers.forms;
  trials_.push_back(std::move(integers));
  if (!survey_.concerned.empty()) add_others(std::move(floats));
  std::stable_sort(trials_.begin(), trials_.end(), promises_more);
  std::erase_if(trials_, [most = trials_[0].ns() * kContested](const Trial& t) { return t.ns() > most; });
}

// What integers compete with, where all that counts could be measured.
void PrecisionStudy::add_others(Trial floats) {
  if (!std::all_of(integers_.begin(), integers_.end(), is_known_form)) return;
  choose_for(floats, &integers_);
  if (!std::all_of(floats.forms.begin(), floats.forms.end(), is_known_form)) return;
  floats_ = floats.forms;
  find_values();
  price_values();
  add_best({problem(1), problem(0)});
  const double least = std::min_element(trials_.begin(), trials_.end(), promises_more)->ns();
  if (!survey_.ordered.empty() || floats.ns() > least * kGlanced) return;
  choose_for(floats, nullptr);
  floats_ = floats.forms;
  trials_.push_back(std::move(floats));
}

PrecisionStudy::Trial PrecisionStudy::optimized(quant::Positions slower) const {
  Trial trial{std::move(slower), placing_, nullptr, {}, {}, {}, {}};
  if (exact_ != nullptr) take_exact_parameters(trial.optimized, trial.slower);
  const std::vector<NodeId> nodes = positioned_nodes(trial.optimized);
  place_and_finish(trial.optimized, build_, trial.slower, trial.report, [&](Graph& graph) {
    mark(graph, nodes);
    mark_rounding(graph);
  });
  if (build_.taps) show_taps(trial.optimized);
  return trial;
}

// Weights and biases of convolutions and products that stay float.
void PrecisionStudy::take_exact_parameters(Graph& graph, const quant::Positions& slower) const {
  const std::vector<NodeId> nodes = positioned_nodes(graph), others = positioned_nodes(*exact_);
  if (nodes.size() != others.size()) return;  // it has been optimized to something else
  for (const std::size_t position : slower) {
    const NodeId id = nodes[position];
    const Op& op = graph.node(id).op;
    const std::vector<ValueId>& exact = exact_->node(others[position]).inputs;
    if (!op.is<op::Conv>() && !op.is<op::ConvTranspose>() && !op.is<op::MatMul>()) continue;
    for (std::size_t i = 1; i < graph.node(id).inputs.size(); ++i) {
      const ValueId input = graph.node(id).inputs[i];
      const Tensor* mine = input.valid() ? graph.constant(input) : nullptr;
      if (mine == nullptr) continue;
      const bool there = i < exact.size() && exact[i].valid();
      const Tensor* theirs = there ? exact_->constant(exact[i]) : nullptr;
      Tensor none(mine->dtype(), mine->shape());  // for a bias that only the correction needed
      std::fill_n(none.mutable_data(), none.size_bytes(), std::byte{0});
      Patch patch(graph, id);
      patch.set_location("");
      const ValueId constant = patch.add_constant(theirs != nullptr ? *theirs : std::move(none));
      graph.apply(std::move(patch));
      graph.set_operand(id, i, constant);
    }
  }
}

// Names are those of the model from here on.
void PrecisionStudy::tell_layers(Trial& trial) const {
  trial.graph = std::make_unique<Graph>(trial.optimized);
  decompose_unsupported(*trial.graph, builtin_tactics(build_.device), choosing_);
  for (const NodeId id : positioned_nodes(*trial.graph)) {
    const std::vector<std::size_t> marks = marks_of(trial.graph->node(id).location);
    if (!marks.empty()) trial.layers.emplace(id, layer_[marks.front()]);
  }
  unmark(trial.optimized, locations_);
  unmark(*trial.graph, locations_);
}

// `integers`: what the layers take on integers, where the trial has them on floats and only a rough answer is
// wanted of those that are clear.
void PrecisionStudy::choose_for(Trial& trial, const std::vector<Form>* integers) const {
  if (trial.graph == nullptr) tell_layers(trial);
  ChooseOptions options = choosing_;
  options.effort = [&](const Graph&, NodeId node) { return effort(trial, node, integers); };
  trial.choice = choose(*trial.graph, builtin_tactics(build_.device), builtin_steps(), options);
  trial.forms = forms_of(trial);
}

Effort PrecisionStudy::effort(const Trial& trial, NodeId id, const std::vector<Form>* integers) const {
  if (is_placed_rounding(trial.graph->node(id))) return Effort::know;
  const auto layer = trial.layers.find(id);
  if (layer == trial.layers.end() || !is_free(layer->second)) return Effort::decide;
  if (integers == nullptr) return Effort::know;
  double estimate = std::numeric_limits<double>::infinity();
  for (const Contender& contender :
       offer_for(problem_of(*trial.graph, id, choosing_), builtin_tactics(build_.device)).contenders)
    estimate = std::min(estimate, contender.candidate.estimate_ns);
  const Form& other = integers->at(layer->second);
  return other.known && other.ns < kClear * estimate ? Effort::glance : Effort::know;
}

// --- layers ---

void PrecisionStudy::find_layers(const Graph& integers, const Graph& floats) {
  std::vector<std::size_t> parent(locations_.size());
  std::iota(parent.begin(), parent.end(), std::size_t{0});
  const auto root = [&](std::size_t at) {
    while (parent[at] != at) at = parent[at];
    return at;
  };
  for (const Graph* graph : {&integers, &floats}) {
    for (const NodeId id : positioned_nodes(*graph)) {
      const std::vector<std::size_t> marks = marks_of(graph->node(id).location);
      for (const std::size_t mark : marks) {
        const std::size_t one = root(marks.front()), other = root(mark);
        parent[std::max(one, other)] = std::min(one, other);
      }
    }
  }
  for (std::size_t i = 0; i < parent.size(); ++i) {
    if (root(i) == i) members_.emplace_back();
    layer_.push_back(root(i) == i ? members_.size() - 1 : layer_[root(i)]);
    members_[layer_[i]].push_back(i);
  }
}

std::vector<PrecisionStudy::Form> PrecisionStudy::forms_of(const Trial& trial) const {
  std::vector<Form> forms(members_.size());
  const Graph& graph = *trial.graph;
  const auto layer_of = [&](NodeId node) {
    const auto found = trial.layers.find(node);
    return found != trial.layers.end() ? std::optional(found->second) : std::nullopt;
  };
  for (const NodeChoice& choice : trial.choice.best.nodes) {
    const Node& node = graph.node(choice.node);
    const auto layer = layer_of(choice.node);
    if (!layer) continue;
    Form& form = forms[*layer];
    if (is_placed_dequantize(node)) form.dequantize_ns += choice.ns;
    if (is_placed_rounding(node)) continue;
    form.ns += choice.ns;
    form.known = form.known && (is_known(choice) || !is_free(*layer));
    for (const ValueId input : node.inputs) {
      if (!input.valid() || !is_integer_tensor(graph.type(input)) || graph.constant(input) != nullptr)
        continue;
      const NodeId from = graph.value(input).producer;
      if (layer_of(from) != layer || is_placed_rounding(graph.node(from))) form.takes_integers = true;
    }
    for (const ValueId output : node.outputs) {
      if (!is_integer_tensor(graph.type(output))) continue;
      for (const Use& use : graph.value(output).uses) {
        if (layer_of(use.node) != layer || is_placed_rounding(graph.node(use.node)))
          form.gives_integers = true;
      }
    }
  }
  for (const Conversion& conversion : trial.choice.best.conversions) {
    const Value& value = graph.value(conversion.value);
    auto layer = layer_of(value.producer);
    for (const Use& use : value.uses) {
      if (!layer) layer = layer_of(use.node);
    }
    if (layer) forms[*layer].ns += conversion.choice.ns;
  }
  return forms;
}

// --- values ---

void PrecisionStudy::find_values() {
  std::map<NodeId, std::size_t> layers;
  const std::vector<NodeId> nodes = positioned_nodes(placing_);
  std::vector<ValueId> values(placing_.inputs().begin(), placing_.inputs().end());
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    layers.emplace(nodes[i], layer_[i]);
    const std::vector<ValueId>& outputs = placing_.node(nodes[i]).outputs;
    values.insert(values.end(), outputs.begin(), outputs.end());
  }
  for (const ValueId id : values) {
    const Value& value = placing_.value(id);
    if (!value.type.is_tensor() || value.type.as_tensor().dtype != DataType::f32) continue;
    PrecisionProblem::Value between;
    if (value.producer.valid()) between.producer = layers.at(value.producer);
    std::set<std::size_t> consumers;
    for (const Use& use : value.uses) {
      const auto layer = layers.find(use.node);
      if (layer == layers.end()) {
        between.leaves = true;
      } else if (layer->second != between.producer) {
        consumers.insert(layer->second);
      }
    }
    between.consumers.assign(consumers.begin(), consumers.end());
    const bool given = between.producer && integers_[*between.producer].gives_integers;
    const bool taken = std::any_of(consumers.begin(), consumers.end(),
                                   [&](std::size_t layer) { return integers_[layer].takes_integers; });
    if (!given && !taken) continue;
    values_.push_back(id);
    value_costs_.push_back(std::move(between));
  }
}

void PrecisionStudy::price_values() {
  Pricer pricer(builtin_steps(), choosing_);
  const TacticRegistry& tactics = builtin_tactics(build_.device);
  for (std::size_t i = 0; i < values_.size(); ++i) {
    const auto rounded = survey_.rounded.find(values_[i]);
    const DataType dtype = rounded != survey_.rounded.end() ? rounded->second : DataType::i8;
    const Type& floats = placing_.value(values_[i]).type;
    Type integers = floats;
    integers.as_tensor().dtype = dtype;
    const Tensor scale = scalar_tensor(DataType::f32, 1.0), zero = scalar_tensor(dtype, 0.0);
    const auto price = [&](Op op, const Type& from, const Type& to) {
      Problem problem{std::move(op),     {},      {}, choosing_.accuracy, choosing_.isa,
                      choosing_.threads, nullptr, {}};
      problem.inputs.push_back(operand_of(from, nullptr, choosing_));
      for (const Tensor* constant : {&scale, &zero})
        problem.inputs.push_back(operand_of(Type::tensor(constant->dtype(), Dims{}), constant, choosing_));
      problem.outputs.push_back(operand_of(to, nullptr, choosing_));
      return cheapest(std::move(problem), tactics, pricer).ns;
    };
    value_costs_[i].quantize_ns = price(op::QuantizeLinear{}, floats, integers);
    value_costs_[i].dequantize_ns = price(op::DequantizeLinear{}, integers, floats);
  }
}

// --- deciding ---

bool PrecisionStudy::is_free(std::size_t layer) const {
  return std::any_of(members_[layer].begin(), members_[layer].end(),
                     [&](std::size_t i) { return survey_.concerned.contains(i); });
}

// `dequantize_share`: of the price of a step of its own.
PrecisionProblem PrecisionStudy::problem(double dequantize_share) const {
  PrecisionProblem problem;
  for (std::size_t l = 0; l < members_.size(); ++l) {
    PrecisionProblem::Layer layer{floats_[l].ns, integers_[l].ns, integers_[l].takes_integers,
                                  integers_[l].gives_integers, std::nullopt};
    const bool ordered = std::any_of(members_[l].begin(), members_[l].end(),
                                     [&](std::size_t i) { return survey_.ordered.contains(i); });
    if (ordered) {
      layer.on_integers = true;
    } else if (!is_free(l)) {
      layer.on_integers = false;
    }
    problem.layers.push_back(layer);
  }
  problem.values = value_costs_;
  for (PrecisionProblem::Value& value : problem.values) value.dequantize_ns *= dequantize_share;
  return problem;
}

quant::Positions PrecisionStudy::slower_of(const std::vector<bool>& on_integers) const {
  quant::Positions slower;
  for (const std::size_t position : survey_.concerned) {
    if (!on_integers[layer_[position]]) slower.insert(position);
  }
  return slower;
}

// Of the solutions that are no trials yet, the one that promises most as a network.
void PrecisionStudy::add_best(const std::vector<PrecisionProblem>& problems) {
  std::vector<Trial> found;
  for (const PrecisionProblem& problem : problems) {
    const quant::Positions slower = slower_of(choose_precision(problem).on_integers);
    if (slower == survey_.concerned) continue;  // FP32, which is tried in any case
    const auto is_this = [&](const Trial& trial) { return trial.slower == slower; };
    if (std::any_of(trials_.begin(), trials_.end(), is_this) ||
        std::any_of(found.begin(), found.end(), is_this))
      continue;
    try {
      Trial trial = optimized(slower);
      choose_for(trial, nullptr);
      found.push_back(std::move(trial));
    } catch (const ModelError&) {
      // An override insists on integers where nothing would read them.
    }
  }
  const auto best = std::min_element(found.begin(), found.end(), promises_more);
  if (best != found.end()) trials_.push_back(std::move(*best));
}

// --- telling ---

std::string PrecisionStudy::name_of(const Trial& trial) const {
  if (trial.slower.empty()) return "INT8 wherever possible";
  return trial.slower.size() == survey_.concerned.size() ? "FP32" : "INT8 where it pays";
}

PrecisionCosts PrecisionStudy::costs(std::size_t taken) const {
  PrecisionCosts costs;
  if (floats_.empty()) return costs;
  for (const Trial& trial : trials_)
    costs.trials.push_back({name_of(trial), trial.ns(), 0, &trial == &trials_[taken]});
  const std::vector<Form>& forms = trials_[taken].forms;
  std::vector<LayerCost> layers(members_.size());
  std::vector<bool> on_integers;
  for (const Form& form : forms) on_integers.push_back(form.takes_integers || form.gives_integers);

  const std::vector<NodeId> nodes = positioned_nodes(placing_);
  for (std::size_t l = 0; l < members_.size(); ++l) {
    LayerCost& layer = layers[l];
    layer.float_ns = floats_[l].ns;
    layer.integer_ns = integers_[l].ns;
    layer.measured = floats_[l].known && integers_[l].known;
    if (on_integers[l]) {
      layer.precision = DataType::i8;
      layer.dequantize_ns = forms[l].dequantize_ns + std::max(0.0, forms[l].ns - integers_[l].ns);
    }
    std::vector<std::string> names;
    bool found = false;
    for (const std::size_t i : members_[l]) {
      layer.ordered = layer.ordered || survey_.ordered.contains(i);
      if (std::find(names.begin(), names.end(), locations_[i]) == names.end()) names.push_back(locations_[i]);
      for (const ValueId input : placing_.node(nodes[i]).inputs) {
        const auto rounded = survey_.rounded.find(input);
        if (rounded == survey_.rounded.end() || found || !on_integers[l]) continue;
        layer.precision = rounded->second;
        found = true;
      }
    }
    for (const std::string& name : names) layer.layer += (layer.layer.empty() ? "" : " + ") + name;
  }
  for (const PrecisionProblem::Value& value : value_costs_) {
    const bool given = value.producer && forms[*value.producer].gives_integers;
    const auto reader = std::find_if(value.consumers.begin(), value.consumers.end(),
                                     [&](std::size_t l) { return forms[l].takes_integers; });
    if (!given && reader != value.consumers.end()) layers[*reader].quantize_ns += value.quantize_ns;
    for (const std::size_t l : value.consumers) {
      const bool could = !on_integers[l] && integers_[l].takes_integers;
      if (could && !given && reader == value.consumers.end()) layers[l].quantize_ns += value.quantize_ns;
    }
    if (!value.producer || on_integers[*value.producer] || !integers_[*value.producer].gives_integers)
      continue;
    const bool read = value.leaves || std::any_of(value.consumers.begin(), value.consumers.end(),
                                                  [&](std::size_t l) { return !forms[l].takes_integers; });
    if (read) layers[*value.producer].dequantize_ns += value.dequantize_ns;
  }
  for (std::size_t l = 0; l < layers.size(); ++l) {
    if (is_free(l) && layers[l].float_ns + layers[l].integer_ns > 0)
      costs.layers.push_back(std::move(layers[l]));
  }
  return costs;
}

}  // namespace tenon
