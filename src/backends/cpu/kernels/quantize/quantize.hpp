// Between floats and bytes with one scale and zero point, and sums of bytes of different scales. Bytes are i8
// or u8.
//
//   quantize     dst[i] = saturate(round_half_even(src[i] / scale) + zero)     scale > 0; a NaN becomes 0
//   dequantize   dst[i] = float(src[i] - zero) * scale
//   add          v = float(a[i] - a_zero) * a_multiplier + float(b[i] - b_zero) * b_multiplier, products and
//                sum rounded once each, then as bytes/requantize.hpp has it
//   look up      dst[i] = table[src[i]], the bits of src[i] as a number from 0 to 255
//   gate         v = gate(src[i]) * alpha, with one of ops/gates.hpp, then as bytes/requantize.hpp has it
//   extremes     the least and the largest of 0 and all src[i] that are no NaN
#pragma once

#include "backends/cpu/kernels/bytes/requantize.hpp"
#include "backends/cpu/kernels/kernel.hpp"
#include "ops/gates.hpp"

#include <cstddef>
#include <cstdint>
#include <span>

namespace tenon {
class ThreadPool;
}

namespace tenon::cpu {

struct QuantizeArgs {
  const float* src = nullptr;
  std::uint8_t* dst = nullptr;
  std::ptrdiff_t count = 0;
  float scale = 1;
  float zero = 0;
  bool is_signed = false;
};

struct BytesToFloatsArgs {
  const std::uint8_t* src = nullptr;
  float* dst = nullptr;
  std::ptrdiff_t count = 0;
  float scale = 1;
  std::int32_t zero = 0;
  bool is_signed = false;
};

struct ByteOperand {
  const std::uint8_t* data = nullptr;
  bool is_signed = false;
  std::int32_t zero = 0;
  float multiplier = 1;
};

struct AddBytesArgs {
  ByteOperand a;
  ByteOperand b;
  Requantize requantize;  // no residual, no multiplier
  void* dst = nullptr;
  std::ptrdiff_t count = 0;
};

struct LookUpArgs {
  const std::uint8_t* src = nullptr;
  std::uint8_t* dst = nullptr;
  std::ptrdiff_t count = 0;
  const std::uint8_t* table = nullptr;  // 256
};

// `rows` rows of `columns` numbers. Strides are those between rows, in elements.
struct GateArgs {
  const float* src = nullptr;
  std::ptrdiff_t src_stride = 0;
  int rows = 0;
  int columns = 0;
  op::Gate gate = op::Gate::none;
  float alpha = 1;
  Requantize requantize;  // no residual, no multiplier
  void* dst = nullptr;
  std::ptrdiff_t dst_stride = 0;
};

struct Extremes {
  float low = 0;
  float high = 0;
};

struct QuantizeRoutines {
  void (*quantize)(const QuantizeArgs&, std::ptrdiff_t begin, std::ptrdiff_t end) noexcept;
  void (*dequantize)(const BytesToFloatsArgs&, std::ptrdiff_t begin, std::ptrdiff_t end) noexcept;
  void (*add)(const AddBytesArgs&, std::ptrdiff_t begin, std::ptrdiff_t end) noexcept;
  void (*look_up)(const LookUpArgs&, std::ptrdiff_t begin, std::ptrdiff_t end) noexcept;
  void (*gate)(const GateArgs&) noexcept;
  // Widens what is there already.
  void (*extremes)(const float* src, std::ptrdiff_t count, Extremes& range) noexcept;
};

struct QuantizeKernel {
  KernelInfo info;
  const QuantizeRoutines& (*routines)() noexcept;
};

std::span<const QuantizeKernel> quantize_kernels();
const QuantizeKernel* select_quantize(Isa level);

void quantize_run(const QuantizeKernel& kernel, const QuantizeArgs& args, ThreadPool& pool) noexcept;
void bytes_to_floats_run(const QuantizeKernel& kernel, const BytesToFloatsArgs& args,
                         ThreadPool& pool) noexcept;
void add_bytes_run(const QuantizeKernel& kernel, const AddBytesArgs& args, ThreadPool& pool) noexcept;
void look_up_run(const QuantizeKernel& kernel, const LookUpArgs& args, ThreadPool& pool) noexcept;
// Those of the whole, from those of its parts.
Extremes joined(std::span<const Extremes> parts) noexcept;
// `each`: as many as the pool has threads.
Extremes extremes_run(const QuantizeKernel& kernel, const float* src, std::ptrdiff_t count,
                      std::span<Extremes> each, ThreadPool& pool) noexcept;

}  // namespace tenon::cpu
