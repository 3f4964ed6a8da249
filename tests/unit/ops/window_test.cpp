#include "ops/window.hpp"

#include "inference_fixture.hpp"
#include "ops/average_pool.hpp"
#include "ops/conv.hpp"
#include "ops/conv_transpose.hpp"
#include "ops/max_pool.hpp"

#include <tuple>

namespace tenon {
namespace {

using WindowInference = InferenceTest;

op::Conv conv_with(std::vector<std::int64_t> stride, std::vector<std::int64_t> pad) {
  op::Conv conv;
  conv.stride = std::move(stride);
  conv.pad = std::move(pad);
  return conv;
}

// Counts windows the way the definition says.
std::int64_t counted(std::int64_t input, const op::MaxPool& pool) {
  const std::int64_t extent = (pool.kernel[0] - 1) * pool.dilation[0] + 1;
  const std::int64_t begin = pool.auto_pad == op::AutoPad::explicit_pads ? pool.pad[0] : 0;
  const std::int64_t end = pool.auto_pad == op::AutoPad::explicit_pads ? pool.pad[1] : 0;
  if (pool.auto_pad == op::AutoPad::same_upper || pool.auto_pad == op::AutoPad::same_lower) {
    return (input + pool.stride[0] - 1) / pool.stride[0];
  }
  std::int64_t count = 0;
  for (std::int64_t start = -begin; start < input; start += pool.stride[0]) {
    const bool whole = start + extent <= input + end;
    const bool partial = pool.ceil_mode && start - pool.stride[0] + extent < input + end;
    if (whole || partial) ++count;
  }
  if (pool.ceil_mode) return count;
  return (input + begin + end - extent) / pool.stride[0] + 1;
}

// Whatever H is, the inferred dim has the value of the definition, and so has the resolved one.
TEST_F(WindowInference, SymbolicSizesAreRightForEveryValue) {
  const ValueId x = input("f32[1,1,H]");
  op::MaxPool pool;
  for (const std::int64_t kernel : {1, 2, 3, 5}) {
    for (const std::int64_t stride : {1, 2, 3, 7}) {
      for (const std::int64_t dilation : {1, 2}) {
        for (const auto& pad : {std::vector<std::int64_t>{0, 0}, {1, 1}, {0, 1}, {2, 0}}) {
          for (const bool ceil_mode : {false, true}) {
            for (const op::AutoPad auto_pad :
                 {op::AutoPad::explicit_pads, op::AutoPad::same_upper, op::AutoPad::valid}) {
              pool.kernel = {kernel};
              pool.stride = {stride};
              pool.dilation = {dilation};
              pool.pad = pad;
              pool.ceil_mode = ceil_mode && auto_pad == op::AutoPad::explicit_pads;
              pool.auto_pad = auto_pad;
              const Dim inferred = graph_.type(add(pool, {x})).as_tensor().dims->back();
              for (std::int64_t h = (kernel - 1) * dilation + 1; h < 24; ++h) {
                const std::int64_t expected = counted(h, pool);
                EXPECT_EQ(inferred.eval({{"H", h}}), expected)
                    << "kernel " << kernel << " stride " << stride << " dilation " << dilation << " pad "
                    << pad[0] << "," << pad[1] << " ceil " << pool.ceil_mode << " auto "
                    << static_cast<int>(auto_pad) << " H " << h;
                EXPECT_EQ(op::resolve_window(op::window_fields(pool), {&h, 1}, pool.kernel)[0].output,
                          expected);
              }
            }
          }
        }
      }
    }
  }
}

TEST_F(WindowInference, ConvKeepsSymbolsApart) {
  const ValueId x = input("f32[N,3,H,W]");
  const ValueId w = input("f32[64,3,7,7]");
  EXPECT_EQ(type(add(conv_with({2, 2}, {3, 3, 3, 3}), {x, w})),
            spelled("f32[N,64,floordiv(H - 1, 2) + 1,floordiv(W - 1, 2) + 1]"));
  EXPECT_EQ(type(add(conv_with({1, 1}, {3, 3, 3, 3}), {x, w})), spelled("f32[N,64,H,W]"));
  op::Conv same;
  same.stride = {2, 2};
  same.auto_pad = op::AutoPad::same_lower;
  EXPECT_EQ(type(add(same, {x, w})), spelled("f32[N,64,ceildiv(H, 2),ceildiv(W, 2)]"));
}

TEST_F(WindowInference, ConvTakesAnyNumberOfSpatialAxes) {
  EXPECT_EQ(type(add(op::Conv{}, {input("f32[N,2,10]"), input("f32[4,2,3]")})), spelled("f32[N,4,8]"));
  EXPECT_EQ(type(add(op::Conv{}, {input("f32[N,2,10,9,8]"), input("f32[4,2,3,2,1]")})),
            spelled("f32[N,4,8,8,8]"));
}

TEST_F(WindowInference, ConvRefusesWhatCannotFit) {
  const ValueId x = input("f32[1,4,8,8]");
  const ValueId w = input("f32[6,4,3,3]");
  EXPECT_NE(error(op::Conv{}, {x, input("f32[6,3,3,3]")}), "");  // channels
  EXPECT_NE(error(op::Conv{}, {x, input("f32[6,4,3]")}), "");    // rank
  EXPECT_NE(error(op::Conv{}, {x, input("f32[6,4,9,3]")}), "");  // window
  EXPECT_NE(error(op::Conv{}, {x, input("f16[6,4,3,3]")}), "");  // dtype
  EXPECT_NE(error(op::Conv{}, {x, w, input("f32[5]")}), "");     // bias
  EXPECT_NE(error(conv_with({0, 1}, {}), {x, w}), "");           // stride
  EXPECT_NE(error(conv_with({1}, {}), {x, w}), "");              // number of strides
  EXPECT_NE(error(conv_with({}, {1, 1}), {x, w}), "");           // number of pads
  EXPECT_NE(error(op::Conv{}, {x, w, input("f32[6]"), x}), "");  // operand without an epilogue
  op::Conv grouped;
  grouped.group = 4;
  EXPECT_NE(error(grouped, {x, input("f32[6,1,3,3]")}), "");  // 6 outputs in 4 groups
  EXPECT_EQ(error(grouped, {x, input("f32[8,1,3,3]")}), "");
}

TEST_F(WindowInference, EpilogueMayChangeTheDtypeButNotTheShape) {
  const ValueId x = input("f32[N,4,8,8]");
  const ValueId w = input("f32[6,4,1,1]");
  op::Conv conv;
  conv.epilogue = PointwiseProgram::parse("(2) %2 = add %0 %1; %3 = relu %2");
  EXPECT_EQ(type(add(conv, {x, w, ValueId(), input("f32[N,6,8,8]")})), spelled("f32[N,6,8,8]"));
  EXPECT_EQ(type(add(conv, {x, w, ValueId(), input("f32[6,1,1]")})), spelled("f32[N,6,8,8]"));
  EXPECT_NE(error(conv, {x, w, ValueId(), input("f32[6,8,9]")}), "");
  EXPECT_NE(error(conv, {x, w}), "");
  conv.epilogue = PointwiseProgram::parse("(1) %1 = is_nan %0");
  EXPECT_EQ(type(add(conv, {x, w})), spelled("bool[N,6,8,8]"));
}

TEST_F(WindowInference, ConvTransposeInvertsSizes) {
  const ValueId x = input("f32[N,4,H,W]");
  const ValueId w = input("f32[4,3,4,4]");
  op::ConvTranspose up;
  up.stride = {2, 2};
  up.pad = {1, 1, 1, 1};
  EXPECT_EQ(type(add(up, {x, w})), spelled("f32[N,3,2*H,2*W]"));
  up.output_padding = {1, 0};
  EXPECT_EQ(type(add(up, {x, w})), spelled("f32[N,3,2*H + 1,2*W]"));
  up.output_padding = {};
  up.auto_pad = op::AutoPad::same_upper;
  EXPECT_EQ(type(add(up, {x, w})), spelled("f32[N,3,2*H,2*W]"));
  up.output_shape = {9, 10};
  EXPECT_EQ(type(add(up, {x, w})), spelled("f32[N,3,9,10]"));
  const std::int64_t input_size = 5;
  const std::int64_t kernel_size = 4;
  op::ConvTranspose sized;
  sized.stride = {2};
  sized.output_shape = {9};
  const op::WindowAxis axis = op::resolve_conv_transpose(sized, {&input_size, 1}, {&kernel_size, 1})[0];
  EXPECT_EQ(axis.output, 9);
  EXPECT_EQ(axis.pad_begin, 2);  // 12 elements, 3 too many: the odd one goes to the beginning
  EXPECT_EQ(axis.pad_end, 1);
}

TEST_F(WindowInference, MaxPoolHasIndicesWhereAsked) {
  const ValueId x = input("u8[N,4,8,8]");
  op::MaxPool pool;
  pool.kernel = {2, 2};
  pool.stride = {2, 2};
  const std::vector<ValueId> outputs = graph_.add_node(pool, {x}, 2);
  ASSERT_EQ(outputs.size(), 2U);
  EXPECT_EQ(type(outputs[0]), spelled("u8[N,4,4,4]"));
  EXPECT_EQ(type(outputs[1]), spelled("i64[N,4,4,4]"));
  EXPECT_EQ(type(add(pool, {x})), spelled("u8[N,4,4,4]"));
  op::AveragePool average;
  average.kernel = {2, 2};
  EXPECT_NE(error(average, {x}), "");  // no mean of integers
}

}  // namespace
}  // namespace tenon
