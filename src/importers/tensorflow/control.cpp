// Control flow: Switch and Merge become If, frames become Loop, functions are inlined or become regions.
#include "importers/loop_types.hpp"
#include "importers/nesting.hpp"
#include "importers/tensorflow/importer.hpp"
#include "ops/cast.hpp"
#include "ops/if.hpp"
#include "ops/loop.hpp"

#include <tenon/error.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace tenon::tensorflow {
namespace {

constexpr int kMaxNesting = 64;
constexpr int kMaxAttempts = 100;
constexpr std::string_view kNested = "loops, conditions and functions";

bool depends_on(const Wiring& wiring, Ref ref, Ref predicate) {
  const auto& condition = wiring.condition(ref);
  return std::any_of(condition.begin(), condition.end(),
                     [&](const Wiring::Literal& literal) { return literal.predicate == predicate; });
}

}  // namespace

const std::vector<Ref>& Importer::dependencies(const Wiring& wiring, std::uint32_t index) {
  const Flow flow = wiring.flow(index);
  const bool loop_merge = flow == Flow::merge && wiring.is_loop_merge(index);
  if (loop_merge) throw ModelError("it is used outside of its loop");
  if (flow != Flow::merge && flow != Flow::exit) return wiring.inputs(index);
  auto& known = dependencies_[&wiring];  // stays where it is while others are added
  if (const auto found = known.find(index); found != known.end()) return found->second;
  const Counted counted(depth_, kMaxNesting, kNested);
  std::vector<Ref> outside;
  if (flow == Flow::merge) {
    outside_of_merge(wiring, index, outside);
  } else {
    const Wiring::Frame* frame = wiring.frame(index);
    if (frame == nullptr || !frame->has_condition) throw ModelError("its loop is not complete");
    outside_of_frame(wiring, *frame, outside, nullptr);
  }
  return known.emplace(index, std::move(outside)).first->second;
}

// What the branches of the Merge, and of those decided with it, take from nodes that run in either case.
void Importer::outside_of_merge(const Wiring& wiring, std::uint32_t merge, std::vector<Ref>& outside) {
  const auto choice = wiring.choice(merge);
  if (!choice) throw ModelError("it joins values that no Switch decides between");
  outside.push_back(choice->predicate);
  std::vector<Ref> stack;
  for (const std::uint32_t member : wiring.merge_group(merge)) {
    for (const Ref& ref : wiring.inputs(member)) stack.push_back(ref);
  }
  std::unordered_set<std::uint64_t> visited;
  while (!stack.empty()) {
    const Ref ref = stack.back();
    stack.pop_back();
    if (!visited.insert(ref.key()).second) continue;
    if (!depends_on(wiring, ref, choice->predicate)) {
      outside.push_back(ref);
      continue;
    }
    for (const Ref& before : dependencies(wiring, ref.node)) stack.push_back(before);
  }
}

// What the nodes of a loop take from outside: the operands of its Enters.
void Importer::outside_of_frame(const Wiring& wiring, const Wiring::Frame& frame, std::vector<Ref>& outside,
                                std::vector<std::uint32_t>* enters) {
  std::vector<Ref> stack = {frame.condition};
  for (const Wiring::Frame::Variable& variable : frame.variables) {
    outside.push_back(variable.initial);
    stack.push_back(variable.next);
  }
  std::unordered_set<std::uint64_t> visited;
  while (!stack.empty()) {
    const Ref ref = stack.back();
    stack.pop_back();
    if (!visited.insert(ref.key()).second) continue;
    const Flow flow = wiring.flow(ref.node);
    if ((flow == Flow::merge || flow == Flow::switch_) && wiring.frame(ref.node) == &frame) continue;
    if (flow == Flow::enter && wiring.frame_name(ref.node) == frame.name) {
      if (wiring.inputs(ref.node).size() != 1) throw ModelError("an Enter has no operand");
      outside.push_back(wiring.inputs(ref.node).front());
      if (enters != nullptr) enters->push_back(ref.node);
      continue;
    }
    for (const Ref& before : dependencies(wiring, ref.node)) stack.push_back(before);
  }
}

RegionId Importer::build_region(FunctionRef<Values()> build) {
  const Counted counted(depth_, kMaxNesting, kNested);
  const InsertionGuard guard(graph_);
  const RegionId region = graph_.add_region();
  graph_.set_insertion_region(region);
  graph_.set_results(region, build());
  return region;
}

