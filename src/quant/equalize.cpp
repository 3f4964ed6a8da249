#include "quant/equalize.hpp"

#include "base/check.hpp"
#include "ops/reduce.hpp"
#include "ops/unary.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <numeric>
#include <string_view>

namespace tenon::quant {
namespace {

constexpr std::array<std::string_view, 6> kHomogeneous = {
    "relu", "leaky_relu", "max_pool", "average_pool", "global_average_pool", "global_max_pool"};

bool is_homogeneous(const Node& node) {
  return node.outputs.size() == 1 &&
         std::find(kHomogeneous.begin(), kHomogeneous.end(), node.op.name()) != kHomogeneous.end();
}

// Read once, by a node.
bool has_one_reader(const Graph& graph, ValueId value) {
  return graph.value(value).uses.size() == 1 && !graph.value(value).uses[0].is_result() &&
         !graph.is_tapped(value);
}

std::int64_t input_channels(const Layer& layer) { return layer.inputs / layer.kernel * layer.group; }

// The input channel that weight i of output channel c is multiplied by.
std::size_t input_channel(const Layer& layer, std::size_t c, std::size_t i) {
  const auto group = c / static_cast<std::size_t>(layer.channels / layer.group);
  const auto in_group = static_cast<std::size_t>(layer.inputs / layer.kernel);
  return group * in_group + i / static_cast<std::size_t>(layer.kernel);
}

}  // namespace

bool is_depthwise(const Layer& layer) { return layer.group > 1 && layer.inputs == layer.kernel; }

std::vector<Link> find_links(const Graph& graph, const std::vector<Layer>& layers) {
  std::map<ValueId, std::size_t> computed_by;
  for (std::size_t i = 0; i < layers.size(); ++i) computed_by.emplace(layers[i].output, i);
  std::vector<Link> links;
  for (std::size_t second = 0; second < layers.size(); ++second) {
    ValueId value = layers[second].input;
    while (has_one_reader(graph, value)) {
      if (const auto first = computed_by.find(value); first != computed_by.end()) {
        const Layer& layer = layers[first->second];
        if (layer.channels == input_channels(layers[second]) && layer.rank == layers[second].rank)
          links.push_back({first->second, second});
        break;
      }
      const NodeId producer = graph.value(value).producer;
      if (!producer.valid() || !is_homogeneous(graph.node(producer))) break;
      value = graph.node(producer).inputs[0];
    }
  }
  return links;
}

Graph with_channel_maxima(const Graph& graph, const std::vector<Layer>& layers,
                          const std::vector<Link>& links) {
  Graph result = graph;
  result.clear_taps();
  for (std::size_t i = 0; i < links.size(); ++i) {
    const Layer& layer = layers[links[i].second];
    ValueId x = result.add(op::unary(PointwiseFn::abs), {layer.input});
    const auto reduce = [&](std::size_t first, std::size_t last) {
      if (first == last) return;
      op::Reduce op;
      op.fn = op::ReduceFn::max;
      op.axes.resize(last - first);
      std::iota(op.axes.begin(), op.axes.end(), static_cast<std::int64_t>(first));
      op.keep_dims = false;
      x = result.add(op, {x});
    };
    reduce(layer.channel_axis + 1, layer.rank);
    reduce(0, layer.channel_axis);
    result.add_output(maximum_name(i), x);
  }
  return result;
}

std::string maximum_name(std::size_t link) { return fmt::format("tenon.maximum.{}", link); }

std::vector<float> equalizing_factors(const std::vector<float>& a, const std::vector<float>& b,
                                      bool depthwise) {
  TENON_CHECK(a.size() == b.size() && !a.empty(), "{} and {} channels", a.size(), b.size());
  const std::size_t largest = static_cast<std::size_t>(std::max_element(a.begin(), a.end()) - a.begin());
  const auto exponent = [&](std::size_t c) {
    if (!(a[c] > 0) || !(b[c] > 0)) return 0.0;
    const double ratio = static_cast<double>(a[c]) / static_cast<double>(depthwise ? a[largest] : b[c]);
    return std::nearbyint(std::log2(ratio) / (depthwise ? 1 : 2));
  };
  const double shift = depthwise ? 0 : exponent(largest);
  std::vector<float> factors;
  for (std::size_t c = 0; c < a.size(); ++c) {
    const bool used = a[c] > 0 && b[c] > 0;
    factors.push_back(used ? std::exp2(static_cast<float>(exponent(c) - shift)) : 1.0F);
  }
  return factors;
}

std::vector<float> input_channel_maxima(const Graph& graph, const Layer& layer) {
  const std::vector<float> rows = weight_rows(graph, layer);
  std::vector<float> maxima(static_cast<std::size_t>(input_channels(layer)));
  const auto inputs = static_cast<std::size_t>(layer.inputs);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    float& most = maxima[input_channel(layer, i / inputs, i % inputs)];
    most = std::max(most, std::abs(rows[i]));
  }
  return maxima;
}

Graph equalize(const Graph& graph, std::vector<Layer> layers, const std::vector<Link>& links,
               const std::vector<std::vector<float>>& factors) {
  TENON_CHECK(links.size() == factors.size(), "{} links, {} factors", links.size(), factors.size());
  Graph result = graph;
  for (std::size_t link = 0; link < links.size(); ++link) {
    const std::vector<float>& factor = factors[link];
    if (factor.empty()) continue;
    Layer& first = layers[links[link].first];
    std::vector<float> rows = weight_rows(result, first);
    std::vector<float> bias = bias_of(result, first);
    for (std::size_t i = 0; i < rows.size(); ++i)
      rows[i] /= factor[i / static_cast<std::size_t>(first.inputs)];
    for (std::size_t c = 0; c < bias.size(); ++c) bias[c] /= factor[c];
    replace_parameters(result, first, rows, bias);
    Layer& second = layers[links[link].second];
    rows = weight_rows(result, second);
    const auto inputs = static_cast<std::size_t>(second.inputs);
    for (std::size_t i = 0; i < rows.size(); ++i)
      rows[i] *= factor[input_channel(second, i / inputs, i % inputs)];
    replace_parameters(result, second, rows, {});
  }
  return result;
}

}  // namespace tenon::quant
