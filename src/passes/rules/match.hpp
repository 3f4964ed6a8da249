// What rules have in common: looking at the graph around a node, and making the usual nodes.
#pragma once

#include "passes/rule.hpp"

#include <cstdint>
#include <optional>
#include <vector>

namespace tenon::rules {

// The node that defines the value; null for inputs and parameters of regions.
const Node* producer(const Graph& graph, ValueId id);

// The operator that defines the value when it is a T.
template <class T>
const T* producer_as(const Graph& graph, ValueId id) {
  const Node* node = id.valid() ? producer(graph, id) : nullptr;
  return node == nullptr ? nullptr : node->op.as<T>();
}

// Dims when the value is a tensor of known rank, plain layout and no quantization, else null.
const Dims* plain_dims(const NodeBuilder& values, ValueId id);

// All known and equal.
bool same_dims(const Dims& a, const Dims& b);
bool same_dims(const NodeBuilder& values, ValueId a, ValueId b);

// Whether `result`, elementwise of `x` and the constant, has the dims of `x`: known to, or since the constant
// is one number.
bool keeps_dims(const Graph& graph, ValueId x, ValueId constant, ValueId result);

// No element can be negative, whatever the inputs of the graph are.
bool is_non_negative(const Graph& graph, ValueId id);

// The elementwise function of a node with one or two operands and nothing else to it.
struct Elementwise {
  PointwiseFn fn;
  float alpha;
  float beta;
};
std::optional<Elementwise> as_elementwise(const Op& op);
bool is_elementwise(const Op& op, PointwiseFn fn);

// The number that every element of a constant has; nothing for other values, strings, and no elements.
std::optional<double> splat(const Graph& graph, ValueId id);

// What the node reads, an empty Data for an operand that is left out; nothing unless all of it is constant.
std::optional<std::vector<Data>> constant_operands(const Graph& graph, const Node& node);

// How a constant lies along one axis of a tensor of that rank, when it is broadcast to it from the right.
enum class Spread { scalar, along_axis, other };
Spread spread(const Graph& graph, ValueId constant, std::size_t rank, std::size_t axis);

// "conv_1 + relu_1": where a node comes from that stands for both.
std::string merged_location(const Node& first, const Node& second);

// A reshape with a constant shape operand.
ValueId add_reshape(NodeBuilder& builder, ValueId value, Shape shape);
ValueId add_scalar(NodeBuilder& builder, DataType dtype, float value);  // f16, bf16, f32 or f64
ValueId add_ints(NodeBuilder& builder, std::vector<std::int64_t> values);

// The shape operand (0 copies, -1 takes the rest) that reshapes `from` to `to`, when one can be written as a
// constant.
std::optional<std::vector<std::int64_t>> reshape_operand(const Dims& from, const Dims& to);

}  // namespace tenon::rules
