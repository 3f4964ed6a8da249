// Random convolution shapes and the convolution in double precision that conv, conv_nchw and depthwise are
// held against.
#pragma once

#include "backends/cpu/kernels/conv/conv.hpp"
#include "base/function_ref.hpp"
#include "kernels/support.hpp"

#include <span>
#include <string>
#include <vector>

namespace tenon::cpu::test {

std::string describe(const ConvShape& shape);

// A shape with random kernel, stride, dilation, padding and image; out_h and out_w may leave a part of the
// input unread, or read beyond its end. Channels are left to the caller.
ConvShape random_window(Random& random, int max_kernel = 5, int max_image = 20);

struct ConvData {
  std::vector<float> src;       // NCHW
  std::vector<float> weights;   // OIHW
  std::vector<float> bias;      // may be empty
  std::vector<float> residual;  // NCHW, may be empty
  Activation act;
};

ConvData random_data(Random& random, const ConvShape& shape);

// One output in double precision, before the activation, and the sum of its terms' absolute values.
struct ExactSum {
  double value = 0;
  double magnitude = 0;
};
ExactSum exact_conv(const ConvShape& shape, const ConvData& data, int n, int o, int y, int x, int z = 0);

// Whether `dst` (NCHW) is the convolution within the family's error bound; reports the first element that is
// not.
void expect_conv(const char* family, const ConvShape& shape, const ConvData& data,
                 std::span<const float> dst);

// Runs a kernel from blocked to blocked tensors with one thread and with three, checks guard zones, padding
// lanes and that both results are the same to the bit, and hands the result, as NCHW, to `expect`. `weights`
// is packed; with `in_place` the residual lies in dst.
void check_blocked(const ConvShape& shape, const ConvData& data, std::span<const float> weights,
                   bool in_place, FunctionRef<void(const ConvArgs& args, int threads)> run,
                   FunctionRef<void(std::span<const float> dst)> expect, bool planar_src = false);

}  // namespace tenon::cpu::test
