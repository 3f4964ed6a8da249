#include "backends/cpu/kernels/quantize/dequantize.hpp"

#include "base/thread_pool.hpp"

#include <algorithm>
#include <cstdint>

namespace tenon::cpu {
namespace {

constexpr std::ptrdiff_t kDequantizeGrain = 16384;  // elements

template <class T>
struct Bytes {
  static int get(const std::byte* data, std::ptrdiff_t i) noexcept {
    return reinterpret_cast<const T*>(data)[i];
  }
};

template <bool Signed>
struct Nibbles {
  static int get(const std::byte* data, std::ptrdiff_t i) noexcept {
    const int code = (std::to_integer<int>(data[i / 2]) >> (i % 2 * 4)) & 15;
    return Signed ? (code ^ 8) - 8 : code;
  }
};

// Rows [begin, end) of the [outer · length, inner] that the tensor is.
template <class Codes>
void dequantize_rows(const DequantizeArgs& args, std::ptrdiff_t begin, std::ptrdiff_t end) noexcept {
  const std::ptrdiff_t blocks = args.block == 0 ? 0 : (args.length + args.block - 1) / args.block;
  for (std::ptrdiff_t row = begin; row < end; ++row) {
    const std::ptrdiff_t d = row % args.length;
    const std::ptrdiff_t at = row * args.inner;
    float* dst = args.dst + at;
    if (args.block == 0) {
      const float scale = args.scale[d];
      const int zero = args.zero == nullptr ? 0 : Codes::get(args.zero, d);
      for (std::ptrdiff_t i = 0; i < args.inner; ++i)
        dst[i] = static_cast<float>(Codes::get(args.src, at + i) - zero) * scale;
      continue;
    }
    const std::ptrdiff_t first = (row / args.length * blocks + d / args.block) * args.inner;
    for (std::ptrdiff_t i = 0; i < args.inner; ++i) {
      const int zero = args.zero == nullptr ? 0 : Codes::get(args.zero, first + i);
      dst[i] = static_cast<float>(Codes::get(args.src, at + i) - zero) * args.scale[first + i];
    }
  }
}

using Rows = void (*)(const DequantizeArgs&, std::ptrdiff_t, std::ptrdiff_t) noexcept;

Rows rows_of(DataType dtype) noexcept {
  switch (dtype) {
    case DataType::i8: return dequantize_rows<Bytes<std::int8_t>>;
    case DataType::u8: return dequantize_rows<Bytes<std::uint8_t>>;
    case DataType::i4: return dequantize_rows<Nibbles<true>>;
    case DataType::u4: return dequantize_rows<Nibbles<false>>;
    default: return nullptr;
  }
}

}  // namespace

bool can_dequantize(DataType dtype) noexcept { return rows_of(dtype) != nullptr; }

void dequantize_run(const DequantizeArgs& args, ThreadPool& pool) noexcept {
  const Rows rows = rows_of(args.dtype);
  const std::ptrdiff_t grain =
      std::max<std::ptrdiff_t>(kDequantizeGrain / std::max<std::ptrdiff_t>(args.inner, 1), 1);
  pool.run_ranges(static_cast<std::size_t>(args.outer * args.length), static_cast<std::size_t>(grain),
                  [&](std::size_t begin, std::size_t end, int) {
                    rows(args, static_cast<std::ptrdiff_t>(begin), static_cast<std::ptrdiff_t>(end));
                  });
}

void dequantize_all(const DequantizeArgs& args) noexcept {
  rows_of(args.dtype)(args, 0, args.outer * args.length);
}

}  // namespace tenon::cpu
