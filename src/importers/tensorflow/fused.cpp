#include "importers/tensorflow/fused.hpp"

#include "importers/tensorflow/converters.hpp"
#include "ops/batch_norm.hpp"

#include <fmt/format.h>

#include <optional>

namespace tenon::tensorflow {
namespace {

std::optional<PointwiseFn> activation(std::string_view name) {
  if (name == "Relu") return PointwiseFn::relu;
  if (name == "Elu") return PointwiseFn::elu;
  if (name == "Tanh") return PointwiseFn::tanh;
  if (name == "Sigmoid") return PointwiseFn::sigmoid;
  if (name == "GeluExact") return PointwiseFn::gelu;
  if (name == "GeluApproximate") return PointwiseFn::gelu_tanh;
  return std::nullopt;
}

}  // namespace

ValueId normalize(NodeContext& node, ValueId x, const Values& parameters, float epsilon, bool last) {
  Values operands = {last ? to_channels_first(node, x) : x};
  operands.insert(operands.end(), parameters.begin(), parameters.end());
  const ValueId y = node.add(op::BatchNorm{epsilon}, std::move(operands));
  return last ? to_channels_last(node, y) : y;
}

ValueId apply_fused(NodeContext& node, ValueId y, std::size_t first, bool last) {
  const float epsilon = node.attr_float("epsilon", 0);
  const float alpha = node.attr_float("leakyrelu_alpha", 0.2F);
  for (const std::string& name : node.attr_strings("fused_ops")) {
    if (name == "BiasAdd") {
      const ValueId bias = per_channel(node, node.input(first++), node.rank_of(y), last);
      y = binary(node, PointwiseFn::add, y, bias);
    } else if (name == "FusedBatchNorm") {
      const Values parameters = {node.input(first), node.input(first + 1), node.input(first + 2),
                                 node.input(first + 3)};
      first += 4;
      y = normalize(node, y, parameters, epsilon, last);
    } else if (name == "Add") {
      y = binary(node, PointwiseFn::add, y, node.input(first++));
    } else if (name == "Relu6") {
      y = unary(node, PointwiseFn::clip, y, 0, 6);
    } else if (name == "LeakyRelu") {
      y = unary(node, PointwiseFn::leaky_relu, y, alpha);
    } else if (const auto fn = activation(name)) {
      y = unary(node, *fn, y);
    } else {
      node.fail(fmt::format("the fused operator '{}' is not supported", name));
    }
  }
  return y;
}

}  // namespace tenon::tensorflow
