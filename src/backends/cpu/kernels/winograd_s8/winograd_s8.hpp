// Winograd's convolution F(4x4, 3x3) of bytes, exact: stride 1, dilation 1, one group, 3x3 filters.
//
// What it computes, tensors, bias, multipliers and residual are those of conv_s8.hpp, nChw16c to nChw16c,
// and so is every bit of the result, although a tile of 4 x 4 outputs takes 36 products per pair of channels
// instead of 144. The transforms of winograd.hpp, with the points 0, 1, -1, 2, -2 and infinity, are scaled
// to integers:
//
//   B^T   4  0 -5  0  1  0      G   6  0  0      A^T   1  1  1  1  1  0
//         0 -4 -4  1  1  0         -4 -4 -4            0  1 -1  2 -2  0
//         0  4 -4 -1  1  0         -4  4 -4            0  1  1  4  4  0
//         0 -2 -1  2  1  0          1  2  4            0  1 -1  8 -8  2
//         0  2 -1 -2  1  0          1 -2  4
//         0  4  0 -5  0  1          0  0 12
//
//   A^T [ sum over c of (G g[c] G^T) * (B^T d[c] B) ] A = 24^2 Y      * element by element
//
// Of unsigned bytes d, B^T d B lies in [-12750, 17340]; of signed bytes g, |G g G^T| <= 144 * 128 = 18432:
// both are 16-bit integers, whose products machines add in pairs. Sums and A^T wrap modulo 2^32, which does
// no harm: 24^2 = 64 * 9, so multiplying by the inverse of 9 modulo 2^32 leaves 64 Y modulo 2^32, and an
// arithmetic shift by 6 bits is Y wherever -2^25 <= Y < 2^25. Y is the sum of unsigned bytes times weights,
// without the bias; winograd_s8_fits says from the weights alone that no input can make it leave that range.
// With other weights the result is wrong, with no other harm. The transforms are Lavin and Gray's, "Fast
// algorithms for convolutional neural networks", 2015; that integers divide out exactly modulo a power of
// two, but for the twos of the divisor, is the observation on which this kernel rests.
//
// Weights are transformed once, in one format for all ISA levels, missing channels zero:
//   [36][ceil(O/16)][ceil(C/2)][16 o][2 c]
// The driver is that of winograd.hpp.
#pragma once

#include "backends/cpu/kernels/conv_s8/conv_s8.hpp"
#include "backends/cpu/kernels/winograd_s8/stages.hpp"

#include <cstddef>
#include <cstdint>

namespace tenon::cpu {

const WinogradS8Kernel* select_winograd_s8(Isa level);

// nullptr if winograd_s8_run takes the shape, else why not.
const char* winograd_s8_refusal(const ConvShape& shape);

// weights is OIHW: whether every sum of bytes times the weights of an output channel is within 26 bits.
bool winograd_s8_fits(const ConvShape& shape, const std::int8_t* weights) noexcept;

// Sizes in elements. The bias is packed as conv_s8_pack_bias does.
std::size_t winograd_s8_packed_size(const ConvShape& shape);
void winograd_s8_pack(const ConvShape& shape, const std::int8_t* weights, std::int16_t* packed) noexcept;

// scratch: that many bytes, aligned to a cache line, for at least as many threads as the pool has.
std::size_t winograd_s8_scratch_size(const ConvShape& shape, int threads);
// Of args, config, planar and weights are not used.
void winograd_s8_run(const WinogradS8Kernel& kernel, const ConvS8Args& args, const std::int16_t* weights,
                     std::byte* scratch, ThreadPool& pool) noexcept;

}  // namespace tenon::cpu
