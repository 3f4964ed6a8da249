// Nearest resizing of bytes: pixels are copied, of one byte or of a block of 16.
#include "backends/cpu/kernels/resize/resize.hpp"
#include "backends/cpu/kernels/run_units.hpp"

#include <cstring>

namespace tenon::cpu {

namespace {

template <int Pixel>
void resize_byte_rows(const ByteResizeArgs& args, std::ptrdiff_t begin, std::ptrdiff_t end) noexcept {
  const ResizeAxis& height = args.height;
  const ResizeAxis& width = args.width;
  for (std::ptrdiff_t row = begin; row < end; ++row) {
    const std::uint8_t* from =
        args.src + (row / height.out * height.in + height.low[row % height.out]) * width.in * Pixel;
    std::uint8_t* to = args.dst + row * width.out * Pixel;
    for (std::ptrdiff_t x = 0; x < width.out; ++x)
      std::memcpy(to + x * Pixel, from + width.low[x] * Pixel, Pixel);
  }
}

}  // namespace

void resize_bytes_run(const ByteResizeArgs& args, ThreadPool& pool) noexcept {
  const int pixel = args.blocked ? kChannelBlock : 1;
  run_units(args.blocked ? resize_byte_rows<kChannelBlock> : resize_byte_rows<1>, args,
            args.planes * args.height.out, 2 * args.width.out * pixel, pool);
}

}  // namespace tenon::cpu
