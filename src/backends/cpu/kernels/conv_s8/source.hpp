// Where integer convolutions read: the image itself, or a copy of a band of its rows with the padding written
// out, in the form that a kernel multiplies.
#pragma once

#include "backends/cpu/kernels/band/geometry.hpp"
#include "backends/cpu/kernels/conv_s8/conv_s8.hpp"

namespace tenon::cpu {

BandForm s8_band(const ConvS8Kernel& kernel, const ConvS8Args& args);

// The source of output rows [begin, end) of one image and group; `scratch` holds band_bytes of that many.
BandSource s8_source(const BandGeometry& geometry, const ConvS8Kernel& kernel, const ConvS8Args& args,
                     int image, int group, int begin, int end, std::byte* scratch);

}  // namespace tenon::cpu
