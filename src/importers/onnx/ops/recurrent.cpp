// LSTM, GRU, RNN.
#include "importers/onnx/converters.hpp"
#include "ops/gru.hpp"
#include "ops/lstm.hpp"
#include "ops/rnn.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <limits>
#include <string>
#include <string_view>

namespace tenon::onnx {
namespace {

struct Activation {
  std::string_view source;
  std::string_view name;
  bool alpha;  // which parameters it takes
  bool beta;
};

constexpr std::array<Activation, 11> kActivations = {{
    {"Affine", "affine", true, true},
    {"Elu", "elu", true, false},
    {"HardSigmoid", "hard_sigmoid", true, true},
    {"LeakyRelu", "leaky_relu", true, false},
    {"Relu", "relu", false, false},
    {"ScaledTanh", "scaled_tanh", true, true},
    {"Sigmoid", "sigmoid", false, false},
    {"Softplus", "softplus", false, false},
    {"Softsign", "softsign", false, false},
    {"Tanh", "tanh", false, false},
    {"ThresholdedRelu", "thresholded_relu", true, false},
}};

// The names are compared without regard to case, as the specification wants it.
const Activation* find_activation(std::string_view name) {
  const auto same = [](char a, char b) {
    return std::tolower(static_cast<unsigned char>(a)) == std::tolower(static_cast<unsigned char>(b));
  };
  for (const Activation& activation : kActivations) {
    if (std::equal(name.begin(), name.end(), activation.source.begin(), activation.source.end(), same))
      return &activation;
  }
  return nullptr;
}

// The file lists parameters only of those functions that take one, in order; the operator wants one per
// function.
std::vector<float> spread(const std::vector<float>& given, const std::vector<const Activation*>& functions,
                          bool Activation::*takes) {
  if (given.empty() || given.size() == functions.size()) return given;
  std::vector<float> result;
  std::size_t next = 0;
  for (const Activation* function : functions) {
    const bool has_one = function->*takes && next < given.size();
    result.push_back(has_one ? given[next++] : std::numeric_limits<float>::quiet_NaN());
  }
  return result;
}

template <class Op>
Op recurrent(NodeContext& node) {
  node.ignore_attrs({"output_sequence"});
  Op op;
  op.direction =
      static_cast<op::Direction>(node.attr_choice("direction", {"forward", "reverse", "bidirectional"}, 0));
  if (const auto size = node.find_int("hidden_size")) {
    op.hidden_size = *size;
  } else {
    const Dims* weights = node.dims(2);
    if (weights == nullptr || weights->size() != 3 || !weights->back().is_const())
      node.fail("attribute 'hidden_size' is missing");
    op.hidden_size = weights->back().value();
  }
  std::vector<const Activation*> functions;
  for (const std::string& name : node.find_strings("activations").value_or(std::vector<std::string>())) {
    const Activation* function = find_activation(name);
    if (function == nullptr) node.fail(fmt::format("there is no activation '{}'", name));
    functions.push_back(function);
    op.activations.emplace_back(function->name);
  }
  op.activation_alpha = spread(node.find_floats("activation_alpha").value_or(std::vector<float>()), functions,
                               &Activation::alpha);
  op.activation_beta = spread(node.find_floats("activation_beta").value_or(std::vector<float>()), functions,
                              &Activation::beta);
  op.clip = node.attr_float("clip", 0);
  op.batch_first = node.attr_bool("layout", false);
  return op;
}

Values lstm(NodeContext& node) {
  node.require_inputs(3, 8);
  auto op = recurrent<op::Lstm>(node);
  op.input_forget = node.attr_bool("input_forget", false);
  return node.add_node(std::move(op), node.inputs(), node.output_count());
}

Values gru(NodeContext& node) {
  node.require_inputs(3, 6);
  auto op = recurrent<op::Gru>(node);
  op.linear_before_reset = node.attr_bool("linear_before_reset", false);
  return node.add_node(std::move(op), node.inputs(), node.output_count());
}

Values rnn(NodeContext& node) {
  node.require_inputs(3, 6);
  return node.add_node(recurrent<op::Rnn>(node), node.inputs(), node.output_count());
}

}  // namespace
}  // namespace tenon::onnx

namespace tenon {

void register_onnx_recurrent(onnx::Registry& registry) {
  registry.add("GRU", onnx::gru);
  registry.add("LSTM", onnx::lstm);
  registry.add("RNN", onnx::rnn);
}

}  // namespace tenon
