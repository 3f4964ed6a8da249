#include "opcases/case.hpp"
#include "ops/concat.hpp"
#include "ops/constant_of_shape.hpp"
#include "ops/depth_to_space.hpp"
#include "ops/expand.hpp"
#include "ops/gather.hpp"
#include "ops/pad.hpp"
#include "ops/slice.hpp"
#include "ops/space_to_depth.hpp"
#include "ops/split.hpp"
#include "ops/tile.hpp"
#include "ops/transpose.hpp"

#include <fmt/format.h>

#include <limits>

namespace tenon::test {
namespace {

using Ints = std::vector<std::int64_t>;
constexpr std::int64_t kEnd = std::numeric_limits<std::int64_t>::max();

op::Slice slice(Ints starts, Ints ends, Ints axes, Ints steps) { return {starts, ends, axes, steps}; }

op::Split split(std::int64_t axis, std::optional<Ints> sizes) {
  op::Split op;
  op.axis = axis;
  op.sizes = std::move(sizes);
  return op;
}

op::Pad pad(Ints pads, std::optional<Ints> axes = std::nullopt) {
  op::Pad op;
  op.pads = std::move(pads);
  op.axes = std::move(axes);
  return op;
}

}  // namespace

void add_movement_cases(std::vector<OpCase>& cases) {
  const Dim n = symbol("N"), h = symbol("H"), w = symbol("W"), s = symbol("S");
  const Dims image{n, 16, h, w};
  const auto i64 = [](Dims dims) { return typed(DataType::i64, std::move(dims), -9, 9); };
  const auto add = [&](const std::string& name, Op op, std::vector<CaseOperand> operands,
                       std::size_t outputs = 0) {
    cases.push_back({name, std::move(op), std::move(operands), 1, outputs});
  };
  add("concat_channels", op::Concat{1}, {input(image), input({n, 32, h, w}), input({n, 48, h, w})});
  add("concat_odd_channels", op::Concat{1}, {input({n, 3, h, w}), input({n, 5, h, w})});
  add("concat_rows", op::Concat{-2}, {input({n, 5, h, w}), input({n, 5, 3, w})});
  add("concat_integers", op::Concat{0}, {i64({s, 2}), i64({3, 2})});
  add("concat_with_constant", op::Concat{1}, {weight({2, 1, 4}), input({2, s, 4})});
  add("split_channels", split(1, Ints{16, 32}), {input({n, 48, h, w})}, 2);
  add("split_odd", split(-1, std::nullopt), {input({n, 10})}, 3);
  add("split_bytes", split(0, Ints{1, 4}), {typed(DataType::u8, {5, s}, 0, 255)}, 2);

  add("slice_rows", slice({1}, {kEnd}, {2}, {1}), {input(image)});
  add("slice_pixels", slice({0, 1}, {kEnd, kEnd}, {2, 3}, {2, 2}), {input(image)});
  add("slice_backwards", slice({-1}, {std::numeric_limits<std::int64_t>::min()}, {-1}, {-1}),
      {input({n, s})});
  add("slice_integers_backwards", slice({-1, 0}, {0, 5}, {0, 1}, {-2, 1}), {i64({9, s})});
  add("slice_by_operands", op::Slice{},
      {input(image), integers({2, 1}), integers({14, -1}), integers({1, 2}), integers({3, 1})});

  add("expand_image", op::Expand{}, {input({19, 1, w}), integers({2, 19, 7, 1})});
  add("expand_bytes", op::Expand{}, {typed(DataType::boolean, {s, 1}, 0, 1), integers({1, 5})});
  add("tile_image", op::Tile{}, {input({n, 3, w}), integers({1, 2, 3})});
  add("fill_floats", op::ConstantOfShape{Tensor::of<float>({1}, std::vector<float>{1.5F})},
      {integers({3, 0, 7})});
  add("fill_integers", op::ConstantOfShape{Tensor::of<std::int64_t>({1}, std::vector<std::int64_t>{-9})},
      {integers({300, 7})});
  add("fill_bytes", op::ConstantOfShape{Tensor::of<std::uint8_t>({}, std::vector<std::uint8_t>{200})},
      {integers({300, 1001})});
  add("tile_integers", op::Tile{}, {i64({s}), integers({4})});

  add("pad_image", pad({0, 0, 1, 2, 0, 0, 3, 1}), {input(image), absent(), weight({})});
  add("pad_and_crop", pad({-2, 1, 1, -3}), {input({9, 12})});
  add("pad_of_nothing", pad({3, 0, -1, 0}), {input({0, 12})});
  for (const op::PadMode mode : {op::PadMode::edge, op::PadMode::reflect, op::PadMode::wrap}) {
    const auto name = [&](const char* what) {
      return fmt::format("pad_{}_{}", op::enum_names(mode)[static_cast<std::size_t>(mode)], what);
    };
    op::Pad image_pad = pad({0, 0, 1, 2, 0, 0, 3, 1}), line = pad({2, 4}, Ints{-1}),
            crop = pad({-2, 1, 1, -3});
    image_pad.mode = line.mode = crop.mode = mode;
    add(name("image"), image_pad, {input(image)});
    add(name("line"), line, {i64({n, h})});
    add(name("cropped"), crop, {input({9, 12})});
    add(name("bytes"), line, {typed(DataType::u8, {n, 3, 2}, 0, 255)});
  }
  add("pad_axes", pad({2, 1}, Ints{-1}), {i64({n, s})});
  add("pad_bytes", pad({1, 1}, Ints{0}), {typed(DataType::u8, {s, 3}, 0, 255)});

  add("gather_rows", op::Gather{0}, {input({50, 24}), typed(DataType::i64, {n, s}, -50, 49)});
  add("gather_narrow", op::Gather{1}, {input({n, 11, 3}), typed(DataType::i32, {s}, -11, 10)});
  add("gather_one", op::Gather{1}, {i64({n, 7}), typed(DataType::i64, {}, 0, 6)});

  add("transpose_matrix", op::Transpose{}, {input({s, 37})});
  add("transpose_heads", op::Transpose{{0, 2, 1, 3}}, {input({n, s, 4, 24})});
  add("transpose_channels_last", op::Transpose{{0, 2, 3, 1}}, {input(image)});
  add("transpose_integers", op::Transpose{{1, 0, 2}}, {i64({s, 5, 1})});
  add("transpose_bytes", op::Transpose{{1, 0}}, {typed(DataType::u8, {s, 70}, 0, 255)});
  add("depth_to_space_dcr", op::DepthToSpace{2, op::DepthToSpaceMode::dcr}, {input({n, 12, h, w})});
  add("depth_to_space_empty", op::DepthToSpace{2, op::DepthToSpaceMode::dcr}, {input({n, 0, h, w})});
  add("depth_to_space_crd", op::DepthToSpace{3, op::DepthToSpaceMode::crd}, {input({n, 18, h, w})});
  add("space_to_depth_two", op::SpaceToDepth{2}, {input({n, 3, 6, 8})});
  add("space_to_depth_crd", op::SpaceToDepth{2, op::DepthToSpaceMode::crd}, {input({n, 3, 6, 8})});
}

}  // namespace tenon::test
