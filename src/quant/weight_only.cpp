#include "base/check.hpp"
#include "base/context.hpp"
#include "base/text.hpp"
#include "ir/patch.hpp"
#include "ops/dequantize_linear.hpp"
#include "quant/schemes.hpp"
#include "quant/targets.hpp"
#include "quant/weights.hpp"

#include <fmt/format.h>

#include <map>
#include <tuple>

namespace tenon::quant {
namespace {

bool is_block_size(std::int64_t block) {
  return block == 16 || block == 32 || block == 64 || block == 128 || block == 256;
}

class WeightRewrite {
 public:
  WeightRewrite(Graph& graph, const QuantizeOptions& options, QuantizeReport& report)
      : graph_(graph), options_(options), report_(report) {}

  void run() {
    const std::vector<Target> targets = find_targets(graph_, options_.exclude, report_.kept);
    for (std::size_t i = 0; i < targets.size(); ++i) {
      in_context([&] { rewrite(targets[i]); },
                 [&] { return fmt::format("quantizing the weights of {}", quote(targets[i].name)); });
      if (options_.progress) options_.progress("quantizing", i + 1, targets.size());
    }
  }

 private:
  struct Stored {
    QuantizedWeights weights;
    op::DequantizeLinear op;
    std::string text;
  };

  // A block that is longer than what there is to put into it has as many scales as weights of 8 bits would
  // have, or more: filters of few channels and a size of their own.
  bool in_blocks(const Target& target) const {
    if (options_.scheme != QuantizationScheme::weights_int4) return false;
    const Node& node = graph_.node(target.node);
    const Tensor& weights = *graph_.constant(node.inputs[1]);
    return weights.rank() == 2 || weights.shape()[target.inner_axis] >= options_.block;
  }

  const Stored& stored(const Target& target) {
    const ValueId id = graph_.node(target.node).inputs[1];
    const bool blocks = in_blocks(target);
    const auto key = std::make_tuple(id, target.channel_axis, blocks);
    if (const auto found = stored_.find(key); found != stored_.end()) return found->second;
    const Tensor& weights = *graph_.constant(id);
    Stored result;
    if (blocks) {
      result.weights = quantize_blocks(weights, target.inner_axis, options_.block, options_.zero_points);
      result.op.axis = static_cast<std::int64_t>(target.inner_axis);
      result.op.block_size = options_.block;
    } else {
      result.weights = quantize_channels(weights, target.channel_axis);
      result.op.axis = static_cast<std::int64_t>(target.channel_axis);
    }
    result.text = describe_weights(result.weights.values, result.op.block_size);
    return stored_.emplace(key, std::move(result)).first->second;
  }

  void rewrite(const Target& target) {
    const Stored& from = stored(target);
    const Node& node = graph_.node(target.node);
    report_.layers.push_back({target.name, std::string(node.op.name()), from.text, from.weights.sqnr_db});
    Patch patch(graph_, target.node);
    std::vector<ValueId> parts = {patch.add_constant(from.weights.values),
                                  patch.add_constant(from.weights.scales)};
    if (from.weights.has_zeros()) parts.push_back(patch.add_constant(from.weights.zeros));
    std::vector<ValueId> inputs = node.inputs;
    inputs[1] = patch.add(from.op, std::move(parts));
    const ValueId result = patch.add(node.op, std::move(inputs));
    TENON_CHECK(patch.can_replace(node.outputs[0], result), "quantized weights change the type of {}",
                quote(target.name));
    patch.replace(node.outputs[0], result);
    graph_.apply(std::move(patch));
  }

  Graph& graph_;
  const QuantizeOptions& options_;
  QuantizeReport& report_;
  std::map<std::tuple<ValueId, std::size_t, bool>, Stored> stored_;
};

}  // namespace

void quantize_weights(Graph& graph, const QuantizeOptions& options, QuantizeReport& report) {
  TENON_REQUIRE(options.scheme != QuantizationScheme::weights_int4 || is_block_size(options.block),
                "blocks of {} weights: expected 16, 32, 64, 128 or 256", options.block);
  WeightRewrite(graph, options, report).run();
}

}  // namespace tenon::quant
