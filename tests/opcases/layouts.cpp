#include "opcases/layouts.hpp"

#include "base/check.hpp"

#include <cstring>

namespace tenon::test {
namespace {

// visit(plain index or -1 for a padding lane, stored index)
template <class Visit>
void walk(const Shape& shape, std::int64_t block, const Visit& visit) {
  std::int64_t pixels = 1;
  for (std::size_t i = 2; i < shape.size(); ++i) pixels *= shape[i];
  const std::int64_t channels = shape[1], blocks = (channels + block - 1) / block;
  std::int64_t stored = 0;
  for (std::int64_t n = 0; n < shape[0]; ++n) {
    for (std::int64_t b = 0; b < blocks; ++b) {
      for (std::int64_t p = 0; p < pixels; ++p) {
        for (std::int64_t lane = 0; lane < block; ++lane, ++stored) {
          const std::int64_t c = b * block + lane;
          visit(c < channels ? (n * channels + c) * pixels + p : -1, stored);
        }
      }
    }
  }
}

std::int64_t block_of(const Layout& layout) {
  TENON_CHECK(layout.order.empty() && layout.blocks.size() == 1 && layout.blocks[0].axis == 1, "layout {}",
              layout.to_string());
  return layout.blocks[0].size;
}

bool is_byte(DataType dtype) { return dtype == DataType::i8 || dtype == DataType::u8; }

std::int64_t element_bytes(DataType dtype) { return bit_width(dtype) / 8; }

}  // namespace

std::vector<std::byte> store(const Tensor& tensor, const Layout& layout) {
  if (layout.is_plain()) return {tensor.data(), tensor.data() + tensor.size_bytes()};
  const std::int64_t bytes = element_bytes(tensor.dtype());
  std::vector<std::byte> stored;
  walk(tensor.shape(), block_of(layout), [&](std::int64_t from, std::int64_t) {
    const std::size_t at = stored.size();
    // Padding lanes are zero in floats and may be anything in bytes.
    stored.resize(at + static_cast<std::size_t>(bytes),
                  is_byte(tensor.dtype()) ? std::byte{0x5B} : std::byte{0});
    if (from >= 0)
      std::memcpy(stored.data() + at, tensor.data() + from * bytes, static_cast<std::size_t>(bytes));
  });
  return stored;
}

Tensor unstore(const std::byte* stored, DataType dtype, const Shape& shape, const Layout& layout,
               bool* padding_clear) {
  Tensor tensor(dtype, shape);
  *padding_clear = true;
  if (layout.is_plain()) {
    if (tensor.size_bytes() != 0) std::memcpy(tensor.mutable_data(), stored, tensor.size_bytes());
    return tensor;
  }
  const bool floats = dtype == DataType::f32;
  TENON_CHECK(floats || is_byte(dtype), "a blocked tensor of {}", name(dtype));
  const std::int64_t bytes = element_bytes(dtype);
  walk(shape, block_of(layout), [&](std::int64_t to, std::int64_t from) {
    if (to >= 0) {
      std::memcpy(tensor.mutable_data() + to * bytes, stored + from * bytes, static_cast<std::size_t>(bytes));
    } else if (floats) {
      float lane = 0;
      std::memcpy(&lane, stored + from * bytes, sizeof(lane));
      *padding_clear = *padding_clear && lane == 0;
    }
  });
  return tensor;
}

}  // namespace tenon::test
