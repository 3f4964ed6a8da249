#include "plan/lowering/stored_constant.hpp"

#include "base/check.hpp"
#include "tactics/rounded.hpp"

#include <cstring>

namespace tenon {
namespace {

Tensor blocked_constant(const Tensor& constant, const Layout& layout) {
  const Shape& shape = constant.shape();
  TENON_CHECK(layout.order.empty() && layout.blocks.size() == 1 && layout.blocks[0].axis == 1 &&
                  shape.size() >= 2 && bit_width(constant.dtype()) % 8 == 0,
              "a constant in layout '{}'", layout.to_string());
  std::int64_t pixels = 1;
  for (std::size_t i = 2; i < shape.size(); ++i) pixels *= shape[i];
  const std::int64_t channels = shape[1];
  const std::int64_t lanes = layout.blocks[0].size;
  const std::int64_t blocks = (channels + lanes - 1) / lanes;
  const auto bytes = static_cast<std::size_t>(bit_width(constant.dtype()) / 8);
  Tensor stored(constant.dtype(), {shape[0] * blocks * pixels * lanes});
  const std::byte* from = constant.data();
  for (std::int64_t image = 0; image < shape[0]; ++image) {
    std::byte* to = stored.mutable_data() + static_cast<std::size_t>(image * blocks * pixels * lanes) * bytes;
    for (std::int64_t channel = 0; channel < channels; ++channel) {
      for (std::int64_t pixel = 0; pixel < pixels; ++pixel, from += bytes) {
        const std::int64_t at = (channel / lanes * pixels + pixel) * lanes + channel % lanes;
        std::memcpy(to + static_cast<std::size_t>(at) * bytes, from, bytes);
      }
    }
  }
  return stored;
}

}  // namespace

Tensor stored_constant(const Tensor& constant, const Layout& layout) {
  const Tensor stored = layout.is_row_major() ? constant : blocked_constant(constant, layout);
  return layout.stored ? rounded(stored, *layout.stored) : stored;
}

}  // namespace tenon
