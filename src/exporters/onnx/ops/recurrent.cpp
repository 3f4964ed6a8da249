// lstm, gru, rnn. Batch-first operands are transposed: not every runtime knows ONNX's `layout`.
#include "ops/recurrent.hpp"

#include "exporters/onnx/node_writer.hpp"

#include <algorithm>
#include <array>
#include <cmath>

namespace tenon::onnx_export {
namespace {

// Functions with their parameters' defaults; NaN: it has none.
struct Activation {
  std::string_view name;
  std::string_view source;
  float alpha;
  float beta;
};

constexpr float kNone = std::numeric_limits<float>::quiet_NaN();
constexpr std::array<Activation, 11> kActivations = {{
    {"affine", "Affine", 1, 0},
    {"elu", "Elu", 1, kNone},
    {"hard_sigmoid", "HardSigmoid", 0.2F, 0.5F},
    {"leaky_relu", "LeakyRelu", 0.01F, kNone},
    {"relu", "Relu", kNone, kNone},
    {"scaled_tanh", "ScaledTanh", 1, 1},
    {"sigmoid", "Sigmoid", kNone, kNone},
    {"softplus", "Softplus", kNone, kNone},
    {"softsign", "Softsign", kNone, kNone},
    {"tanh", "Tanh", kNone, kNone},
    {"thresholded_relu", "ThresholdedRelu", 1, kNone},
}};

// The parameters that the functions take, in order.
std::vector<float> gather_parameters(const std::vector<const Activation*>& functions,
                                     const std::vector<float>& given, float Activation::*otherwise) {
  std::vector<float> result;
  for (std::size_t i = 0; i < functions.size(); ++i) {
    const float value = functions[i]->*otherwise;
    if (std::isnan(value)) continue;
    result.push_back(i < given.size() && !std::isnan(given[i]) ? given[i] : value);
  }
  return result;
}

Name exchanged(NodeWriter& node, const Name& x, const Ints& perm) {
  return x.empty() ? x : node.add("Transpose", {x}, {{"perm", perm}});
}

// `states`: which operands besides x have the batch as their second axis.
void recurrent(NodeWriter& node, std::string_view op_type, const std::vector<std::size_t>& states) {
  AttributeList attributes;
  std::vector<const Activation*> functions;
  std::vector<float> alpha, beta;
  bool batch_first = false;
  for (const auto& [name, value] : node.node().op.attributes()) {
    if (name == "activations") {
      for (const std::string& text : std::get<std::vector<std::string>>(value)) {
        const auto* const found = std::find_if(kActivations.begin(), kActivations.end(),
                                               [&](const Activation& a) { return a.name == text; });
        if (found == kActivations.end()) node.fail("ONNX has no activation " + text);
        functions.push_back(found);
      }
    } else if (name == "activation_alpha") {
      alpha = std::get<std::vector<float>>(value);
    } else if (name == "activation_beta") {
      beta = std::get<std::vector<float>>(value);
    } else if (name == "batch_first") {
      batch_first = std::get<bool>(value);
    } else if (name != "clip" || std::get<float>(value) > 0) {
      attributes.push_back({name, value});
    }
  }
  if (!functions.empty()) {
    std::vector<std::string> names;
    for (const Activation* function : functions) names.emplace_back(function->source);
    attributes.push_back({"activations", names});
    alpha = gather_parameters(functions, alpha, &Activation::alpha);
    beta = gather_parameters(functions, beta, &Activation::beta);
    if (!alpha.empty()) attributes.push_back({"activation_alpha", alpha});
    if (!beta.empty()) attributes.push_back({"activation_beta", beta});
  }
  NameList inputs = node.inputs();
  if (!batch_first) return node.finish(op_type, inputs, attributes);

  inputs[0] = exchanged(node, inputs[0], {1, 0, 2});
  for (const std::size_t i : states) {
    if (i < inputs.size()) inputs[i] = exchanged(node, inputs[i], {1, 0, 2});
  }
  const NameList results = node.add_node(op_type, inputs, node.output_count(), attributes);
  for (std::size_t i = 0; i < results.size(); ++i) {
    // y [T, D, B, H] and final states [D, B, H].
    const Ints perm = i == 0 ? Ints{2, 0, 1, 3} : Ints{1, 0, 2};
    node.finish("Transpose", {results[i]}, {node.output(i)}, {{"perm", perm}});
  }
}

void lstm(NodeWriter& node) { recurrent(node, "LSTM", {5, 6}); }
void gru(NodeWriter& node) { recurrent(node, "GRU", {5}); }
void rnn(NodeWriter& node) { recurrent(node, "RNN", {5}); }

}  // namespace
}  // namespace tenon::onnx_export

namespace tenon {

void register_onnx_export_recurrent(onnx_export::Registry& registry) {
  registry.add("gru", onnx_export::gru);
  registry.add("lstm", onnx_export::lstm);
  registry.add("rnn", onnx_export::rnn);
}

}  // namespace tenon
