// The graph under construction, as the productions see it.
#pragma once

#include "random/random_graph.hpp"

#include <initializer_list>
#include <map>
#include <span>
#include <string_view>

namespace tenon::test {

class GrowingGraph {
 public:
  explicit GrowingGraph(const Choices& choices) : choices_(choices) {}

  // --- decisions ---
  std::uint32_t below(std::uint32_t bound) { return choices_(bound); }
  std::int64_t between(std::int64_t low, std::int64_t high) {
    return low + below(static_cast<std::uint32_t>(high - low + 1));
  }
  bool one_in(std::uint32_t n) { return below(n) == 0; }
  template <class T>
  T any_of(std::initializer_list<T> items) {
    return items.begin()[below(static_cast<std::uint32_t>(items.size()))];
  }

  // --- what is there ---
  const Graph& graph() const noexcept { return result_.graph; }
  const Known& known(ValueId id) const { return known_.at(id.value); }
  const Dims& dims(ValueId id) const { return *graph().type(id).as_tensor().dims; }
  DataType dtype(ValueId id) const { return graph().type(id).as_tensor().dtype; }
  std::int64_t rank(ValueId id) const { return static_cast<std::int64_t>(dims(id).size()); }
  bool is_float(ValueId id) const;
  bool is_integer(ValueId id) const;
  // Extremes of a dim, and the most elements a value can have.
  std::int64_t most(const Dim& dim) const;
  std::int64_t least(const Dim& dim) const;
  std::int64_t most_elements(const Dims& dims) const;
  bool constant_dims(ValueId id, std::size_t first_axis = 0) const;  // from that axis on

  // A value for which `fits`, the later ones more often; nothing when there is none.
  std::optional<ValueId> pick(const std::function<bool(ValueId)>& fits);
  std::optional<ValueId> pick_float(std::int64_t min_rank = 0, bool exact = false);

  // --- growing ---
  void set_symbol_range() { result_.graph.set_symbol_range("N", {1, kLargestBatch}); }
  void grow(const struct Production& production);
  ValueId input(std::string name, DataType dtype, Dims dims, Known known);
  // Elements are multiples of 2^-fraction_bits, or (kInexact) any, within ± magnitude.
  ValueId constant(DataType dtype, const Shape& shape, double magnitude, int fraction_bits);
  ValueId scalar(DataType dtype, double value);
  ValueId integers(std::vector<std::int64_t> values);
  ValueId offered(ValueId id);  // lets later productions use a constant
  // Adds a node. `sum`: bound on the sum of absolute values of the terms behind one element, which decides
  // whether the result is exact; `error`: passed on from the operands; `steps`: roundings per element.
  ValueId add(Op op, std::vector<ValueId> inputs, double magnitude, double sum, double error,
              int fraction_bits, double steps);
  // For operators that move elements and compute none: what is known of the operands holds for the results.
  std::vector<ValueId> move(Op op, std::vector<ValueId> inputs, std::span<const ValueId> data,
                            std::size_t outputs = 0);
  ValueId move(Op op, std::vector<ValueId> inputs) {
    const ValueId data = inputs.front();
    return move(std::move(op), std::move(inputs), {&data, 1}).front();
  }

  RandomGraph finish(const Choices& decisions);

 private:
  void learn(ValueId id, Known known);
  ValueId add_constant(Tensor tensor, Known known);

  const Choices& choices_;
  RandomGraph result_;
  std::map<std::uint32_t, Known> known_;
  std::vector<ValueId> pool_;
  std::size_t constants_ = 0;
};

// Adds an operator or a group of them to what is there; false when nothing there fits.
struct Production {
  std::string_view name;
  bool (*grow)(GrowingGraph& g);
};

std::span<const Production> pointwise_productions();
std::span<const Production> contraction_productions();
std::span<const Production> window_productions();
std::span<const Production> reduction_productions();
std::span<const Production> movement_productions();
std::span<const Production> shape_productions();

}  // namespace tenon::test