Values Importer::build_if(ValueId condition, FunctionRef<Values()> taken, FunctionRef<Values()> otherwise) {
  if (graph_.type(condition).as_tensor().dtype != DataType::boolean)
    condition = graph_.add(op::Cast{.to = DataType::boolean}, {condition});
  // Switches that training sets are constants in a frozen graph.
  if (const Tensor* known = graph_.constant(condition); known != nullptr && known->elements() == 1)
    return known->values<bool>()[0] ? taken() : otherwise();
  const RegionId when_true = build_region(taken);
  const RegionId when_false = build_region(otherwise);
  const std::size_t results = graph_.region(when_true).results.size();
  return graph_.add_region_node(op::If{}, {condition}, {when_true, when_false}, results);
}

void Importer::import_merge(Scope& scope, std::uint32_t index) {
  const Wiring& wiring = scope.wiring;
  const Ref predicate = wiring.choice(index)->predicate;
  const std::vector<std::uint32_t>& group = wiring.merge_group(index);
  const auto branch = [&](bool when) {
    return [&, when] {
      Scope inner{wiring, &scope, scope.call};
      std::vector<Ref> refs;
      for (const std::uint32_t merge : group) {
        const std::size_t taken = wiring.choice(merge)->when_true;
        refs.push_back(wiring.inputs(merge)[when ? taken : 1 - taken]);
      }
      Values results = import_values(inner, refs);
      for (const std::uint32_t merge : group) {
        if (!wiring.is_used({merge, 1})) continue;
        const std::size_t taken = wiring.choice(merge)->when_true;
        const auto position = static_cast<std::int32_t>(when ? taken : 1 - taken);
        results.push_back(
            graph_.add_constant(Tensor::of<std::int32_t>({}, std::span<const std::int32_t>(&position, 1))));
      }
      return results;
    };
  };
  Values results;
  try {
    results = build_if(value(scope, predicate), branch(true), branch(false));
  } catch (const Poisoned&) {
    for (const std::uint32_t merge : group) poison(scope, merge);
    return;
  } catch (const ModelError& error) {
    for (const std::uint32_t merge : group) {
      add_problem(scope, wiring.node(merge), error.message());
      poison(scope, merge);
    }
    return;
  }
  std::size_t position = group.size();
  for (std::size_t i = 0; i < group.size(); ++i) {
    Values outputs = {results[i]};
    if (wiring.is_used({group[i], 1})) outputs.push_back(results[position++]);
    define(scope, group[i], outputs);
  }
}

void Importer::import_loop(Scope& scope, std::uint32_t index) {
  const Wiring& wiring = scope.wiring;
  const Wiring::Frame& frame = *wiring.frame(index);
  std::vector<Ref> outside;
  std::vector<std::uint32_t> enters;
  outside_of_frame(wiring, frame, outside, &enters);
  Values initial;
  for (const Wiring::Frame::Variable& variable : frame.variables)
    initial.push_back(value(scope, variable.initial));

  // The values that the nodes of one iteration start from.
  const auto iteration = [&](const Values& values) {
    Scope inner{wiring, &scope, scope.call};
    const auto bind = [&](std::uint32_t node, std::uint32_t ports, ValueId id) {
      for (std::uint32_t port = 0; port < ports; ++port) inner.values[Ref{node, port}.key()] = id;
      inner.done.insert(node);
    };
    for (std::size_t i = 0; i < values.size(); ++i) bind(frame.variables[i].merge, 1, values[i]);
    for (const std::uint32_t enter : enters) bind(enter, 1, value(scope, wiring.inputs(enter).front()));
    for (const auto& [node, variable] : frame.switches) bind(node, 2, values[variable]);
    return inner;
  };
  const Step condition = [&](const Values& values) {
    Scope inner = iteration(values);
    return import_values(inner, {frame.condition});
  };
  const Step next = [&](const Values& values) {
    Scope inner = iteration(values);
    std::vector<Ref> refs;
    for (const Wiring::Frame::Variable& variable : frame.variables) refs.push_back(variable.next);
    return import_values(inner, refs);
  };
  const Values results = build_loop(initial, condition, next);
  for (const auto& [node, variable] : frame.exits) define(scope, node, {results[variable]});
}

bool Importer::attempt(FunctionRef<void()> build) {
  if (++attempts_ > kMaxAttempts) return false;
  Graph graph = graph_;
  Notes notes = notes_;
  const std::size_t problems = problems_.size();
  std::set<const NodeDef*> listed = listed_;
  bool built = false;
  try {
    build();
    built = problems_.size() == problems;
  } catch (const Poisoned&) {
  } catch (const ModelError&) {
  }
  if (built) return true;
  graph_ = std::move(graph);
  notes_ = std::move(notes);
  problems_.resize(problems);
  listed_ = std::move(listed);
  return false;
}

