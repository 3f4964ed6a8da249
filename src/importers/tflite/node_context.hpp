// NodeContext: one operator of the file as its converter sees it: operands with their order of axes, options,
// and a builder.
#pragma once

#include "importers/placed.hpp"
#include "importers/tflite/model.hpp"
#include "importers/tflite/registry.hpp"
#include "ir/graph.hpp"
#include "ops/window.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace tenon::tflite {

using Ints = std::vector<std::int64_t>;

class NodeContext {
 public:
  NodeContext(Graph& graph, const ModelDef& model, const OperatorDef& def,
              std::vector<std::optional<Placed>> operands)
      : graph_(graph), model_(model), def_(def), operands_(std::move(operands)) {}

  [[noreturn]] void fail(const std::string& reason) const;
  const FlatTable& options() const noexcept { return def_.options; }
  std::size_t output_count() const noexcept { return def_.outputs.size(); }
  const TensorDef& output_def(std::size_t i) const;

  // --- operands, by position ---
  std::size_t input_count() const noexcept { return operands_.size(); }
  bool has(std::size_t i) const noexcept { return i < operands_.size() && operands_[i].has_value(); }
  const Placed& placed(std::size_t i) const;  // fails when absent
  ValueId in_file_order(std::size_t i) { return tenon::in_file_order(graph_, placed(i)); }
  // An image [N, H, W, C] as [N, C, H, W].
  ValueId image(std::size_t i);
  Dims dims(std::size_t i) const { return file_dims(graph_, placed(i)); }
  std::int64_t rank(std::size_t i) const { return static_cast<std::int64_t>(dims(i).size()); }
  std::optional<Ints> known_ints(std::size_t i) const;             // of a constant, or of shape arithmetic
  Ints require_ints(std::size_t i, std::string_view what) const;   // fails when computed
  std::int64_t file_axis(std::size_t i, std::int64_t axis) const;  // from the end when negative → [0, rank)
  std::int64_t graph_axis(std::size_t i, std::int64_t axis) const;  // the same, where it lies in the graph

  // --- building ---
  Graph& graph() noexcept { return graph_; }
  ValueId add(Op op, std::vector<ValueId> inputs, std::size_t outputs = 0) {
    return graph_.add_node(std::move(op), std::move(inputs), outputs).front();
  }
  ValueId ints(const Ints& values);  // constant i64[n]
  ValueId reshape(ValueId value, const Ints& shape);
  ValueId cast(ValueId value, DataType to);  // the value itself when it is of that dtype
  // The activation that is fused into an operator, as field `index` of its options says.
  ValueId activate(ValueId value, std::size_t index);
  // Operands 0 and 1 in one order, where one is an image and the other may have a lower rank.
  struct Pair {
    ValueId a;
    ValueId b;
    bool moved = false;
  };
  Pair pair();

 private:
  Graph& graph_;
  const ModelDef& model_;
  const OperatorDef& def_;
  std::vector<std::optional<Placed>> operands_;
};

// SAME or VALID as field `padding` of the options says, made explicit where the image and the kernel are
// known.
template <class Op>
void set_padding(NodeContext& node, Op& op, std::size_t padding, const Dims& image, const Ints& kernel) {
  if (node.options().scalar<std::int8_t>(padding, 0) != 0) return;  // VALID
  op.auto_pad = op::AutoPad::same_upper;
  if (!image[2].is_const() || !image[3].is_const()) return;
  const Ints size = {image[2].value(), image[3].value()};
  op.pad.assign(4, 0);
  const auto axes = op::resolve_window({op.stride, op.dilation, {}, op.auto_pad, false}, size, kernel);
  for (std::size_t i = 0; i < 2; ++i) {
    op.pad[i] = axes[i].pad_begin;
    op.pad[i + 2] = axes[i].pad_end;
  }
  op.auto_pad = op::AutoPad::explicit_pads;
}

// Two options that hold a height and a width; fails unless both are positive.
Ints window_option(NodeContext& node, std::size_t height, std::size_t width, std::int32_t otherwise);

inline std::vector<Placed> one(ValueId id, bool moved = false) { return {Placed{id, moved}}; }

}  // namespace tenon::tflite
