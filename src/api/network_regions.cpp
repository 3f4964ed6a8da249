// Control flow of NetworkBuilder: bodies become regions.
#include "api/network_state.hpp"
#include "base/check.hpp"
#include "importers/loop_types.hpp"
#include "importers/nesting.hpp"

#include <array>
#include <utility>

namespace tenon {
namespace {

NetworkValues joined(NetworkValues a, const NetworkValues& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

void require_count(std::string_view what, std::size_t expected, std::size_t found) {
  TENON_REQUIRE(expected == found, "the body gives {} {}, expected {}", found, what, expected);
}

}  // namespace

// A region with parameters of these types whose results are what `fill` gives. An exception from there takes
// everything back.
RegionId NetworkValue::State::fill_region(const std::vector<Type>& parameters, const FillRegion& fill) {
  const InsertionGuard guard(graph);
  const RegionId region = graph.add_region();
  std::vector<ValueId> ids;
  for (const Type& type : parameters) ids.push_back(graph.add_parameter(region, {}, type));
  graph.set_insertion_region(region);
  open.push_back(region);
  try {
    const NetworkValues results = fill(handles(ids));
    graph.set_results(region, use_all(results, "the body's result", false));
  } catch (...) {
    open.pop_back();
    discard(region);
    throw;
  }
  open.pop_back();
  return region;
}

// The parameters [first, first + count) come back as the results [result, result + count): where their types
// do not fit, the region is filled again with more general ones.
RegionId NetworkValue::State::fill_carrying(std::vector<Type> parameters, std::size_t first,
                                            std::size_t count, std::size_t result, const FillRegion& fill) {
  constexpr int kAttempts = 2;
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    const RegionId region = fill_region(parameters, fill);
    std::vector<Type> next = parameters;
    const auto& results = graph.region(region).results;
    for (std::size_t i = 0; i < count && result + i < results.size(); ++i) {
      next[first + i] = generalize(parameters[first + i], graph.value(results[result + i]).type);
    }
    if (next == parameters) return region;
    discard(region);
    parameters = std::move(next);
  }
  for (std::size_t i = 0; i < count; ++i) parameters[first + i] = without_dims(parameters[first + i]);
  return fill_region(parameters, fill);
}

NetworkValues NetworkBuilder::if_else(const NetworkValue& condition, const Body& then, const Body& otherwise,
                                      std::string_view name) {
  const auto region = [&](const Body& body) {
    return state_->fill_region({}, [&](const NetworkValues&) { return body(); });
  };
  std::vector<RegionId> regions{region(then)};
  try {
    regions.push_back(region(otherwise));
    return state_->add("if", {condition}, {}, name, 0, regions);
  } catch (...) {
    for (const RegionId id : regions) state_->discard(id);
    throw;
  }
}

NetworkValues NetworkBuilder::loop(const NetworkValue& trips, const NetworkValue& condition,
                                   const NetworkValues& carried, const LoopBody& body,
                                   std::string_view name) {
  std::vector<Type> parameters = {Type::tensor(DataType::i64, {}), Type::tensor(DataType::boolean, {})};
  for (const ValueId id : state_->use_all(carried, "carried value", false)) {
    parameters.push_back(state_->graph.value(id).type);
  }
  const auto fill = [&](const NetworkValues& values) {
    Iteration iteration = body(values[0], {values.begin() + 2, values.end()});
    require_count("carried values", carried.size(), iteration.carried.size());
    if (!iteration.condition) iteration.condition = constant(Tensor::of<bool>({}, std::array{true}));
    return joined(joined({iteration.condition}, iteration.carried), iteration.stacked);
  };
  const RegionId region = state_->fill_carrying(std::move(parameters), 2, carried.size(), 1, fill);
  try {
    return state_->add("loop", joined({trips, condition}, carried), {}, name, 0, {region});
  } catch (...) {
    state_->discard(region);
    throw;
  }
}

NetworkValues NetworkBuilder::scan(const NetworkValues& states, const NetworkValues& sequences,
                                   const ScanBody& body, std::string_view name) {
  TENON_REQUIRE(!sequences.empty(), "a scan needs a sequence");
  std::vector<Type> parameters;
  for (const ValueId id : state_->use_all(states, "state", false)) {
    parameters.push_back(state_->graph.value(id).type);
  }
  for (const ValueId id : state_->use_all(sequences, "sequence", false)) {
    TensorType slice = state_->graph.value(id).type.as_tensor();
    if (slice.dims) {
      TENON_REQUIRE(!slice.dims->empty(), "a scalar cannot be scanned");
      slice.dims->erase(slice.dims->begin());
    }
    parameters.emplace_back(std::move(slice));
  }
  const auto count = static_cast<std::ptrdiff_t>(states.size());
  const auto fill = [&](const NetworkValues& values) {
    const Step step = body({values.begin(), values.begin() + count}, {values.begin() + count, values.end()});
    require_count("states", states.size(), step.states.size());
    return joined(step.states, step.stacked);
  };
  const RegionId region = state_->fill_carrying(std::move(parameters), 0, states.size(), 0, fill);
  try {
    return state_->add("scan", joined(states, sequences),
                       {{"num_scan_inputs", static_cast<std::int64_t>(sequences.size())}}, name, 0, {region});
  } catch (...) {
    state_->discard(region);
    throw;
  }
}

}  // namespace tenon