RegionId Importer::build_body(const Values& operands, const std::vector<bool>& carried,
                              std::vector<Type> parameters, const Step& condition, const Step& next) {
  const Counted counted(depth_, kMaxNesting, kNested);
  const InsertionGuard guard(graph_);
  const RegionId region = graph_.add_region();
  graph_.set_insertion_region(region);
  graph_.add_parameter(region, "iteration", Type::tensor(DataType::i64, {}));
  graph_.add_parameter(region, "condition", Type::tensor(DataType::boolean, {}));
  Values values = operands;
  for (std::size_t i = 0, k = 0; i < operands.size(); ++i) {
    if (!carried[i]) continue;
    const std::string& name = graph_.value(operands[i]).name;
    values[i] = graph_.add_parameter(region, name, parameters[k++]);
  }
  const Values after = next(values);
  if (after.size() != values.size())
    throw ModelError(
        fmt::format("the loop has {} variables, its body gives {}", values.size(), after.size()));
  Values results = condition(after);
  if (results.size() != 1) throw ModelError("the condition of a loop has to have one result");
  if (graph_.type(results[0]).as_tensor().dtype != DataType::boolean)
    results[0] = graph_.add(op::Cast{.to = DataType::boolean}, {results[0]});
  for (std::size_t i = 0; i < after.size(); ++i) {
    if (carried[i]) results.push_back(after[i]);
  }
  graph_.set_results(region, std::move(results));
  return region;
}

Values Importer::build_loop(const Values& initial, const Step& condition, const Step& next) {
  std::vector<bool> carried;
  Values operands = {ValueId{}, ValueId{}};
  std::vector<Type> parameters;
  for (const ValueId id : initial) {
    carried.push_back(notes_.arrays.count(id) == 0);
    if (!carried.back()) continue;
    operands.push_back(id);
    parameters.push_back(graph_.type(id));
  }
  const Values first = condition(initial);
  if (first.size() != 1) throw ModelError("the condition of a loop has to have one result");
  operands[1] = first[0];
  if (graph_.type(first[0]).as_tensor().dtype != DataType::boolean)
    operands[1] = graph_.add(op::Cast{.to = DataType::boolean}, {first[0]});

  // First with the types of the initial values; when the results do not fit those, with more general ones.
  constexpr int kTries = 2;
  RegionId region;
  for (int i = 0; i < kTries && !region.valid(); ++i) {
    std::vector<Type> after = parameters;
    const bool stable = attempt([&] {
      region = build_body(initial, carried, parameters, condition, next);
      const auto& results = graph_.region(region).results;
      for (std::size_t k = 0; k < parameters.size(); ++k)
        after[k] = generalize(parameters[k], graph_.type(results[k + 1]));
      if (after != parameters) throw ModelError("the types change from one iteration to the next");
    });
    if (!stable) region = {};
    parameters = std::move(after);
  }
  if (!region.valid()) {
    for (Type& type : parameters) type = without_dims(type);
    region = build_body(initial, carried, parameters, condition, next);
  }
  const Values results = graph_.add_region_node(op::Loop{}, operands, {region}, parameters.size());
  Values all = initial;
  for (std::size_t i = 0, k = 0; i < all.size(); ++i) {
    if (carried[i]) all[i] = results[k++];
  }
  return all;
}

Values Importer::call(const Scope& scope, const NodeDef& node, std::string_view function,
                      const Values& arguments) {
  const auto found = functions_.find(function);
  if (found == functions_.end()) throw ModelError(fmt::format("the file has no function '{}'", function));
  const FunctionDef& body = *found->second;
  const Counted counted(depth_, kMaxNesting, kNested);
  for (const Call* caller = scope.call; caller != nullptr; caller = caller->caller) {
    if (&caller->function == &body) throw ModelError(fmt::format("function '{}' calls itself", function));
  }
  if (arguments.size() != body.inputs.size()) {
    throw ModelError(fmt::format("function '{}' takes {} arguments, {} are given", function,
                                 body.inputs.size(), arguments.size()));
  }
  for (const auto* list : {&body.inputs, &body.outputs}) {
    for (const ArgumentDef& argument : *list) {
      if (argument.is_list) throw ModelError(fmt::format("function '{}' takes lists of tensors", function));
    }
  }
  const Call call{body, node, scope.call, node_name(scope, node) + "/"};
  const InsertionGuard guard(graph_);
  Scope inner{wiring_of(body), nullptr, &call};
  for (std::uint32_t i = 0; i < arguments.size(); ++i) {
    inner.values[Ref{i, 0}.key()] = arguments[i];
    inner.done.insert(i);
  }
  return import_values(inner, inner.wiring.results());
}

}  // namespace tenon::tensorflow
