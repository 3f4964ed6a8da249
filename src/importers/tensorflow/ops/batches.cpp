// Blocks of pixels that become batches or channels, and back.
//
// A convolution between SpaceToBatchND and BatchToSpaceND with the same block is a dilated convolution, and
// is imported as one.
#include "importers/tensorflow/converters.hpp"
#include "ops/depth_to_space.hpp"
#include "ops/pad.hpp"
#include "ops/reshape.hpp"
#include "ops/space_to_depth.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <numeric>

namespace tenon::tensorflow {
namespace {

constexpr std::int64_t kMaxBlock = 1 << 20;

void check_block(const NodeContext& node, const Ints& block) {
  for (const std::int64_t size : block) {
    if (size < 1 || size > kMaxBlock) node.fail(fmt::format("a block has the size {}", size));
  }
}

// ModelError when the product overflows.
std::int64_t block_elements(const Ints& block) { return product(Dims(block.begin(), block.end())).value(); }

// [[begin, end], …] → begins, then ends.
Ints read_margins(const NodeContext& node, const Ints& pairs, std::size_t count) {
  if (pairs.size() != 2 * count)
    node.fail(fmt::format("{} margins are given, expected {}", pairs.size(), 2 * count));
  Ints margins;
  for (std::size_t side = 0; side < 2; ++side) {
    for (std::size_t i = 0; i < count; ++i) {
      const std::int64_t margin = pairs[2 * i + side];
      if (margin < 0 || margin > kMaxBlock) node.fail(fmt::format("a margin is {}", margin));
      margins.push_back(margin);
    }
  }
  return margins;
}

ValueId pad_spatial(NodeContext& node, ValueId x, const Ints& pads) {
  if (std::all_of(pads.begin(), pads.end(), [](auto pad) { return pad == 0; })) return x;
  Ints axes(pads.size() / 2);
  std::iota(axes.begin(), axes.end(), std::int64_t{1});
  op::Pad op;
  op.pads = pads;
  op.axes = std::move(axes);
  return node.add(std::move(op), {x});
}

ValueId to_batches(NodeContext& node, ValueId source, const Ints& block, const Ints& pads) {
  const auto m = static_cast<std::int64_t>(block.size());
  const std::int64_t rank = node.rank_of(source);
  if (rank < m + 1) node.fail(fmt::format("data of rank {} has no {} spatial axes", rank, m));
  const ValueId x = pad_spatial(node, source, pads);
  std::vector<Extent> split = {extent(node, x, 0)};
  Ints perm;
  for (std::int64_t i = 0; i < m; ++i) {
    split.push_back(divide(node, extent(node, x, i + 1), block[as_index(i)]));
    split.push_back({block[as_index(i)], {}});
    perm.push_back(2 * i + 2);
  }
  perm.push_back(0);
  for (std::int64_t i = 0; i < m; ++i) perm.push_back(2 * i + 1);
  for (std::int64_t axis = m + 1; axis < rank; ++axis) {
    split.push_back(extent(node, x, axis));
    perm.push_back(axis + m);
  }
  const ValueId blocks = node.add(op::Reshape{}, {x, make_shape(node, split)});
  const std::int64_t factor = block_elements(block);
  std::vector<Extent> joined = {multiply(node, split.front(), factor)};
  for (std::int64_t i = 0; i < m; ++i) joined.push_back(split[as_index(2 * i + 1)]);
  for (std::int64_t axis = m + 1; axis < rank; ++axis) joined.push_back(split[as_index(axis + m)]);
  return node.add(op::Reshape{}, {transpose(node, blocks, std::move(perm)), make_shape(node, joined)});
}

ValueId from_batches(NodeContext& node, ValueId x, const Ints& block) {
  const auto m = static_cast<std::int64_t>(block.size());
  const std::int64_t rank = node.rank_of(x);
  if (rank < m + 1) node.fail(fmt::format("data of rank {} has no {} spatial axes", rank, m));
  const std::int64_t factor = block_elements(block);
  const Extent batch = divide(node, extent(node, x, 0), factor);
  std::vector<Extent> split;
  for (const std::int64_t size : block) split.push_back({size, {}});
  split.push_back(batch);
  for (std::int64_t axis = 1; axis < rank; ++axis) split.push_back(extent(node, x, axis));
  Ints perm = {m};
  std::vector<Extent> joined = {batch};
  for (std::int64_t i = 0; i < m; ++i) {
    perm.push_back(m + 1 + i);
    perm.push_back(i);
    joined.push_back(multiply(node, split[as_index(m + 1 + i)], block[as_index(i)]));
  }
  for (std::int64_t axis = 2 * m + 1; axis < rank + m; ++axis) {
    perm.push_back(axis);
    joined.push_back(split[as_index(axis)]);
  }
  const ValueId blocks = node.add(op::Reshape{}, {x, make_shape(node, split)});
  return node.add(op::Reshape{}, {transpose(node, blocks, std::move(perm)), make_shape(node, joined)});
}

ValueId crop(NodeContext& node, ValueId x, const Ints& crops) {
  Ints axes;
  Ints starts;
  Ints ends;
  const std::size_t m = crops.size() / 2;
  for (std::size_t i = 0; i < m; ++i) {
    if (crops[i] == 0 && crops[m + i] == 0) continue;
    axes.push_back(static_cast<std::int64_t>(i) + 1);
    starts.push_back(crops[i]);
    ends.push_back(crops[m + i] == 0 ? std::numeric_limits<std::int64_t>::max() : -crops[m + i]);
  }
  return axes.empty() ? x : slice(node, x, axes, starts, ends);
}

Values space_to_batch(NodeContext& node, const Ints& block, const Ints& pads) {
  check_block(node, block);
  const ValueId y = to_batches(node, node.input(0), block, pads);
  node.notes().space_to_batch[y] = {node.input(0), block, pads};
  return one(y);
}

Values batch_to_space(NodeContext& node, const Ints& block, const Ints& crops) {
  check_block(node, block);
  const auto found = node.notes().dilated.find(node.input(0));
  if (found != node.notes().dilated.end() && found->second.batches.block == block) {
    const Notes::SpaceToBatch& batches = found->second.batches;
    Ints pads = batches.pads;
    for (std::size_t i = 0; i < pads.size(); ++i) pads[i] -= crops[i];
    if (std::all_of(pads.begin(), pads.end(), [](auto pad) { return pad >= 0; })) {
      const auto build = found->second.build;
      return one(build(node, batches.source, block, pads));
    }
  }
  return one(crop(node, from_batches(node, node.input(0), block), crops));
}

Values space_to_batch_nd(NodeContext& node) {
  node.require_inputs(3);
  const Ints block = node.require_ints(1, "the block");
  return space_to_batch(node, block, read_margins(node, node.require_ints(2, "the padding"), block.size()));
}

Values batch_to_space_nd(NodeContext& node) {
  node.require_inputs(3);
  const Ints block = node.require_ints(1, "the block");
  return batch_to_space(node, block, read_margins(node, node.require_ints(2, "the crops"), block.size()));
}

Values space_to_batch_v1(NodeContext& node) {
  node.require_inputs(2);
  const std::int64_t block = node.attr_int("block_size", 2);
  return space_to_batch(node, {block, block}, read_margins(node, node.require_ints(1, "the padding"), 2));
}

Values batch_to_space_v1(NodeContext& node) {
  node.require_inputs(2);
  const std::int64_t block = node.attr_int("block_size", 2);
  return batch_to_space(node, {block, block}, read_margins(node, node.require_ints(1, "the crops"), 2));
}

template <class Op>
Values depth_blocks(NodeContext& node) {
  node.require_inputs(1);
  Op op;
  op.blocksize = node.attr_int("block_size", 2);
  const bool last = channels_last(node);
  const ValueId x = last ? to_channels_first(node, node.input(0)) : node.input(0);
  const ValueId y = node.add(std::move(op), {x});
  return one(last ? to_channels_last(node, y) : y);
}

}  // namespace
}  // namespace tenon::tensorflow

namespace tenon {

void register_tensorflow_batches(tensorflow::Registry& registry) {
  using namespace tensorflow;  // NOLINT: the tables read better without prefixes
  registry.add("BatchToSpace", batch_to_space_v1);
  registry.add("BatchToSpaceND", batch_to_space_nd);
  registry.add("DepthToSpace", depth_blocks<op::DepthToSpace>);
  registry.add("SpaceToBatch", space_to_batch_v1);
  registry.add("SpaceToBatchND", space_to_batch_nd);
  registry.add("SpaceToDepth", depth_blocks<op::SpaceToDepth>);
}

}  // namespace tenon
