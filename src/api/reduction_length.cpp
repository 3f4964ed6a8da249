#include "api/reduction_length.hpp"

#include <algorithm>
#include <array>

namespace tenon {
namespace {

double count(const Shape& shape) {
  double n = 1;
  for (const std::int64_t dim : shape) n *= static_cast<double>(dim);
  return n;
}

template <std::size_t N>
bool any_of(std::string_view name, const std::array<std::string_view, N>& names) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

constexpr std::array<std::string_view, 5> kConvolutions = {"conv", "conv_integer", "deform_conv",
                                                           "conv_transpose", "qlinear_conv"};
constexpr std::array<std::string_view, 4> kProducts = {"matmul", "matmul_integer", "matmul_max",
                                                       "qlinear_matmul"};
constexpr std::array<std::string_view, 3> kRecurrent = {"lstm", "gru", "rnn"};
// Every element of the output depends on a whole sample, or a part of it.
constexpr std::array<std::string_view, 12> kWholeSample = {
    "attention",          "softmax", "log_softmax", "layer_norm", "instance_norm", "group_norm", "rms_norm",
    "mean_variance_norm", "lp_norm", "lrn",         "cumulative", "einsum"};

double window(const Op& op) {
  for (const Attribute& attribute : op.attributes()) {
    if (attribute.name != "kernel") continue;
    if (const auto* kernel = std::get_if<std::vector<std::int64_t>>(&attribute.value)) return count(*kernel);
  }
  return 1;
}

}  // namespace

double reduction_length(const Op& op, std::span<const Shape> inputs, const Shape& output) {
  const std::string_view name = op.name();
  // Weights follow the picture: x, w for conv; x, x_scale, x_zero_point, w for qlinear_conv.
  const std::size_t w = name.starts_with("qlinear") ? 3 : 1;
  double length = window(op);
  if (any_of(name, kConvolutions) && inputs.size() > w && inputs[w].size() >= 2) {
    const std::size_t channels = name == "conv_transpose" ? 1 : 0;
    length = count(inputs[w]) / static_cast<double>(std::max<std::int64_t>(1, inputs[w][channels]));
  } else if (any_of(name, kProducts) && !inputs.empty() && !inputs[0].empty()) {
    length = static_cast<double>(inputs[0].back());
  } else if (any_of(name, kRecurrent) && inputs.size() > 2 && !inputs[0].empty() && !inputs[1].empty() &&
             !inputs[2].empty()) {
    length = static_cast<double>(inputs[0][0] * (inputs[1].back() + inputs[2].back()));
  } else if (any_of(name, kWholeSample)) {
    for (const Shape& shape : inputs)
      length = std::max(length, shape.size() > 1
                                    ? count(shape) / static_cast<double>(std::max<std::int64_t>(1, shape[0]))
                                    : count(shape));
  } else {
    for (const Shape& shape : inputs) length = std::max(length, count(shape) / std::max(1.0, count(output)));
  }
  return std::max(1.0, length);
}

}  // namespace tenon
