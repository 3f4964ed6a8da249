// Moving elements and moving them back gives what was there, for every dtype.
#include "base/random.hpp"
#include "evaluation.hpp"
#include "ops/concat.hpp"
#include "ops/gather.hpp"
#include "ops/gather_elements.hpp"
#include "ops/identity.hpp"
#include "ops/pad.hpp"
#include "ops/reorder.hpp"
#include "ops/reshape.hpp"
#include "ops/reverse_sequence.hpp"
#include "ops/scatter_elements.hpp"
#include "ops/scatter_nd.hpp"
#include "ops/slice.hpp"
#include "ops/split.hpp"
#include "ops/tile.hpp"
#include "ops/transpose.hpp"

#include <gtest/gtest.h>

namespace tenon::test {
namespace {

using Ints = std::vector<std::int64_t>;

class EveryDtype : public ::testing::TestWithParam<DataType> {
 protected:
  // Elements with random bits.
  Tensor random(Shape shape) {
    Tensor result(GetParam(), std::move(shape));
    if (GetParam() == DataType::string) {
      for (std::string& text : result.mutable_values<std::string>()) {
        text = std::string(source_.below(40), 'a') + std::to_string(source_());
      }
    } else if (GetParam() == DataType::boolean) {
      for (bool& value : result.mutable_values<bool>()) value = source_.one_in(2);
    } else {
      // Whole elements only: the bits behind the last packed one stay zero.
      const auto bits =
          static_cast<std::size_t>(result.elements()) * static_cast<std::size_t>(bit_width(GetParam()));
      for (std::size_t bit = 0; bit < bits; ++bit) {
        if (source_.one_in(2)) result.mutable_data()[bit / 8] |= static_cast<std::byte>(1U << (bit % 8));
      }
    }
    return result;
  }

  Random source_{20};
};

TEST_P(EveryDtype, Identity) {
  const Tensor x = random({3, 5});
  EXPECT_TRUE(evaluate(op::Identity{}, {x}).identical(x));
}

TEST_P(EveryDtype, TransposeAndBack) {
  const Tensor x = random({3, 5, 7});
  const Tensor moved = evaluate(op::Transpose{.perm = {2, 0, 1}}, {x});
  EXPECT_EQ(moved.shape(), (Shape{7, 3, 5}));
  EXPECT_TRUE(evaluate(op::Transpose{.perm = {1, 2, 0}}, {moved}).identical(x));
}

TEST_P(EveryDtype, SplitAndConcat) {
  const Tensor x = random({3, 7, 3});
  const op::Split split{.axis = 1, .sizes = Ints{1, 0, 4, 2}};
  EXPECT_TRUE(evaluate(op::Concat{.axis = 1}, evaluate_all(split, {x}, 4)).identical(x));
}

TEST_P(EveryDtype, SliceBackwardsTwice) {
  const Tensor x = random({3, 5});
  const op::Slice backwards{.starts = Ints{-1, -1}, .ends = Ints{-100, -100}, .steps = Ints{-1, -1}};
  EXPECT_TRUE(evaluate(backwards, {evaluate(backwards, {x})}).identical(x));
}

TEST_P(EveryDtype, PadAndCrop) {
  const Tensor x = random({3, 5});
  for (const op::PadMode mode :
       {op::PadMode::constant, op::PadMode::reflect, op::PadMode::edge, op::PadMode::wrap}) {
    const Tensor padded = evaluate(op::Pad{.mode = mode, .pads = Ints{1, 2, 2, 0}}, {x});
    EXPECT_EQ(padded.shape(), (Shape{6, 7}));
    EXPECT_TRUE(evaluate(op::Pad{.mode = mode, .pads = Ints{-1, -2, -2, 0}}, {padded}).identical(x));
  }
}

TEST_P(EveryDtype, GatherAndItsInverse) {
  const Tensor x = random({5, 3});
  const Tensor moved = evaluate(op::Gather{}, {x, ints({4, -4, 0, 3, 2})});
  EXPECT_TRUE(evaluate(op::Gather{}, {moved, ints({2, 1, 4, 3, 0})}).identical(x));
}

TEST_P(EveryDtype, ScatterUndoesGather) {
  const Tensor x = random({2, 4});
  const Tensor indices = tensor<std::int64_t>({2, 4}, {3, 1, 0, 2, 0, 2, 1, 3});
  const Tensor gathered = evaluate(op::GatherElements{.axis = 1}, {x, indices});
  const Tensor other = random({2, 4});
  EXPECT_TRUE(evaluate(op::ScatterElements{.axis = 1}, {other, indices, gathered}).identical(x));
  const Tensor rows = tensor<std::int64_t>({2, 1}, {1, 0});
  const Tensor swapped = evaluate(op::ScatterNd{}, {other, rows, x});
  EXPECT_TRUE(evaluate(op::ScatterNd{}, {other, rows, swapped}).identical(x));
}

TEST_P(EveryDtype, TileHoldsCopies) {
  const Tensor x = random({2, 3});
  const Tensor tiled = evaluate(op::Tile{}, {x, ints({2, 3})});
  for (std::int64_t row : {0, 2}) {
    for (std::int64_t column : {0, 3, 6}) {
      const op::Slice one{.starts = Ints{row, column}, .ends = Ints{row + 2, column + 3}};
      EXPECT_TRUE(evaluate(one, {tiled}).identical(x));
    }
  }
}

TEST_P(EveryDtype, ReverseSequenceTwice) {
  const Tensor x = random({4, 3, 2});
  const op::ReverseSequence reverse;
  const Tensor lengths = ints({0, 3, 4});
  EXPECT_TRUE(evaluate(reverse, {evaluate(reverse, {x, lengths}), lengths}).identical(x));
}

TEST_P(EveryDtype, ReorderAndBack) {
  const Tensor x = random({2, 5, 3, 3});
  Layout twice;
  twice.order = {1, 0, 2, 3};
  twice.blocks = {{1, 2}, {0, 4}, {1, 2}};
  for (const std::string& text :
       {std::string("nhwc"), Layout::channel_blocked(4).to_string(), twice.to_string()}) {
    const Layout layout = Layout::parse(text);
    const Tensor stored = evaluate(op::Reorder{.to = text}, {x});
    Shape expected;
    for (const Dim& dim : layout.physical_dims({2, 5, 3, 3})) expected.push_back(dim.value());
    EXPECT_EQ(stored.shape(), expected) << text;
    op::Reorder back{.from = text};
    if (text == twice.to_string()) back.extents = Ints{5, 2};
    if (text == Layout::channel_blocked(4).to_string()) back.extents = Ints{5};
    EXPECT_TRUE(evaluate(back, {stored}).identical(x)) << text;
  }
}

TEST_P(EveryDtype, EmptyTensorsPass) {
  const Tensor x = random({0, 4});
  EXPECT_EQ(evaluate(op::Transpose{}, {x}).shape(), (Shape{4, 0}));
  EXPECT_EQ(evaluate(op::Concat{}, {x, x}).shape(), (Shape{0, 4}));
  EXPECT_EQ(evaluate(op::Reshape{.allow_zero = true}, {x, ints({2, 0})}).shape(), (Shape{2, 0}));
}

std::vector<DataType> every_dtype() {
  std::vector<DataType> all;
  for (int i = 0; i < kDataTypeCount; ++i) all.push_back(static_cast<DataType>(i));
  return all;
}

INSTANTIATE_TEST_SUITE_P(All, EveryDtype, ::testing::ValuesIn(every_dtype()),
                         [](const auto& test) { return std::string(name(test.param)); });

}  // namespace
}  // namespace tenon::test
