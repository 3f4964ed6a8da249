#include "opcases/layouts.hpp"

#include "base/check.hpp"
#include "base/half.hpp"

#include <algorithm>
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

template <class To, class From>
Tensor converted(const Tensor& tensor) {
  Tensor result(DataTypeOf<To>::value, tensor.shape());
  const auto from = tensor.values<From>();
  std::transform(from.begin(), from.end(), result.mutable_values<To>().begin(), [](From x) { return To(x); });
  return result;
}

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
  const bool floats = dtype == DataType::f32 || dtype == DataType::bf16 || dtype == DataType::f16;
  TENON_CHECK(floats || is_byte(dtype), "a blocked tensor of {}", name(dtype));
  const std::int64_t bytes = element_bytes(dtype);
  walk(shape, block_of(layout), [&](std::int64_t to, std::int64_t from) {
    if (to >= 0) {
      std::memcpy(tensor.mutable_data() + to * bytes, stored + from * bytes, static_cast<std::size_t>(bytes));
    } else if (floats) {
      const std::byte* lane = stored + from * bytes;
      const bool zero = std::all_of(lane, lane + bytes - 1, [](std::byte b) { return b == std::byte{0}; });
      const bool signless = (lane[bytes - 1] & std::byte{0x7F}) == std::byte{0};
      *padding_clear = *padding_clear && zero && signless;
    }
  });
  return tensor;
}

Tensor rounded(const Tensor& tensor, std::optional<DataType> type) {
  if (!type || tensor.dtype() != DataType::f32) return tensor;
  if (*type == DataType::bf16) return converted<bfloat16, float>(tensor);
  return *type == DataType::f16 ? converted<float16, float>(tensor) : tensor;
}

Tensor widened(const Tensor& tensor) {
  if (tensor.dtype() == DataType::bf16) return converted<float, bfloat16>(tensor);
  return tensor.dtype() == DataType::f16 ? converted<float, float16>(tensor) : tensor;
}

}  // namespace tenon::test
