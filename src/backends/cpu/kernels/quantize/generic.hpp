// quantize.hpp over the vector types of bytes/.
#pragma once

#include "backends/cpu/kernels/bytes/requantize_generic.hpp"
#include "backends/cpu/kernels/quantize/codes.hpp"
#include "backends/cpu/kernels/simd/gates.hpp"
#include "backends/cpu/kernels/unroll.hpp"

#include <cstring>

namespace tenon::cpu {
namespace {

void quantize_elements(const QuantizeArgs& args, std::ptrdiff_t begin, std::ptrdiff_t end) noexcept {
  using V = simd::F32;
  const ByteCodes code(args.scale, args.zero, args.is_signed);
  const auto some = [&]<int Count>(Index<Count>, const float* src, std::uint8_t* dst) TENON_INLINE_LAMBDA {
    simd::I32 codes[Count];
    unroll<Count>([&](auto v)
                      TENON_INLINE_LAMBDA { codes[v.value] = code(V::load(src + v.value * V::kLanes)); });
    simd::store_bytes(codes, dst);
  };
  const std::ptrdiff_t i = each_vectors(begin, end, [&](auto count, std::ptrdiff_t at) TENON_INLINE_LAMBDA {
    some(count, args.src + at, args.dst + at);
  });
  if (i == end) return;
  float src[V::kLanes] = {};
  std::uint8_t dst[V::kLanes];
  std::memcpy(src, args.src + i, static_cast<std::size_t>(end - i) * sizeof(float));
  some(Index<1>{}, src, dst);
  std::memcpy(args.dst + i, dst, static_cast<std::size_t>(end - i));
}

void dequantize_elements(const BytesToFloatsArgs& args, std::ptrdiff_t begin, std::ptrdiff_t end) noexcept {
  using V = simd::F32;
  const V scale = V::set1(args.scale);
  const simd::I32 zero = simd::I32::set1(args.zero);
  const auto some = [&]<int Count>(Index<Count>, const std::uint8_t* src, float* dst) TENON_INLINE_LAMBDA {
    unroll<Count>([&](auto v) TENON_INLINE_LAMBDA {
      const simd::I32 x = load_byte_lanes(src + v.value * V::kLanes, args.is_signed);
      (to_float(x - zero) * scale).store(dst + v.value * V::kLanes);
    });
  };
  const std::ptrdiff_t i = each_vectors(begin, end, [&](auto count, std::ptrdiff_t at) TENON_INLINE_LAMBDA {
    some(count, args.src + at, args.dst + at);
  });
  if (i == end) return;
  std::uint8_t src[V::kLanes] = {};
  float dst[V::kLanes];
  std::memcpy(src, args.src + i, static_cast<std::size_t>(end - i));
  some(Index<1>{}, src, dst);
  std::memcpy(args.dst + i, dst, static_cast<std::size_t>(end - i) * sizeof(float));
}

void add_elements(const AddBytesArgs& args, std::ptrdiff_t begin, std::ptrdiff_t end) noexcept {
  using V = simd::F32;
  const auto term = [](const ByteOperand& x, const std::uint8_t* at) TENON_INLINE_LAMBDA {
    return to_float(load_byte_lanes(at, x.is_signed) - simd::I32::set1(x.zero)) * V::set1(x.multiplier);
  };
  const auto some = [&]<int Count>(Index<Count>, const std::uint8_t* a, const std::uint8_t* b, void* dst,
                                   std::ptrdiff_t at) TENON_INLINE_LAMBDA {
    V v[Count];
    unroll<Count>([&](auto i) TENON_INLINE_LAMBDA {
      v[i.value] = term(args.a, a + i.value * V::kLanes) + term(args.b, b + i.value * V::kLanes);
    });
    activate_quantized(args.requantize, v);
    store_quantized(args.requantize, v, dst, at);
  };
  const std::ptrdiff_t i = each_vectors(begin, end, [&](auto count, std::ptrdiff_t at) TENON_INLINE_LAMBDA {
    some(count, args.a.data + at, args.b.data + at, args.dst, at);
  });
  if (i == end) return;
  const auto left = static_cast<std::size_t>(end - i);
  const std::ptrdiff_t element = args.requantize.bytes ? 1 : sizeof(float);
  std::uint8_t a[V::kLanes] = {}, b[V::kLanes] = {};
  float dst[V::kLanes];
  std::memcpy(a, args.a.data + i, left);
  std::memcpy(b, args.b.data + i, left);
  some(Index<1>{}, a, b, dst, 0);
  std::memcpy(static_cast<std::uint8_t*>(args.dst) + i * element, dst,
              left * static_cast<std::size_t>(element));
}

void look_up_elements(const LookUpArgs& args, std::ptrdiff_t begin, std::ptrdiff_t end) noexcept {
  for (std::ptrdiff_t i = simd::look_up(args.table, args.src, args.dst, begin, end); i < end; ++i)
    args.dst[i] = args.table[args.src[i]];
}

template <op::Gate kGate>
void gate_rows_by(const GateArgs& args) noexcept {
  using V = simd::F32;
  // Rows of kFew vectors, as tiles of two channel blocks leave them, are taken kRows at a time.
  constexpr int kFew = 2 * kChannelBlock / V::kLanes, kRows = V::kLanes == kChannelBlock ? 4 : 1;
  const V alpha = V::set1(args.alpha);
  // Vectors [row][column] of neighbouring rows.
  const auto some = [&]<int Rows, int Columns>(Index<Rows>, Index<Columns>, const float* src, void* dst,
                                               std::ptrdiff_t at) TENON_INLINE_LAMBDA {
    using Some = simd::Bundle<Rows * Columns>;
    Some all = op::gates::apply<kGate>(Some::each([&](int i) TENON_INLINE_LAMBDA {
      return V::load(src + i / Columns * args.src_stride + i % Columns * V::kLanes);
    }));
    auto& v = all.v;
    unroll<Rows * Columns>([&](auto i) TENON_INLINE_LAMBDA { v[i.value] = v[i.value] * alpha; });
    activate_quantized(args.requantize, v);
    if constexpr (Rows == 1) {
      store_quantized(args.requantize, v, dst, at);
    } else if (args.requantize.bytes) {
      constexpr int kRow = Columns * V::kLanes;
      alignas(64) std::uint8_t rows[Rows * kRow];
      store_quantized(args.requantize, v, rows, 0);
      unroll<Rows>([&](auto r) TENON_INLINE_LAMBDA {
        std::memcpy(static_cast<std::uint8_t*>(dst) + at + r.value * args.dst_stride, rows + r.value * kRow,
                    kRow);
      });
    } else {
      unroll<Rows * Columns>([&](auto i) TENON_INLINE_LAMBDA {
        v[i.value].store(static_cast<float*>(dst) + at + i.value / Columns * args.dst_stride +
                         i.value % Columns * V::kLanes);
      });
    }
  };
  const std::ptrdiff_t element = args.requantize.bytes ? 1 : sizeof(float);
  std::ptrdiff_t row = 0;
  if (args.columns == kFew * V::kLanes) {
    for (; row + kRows <= args.rows; row += kRows)
      some(Index<kRows>{}, Index<kFew>{}, args.src + row * args.src_stride, args.dst, row * args.dst_stride);
  }
  for (; row < args.rows; ++row) {
    const float* const from = args.src + row * args.src_stride;
    const std::ptrdiff_t to = row * args.dst_stride;
    const std::ptrdiff_t i =
        each_vectors(0, args.columns, [&](auto count, std::ptrdiff_t at) TENON_INLINE_LAMBDA {
          some(Index<1>{}, count, from + at, args.dst, to + at);
        });
    if (i == args.columns) continue;
    const auto left = static_cast<std::size_t>(args.columns - i);
    float src[V::kLanes] = {}, dst[V::kLanes];
    std::memcpy(src, from + i, left * sizeof(float));
    some(Index<1>{}, Index<1>{}, src, dst, 0);
    std::memcpy(static_cast<std::uint8_t*>(args.dst) + (to + i) * element, dst,
                left * static_cast<std::size_t>(element));
  }
}

void gate_rows(const GateArgs& args) noexcept {
  using op::Gate;
  switch (args.gate) {
    case Gate::none: return gate_rows_by<Gate::none>(args);
    case Gate::silu: return gate_rows_by<Gate::silu>(args);
    case Gate::gelu: return gate_rows_by<Gate::gelu>(args);
    case Gate::gelu_tanh: return gate_rows_by<Gate::gelu_tanh>(args);
    case Gate::hard_swish: return gate_rows_by<Gate::hard_swish>(args);
  }
}

void widen_extremes(const float* src, std::ptrdiff_t count, Extremes& range) noexcept {
  using V = simd::F32;
  constexpr int kTogether = 4;
  V low[kTogether], high[kTogether];
  unroll<kTogether>([&](auto v) TENON_INLINE_LAMBDA {
    low[v.value] = V::set1(range.low);
    high[v.value] = V::set1(range.high);
  });
  std::ptrdiff_t i = 0;
  for (; i + kTogether * V::kLanes <= count; i += kTogether * V::kLanes) {
    unroll<kTogether>([&](auto v) TENON_INLINE_LAMBDA {
      const V x = V::load(src + i + v.value * V::kLanes);
      low[v.value] = min(x, low[v.value]);
      high[v.value] = max(x, high[v.value]);
    });
  }
  unroll<kTogether - 1>([&](auto v) TENON_INLINE_LAMBDA {
    low[0] = min(low[v.value + 1], low[0]);
    high[0] = max(high[v.value + 1], high[0]);
  });
  range = {reduce_min(low[0]), reduce_max(high[0])};
  for (; i < count; ++i) {
    if (src[i] < range.low) range.low = src[i];
    if (src[i] > range.high) range.high = src[i];
  }
}

constexpr QuantizeRoutines kQuantizeRoutines = {quantize_elements, dequantize_elements, add_elements,
                                                look_up_elements,  gate_rows,           widen_extremes};

}  // namespace
}  // namespace tenon::cpu
