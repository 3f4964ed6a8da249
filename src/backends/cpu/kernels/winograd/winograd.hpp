// Winograd's convolution F(m x m, r x r), single precision: stride 1, dilation 1, one group, r x r filters.
//
// An output tile of m x m pixels comes from alpha x alpha inputs, alpha = m + r - 1:
//   Y = A^T [ sum over c of (G g[c] G^T) * (B^T d[c] B) ] A          * element by element
// so that a tile takes alpha^2 products per pair of channels instead of m^2 r^2: of F(2x2, 3x3), F(4x4, 3x3),
// F(6x6, 3x3) and F(2x2, 5x5) the direct sum takes 2.25, 4, 5.06 and 2.78 times as many. Lavin and Gray,
// "Fast algorithms for convolutional neural networks", 2015; matrices by Cook and Toom's construction from
// the points of points.hpp:
//   B^T  row of point p: the coefficients of product over finite q != p of (x - q); of infinity: over all q
//   G    row of point p: (1, p, ..., p^(r-1)) / product over finite q != p of (p - q); of infinity: (0..0, 1)
//   A^T  row i: the i-th powers of the points; infinity: 1 in the last row, else 0
// Tensors, bias, residual and epilogue are those of conv.hpp: nChw16c to nChw16c.
//
// Weights are transformed in double precision and packed once, in one format for all ISA levels, missing
// output channels zero:
//   [alpha^2][ceil(O/16)][C][16 o]
//
// A group of tiles at a time is transformed to V[alpha^2][panel][ceil(C/16)][tile][16 c], multiplied element
// by element of the transform into M[alpha^2][block][tile][16 o] for a slice of output blocks, and
// transformed back with the epilogue into dst. Panels are as many tiles as a product keeps in registers. The
// products of one element find their part of V in the second-level cache; weights, of which there are too
// many for any cache, are asked for one product ahead and pass by once per group, so groups are large. That
// transformed data is better kept per group than per layer is an idea of Jia, Zlateski, Durand and Li,
// "Optimizing N-dimensional, Winograd-based convolution for manycore CPUs", 2018. The arithmetic of an output
// depends on nothing but the shape.
#pragma once

#include "backends/cpu/kernels/conv/conv.hpp"
#include "backends/cpu/kernels/winograd/stages.hpp"

#include <cstddef>

namespace tenon::cpu {

const WinogradKernel* select_winograd(Isa level);

// nullptr if winograd_run takes the shape with tiles of outputs x outputs, else why not. `outputs` is 2, 4 or
// 6.
const char* winograd_refusal(const ConvShape& shape, int outputs);

// How much further than a direct sum's bound, epsilon * (C r^2 + 2) * max |src| * max |weights|, a result may
// be from the exact one. Unlike the direct sum's its error depends on all inputs of the tile.
double winograd_error_factor(int outputs);

// weights is OIHW. Sizes in floats.
std::size_t winograd_packed_size(const ConvShape& shape, int outputs);
void winograd_pack(const ConvShape& shape, int outputs, const float* weights, float* packed) noexcept;

// Floats of scratch that winograd_run needs on a pool of `threads`.
std::size_t winograd_scratch_size(const ConvShape& shape, int outputs, int threads);

// args.config is not used. The bias is padded as conv_pack_bias does.
void winograd_run(const WinogradKernel& kernel, const ConvArgs& args, int outputs, float* scratch,
                  ThreadPool& pool) noexcept;

}  // namespace tenon::cpu
