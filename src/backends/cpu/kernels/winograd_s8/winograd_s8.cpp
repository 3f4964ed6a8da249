#include "backends/cpu/kernels/winograd_s8/winograd_s8.hpp"

#include "backends/cpu/kernels/winograd/driver.hpp"
#include "backends/cpu/kernels/winograd/winograd.hpp"

namespace tenon::cpu {

#define TENON_WINOGRAD_S8_KERNEL(isa, name, tiles1, tiles2)                           \
  void name##_input(const WinogradS8Input& args) noexcept;                            \
  void name##_product(const WinogradS8Product& args, int tiles, int blocks) noexcept; \
  void name##_output(const WinogradS8Output& args) noexcept;
#include "backends/cpu/kernels/winograd_s8/kernels.inc"
#undef TENON_WINOGRAD_S8_KERNEL

namespace {

constexpr WinogradS8Kernel kWinogradS8Kernels[] = {
#define TENON_WINOGRAD_S8_KERNEL(isa, name, tiles1, tiles2) \
  {{"winograd_s8", #name, Isa::isa}, {tiles1, tiles2}, name##_input, name##_product, name##_output},
#include "backends/cpu/kernels/winograd_s8/kernels.inc"
#undef TENON_WINOGRAD_S8_KERNEL
};

// What the driver reads of the arguments.
struct WinogradS8Call {
  const ConvShape& shape;
  const std::uint8_t* src;
  const std::int16_t* weights;
  const ConvS8Args& conv;
};

struct WinogradS8 {
  using Source = std::uint8_t;
  using Transformed = std::int16_t;
  using Weight = std::int16_t;
  using Sum = std::int32_t;
  using Kernel = WinogradS8Kernel;
  using Args = WinogradS8Call;
  using Input = WinogradS8Input;
  using Product = WinogradS8Product;
  using Output = WinogradS8Output;
  static constexpr int kDepth = kWinogradS8Pair;
  // Together with the weights of an element, V and M stay in the second-level cache where they can.
  static constexpr std::ptrdiff_t kInputBytes = 512 << 10, kSumBytes = 512 << 10;
  static constexpr int kLeastGroup = 24, kMostGroup = 48;
  static constexpr std::ptrdiff_t kSmallWeights = 4 << 20;
  static constexpr int kWideBlocks = 2;
  static constexpr int kTileStep = 2;

  static void set_source(const WinogradS8Call& call, WinogradS8Input& in) {
    in.flip = call.conv.src_signed ? 0x80 : 0;
    in.zero = static_cast<std::uint8_t>(call.conv.src_zero);
  }
  static void set_target(const WinogradS8Call& call, int block, std::ptrdiff_t at, WinogradS8Output& out) {
    const std::ptrdiff_t channel = static_cast<std::ptrdiff_t>(block) * kChannelBlock;
    out.requantize = &call.conv.requantize;
    out.bias = call.conv.bias + channel;
    out.multiplier = call.conv.requantize.multiplier + channel;
    out.dst = call.conv.dst;
    out.dst_at = at;
  }
};

using WinogradS8Driver = WinogradDriver<WinogradS8>;

}  // namespace

std::span<const WinogradS8Kernel> winograd_s8_kernels() { return kWinogradS8Kernels; }

const WinogradS8Kernel* select_winograd_s8(Isa level) { return best_kernel(winograd_s8_kernels(), level); }

const char* winograd_s8_refusal(const ConvShape& shape) {
  return winograd_refusal(shape, kWinogradS8Outputs);
}

std::size_t winograd_s8_scratch_size(const ConvShape& shape, int threads) {
  if (shape.empty()) return 0;
  return static_cast<std::size_t>(WinogradS8Driver::scratch_bytes(shape, kWinogradS8Outputs, threads));
}

void winograd_s8_run(const WinogradS8Kernel& kernel, const ConvS8Args& args, const std::int16_t* weights,
                     std::byte* scratch, ThreadPool& pool) noexcept {
  if (args.shape.empty()) return;
  const WinogradS8Call call{args.shape, args.src, weights, args};
  WinogradS8Driver(kernel, call, kWinogradS8Outputs, scratch).run(pool);
}

}  // namespace tenon::cpu

namespace tenon {

void register_cpu_kernel_winograd_s8(cpu::KernelRegistry& registry);
void register_cpu_kernel_winograd_s8(cpu::KernelRegistry& registry) {
  registry.add(cpu::winograd_s8_kernels());
}

}  // namespace tenon
