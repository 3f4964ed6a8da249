#include "backends/cpu/kernels/winograd/winograd.hpp"

#include "backends/cpu/kernels/winograd/driver.hpp"

namespace tenon::cpu {

#define TENON_WINOGRAD_KERNEL(isa, name, tiles1, tiles2, tiles4)                    \
  void name##_input(const WinogradInput& args) noexcept;                            \
  void name##_product(const WinogradProduct& args, int tiles, int blocks) noexcept; \
  void name##_output(const WinogradOutput& args) noexcept;
#include "backends/cpu/kernels/winograd/kernels.inc"
#undef TENON_WINOGRAD_KERNEL

namespace {

constexpr WinogradKernel kWinogradKernels[] = {
#define TENON_WINOGRAD_KERNEL(isa, name, tiles1, tiles2, tiles4) \
  {{"winograd", #name, Isa::isa}, {tiles1, tiles2, tiles4}, name##_input, name##_product, name##_output},
#include "backends/cpu/kernels/winograd/kernels.inc"
#undef TENON_WINOGRAD_KERNEL
};

struct WinogradF32 {
  using Source = float;
  using Transformed = float;
  using Weight = float;
  using Sum = float;
  using Kernel = WinogradKernel;
  using Args = ConvArgs;
  using Input = WinogradInput;
  using Product = WinogradProduct;
  using Output = WinogradOutput;
  static constexpr int kDepth = 1;
  // V and M pass through the caches once per group, so that it is of little weight where they lie.
  static constexpr std::ptrdiff_t kInputBytes = 5 << 20, kSumBytes = 5 << 20;
  // The weights pass by once per group; with few tiles they are the limit.
  static constexpr int kLeastGroup = 24, kMostGroup = 64;
  static constexpr std::ptrdiff_t kSmallWeights = 4 << 20;
  static constexpr int kWideBlocks = 4;
  static constexpr int kTileStep = 1;

  static void set_source(const ConvArgs&, WinogradInput&) {}
  static void set_target(const ConvArgs& args, int block, std::ptrdiff_t at, WinogradOutput& out) {
    out.dst = args.dst + at;
    out.residual = args.residual ? args.residual + at : nullptr;
    out.bias = args.bias ? args.bias + static_cast<std::ptrdiff_t>(block) * kChannelBlock : nullptr;
    out.act = args.act;
  }
};

using WinogradF32Driver = WinogradDriver<WinogradF32>;

}  // namespace

std::span<const WinogradKernel> winograd_kernels() { return kWinogradKernels; }

const WinogradKernel* select_winograd(Isa level) { return best_kernel(winograd_kernels(), level); }

const char* winograd_refusal(const ConvShape& s, int outputs) {
  if (s.groups != 1) return "grouped";
  if (s.stride_h != 1 || s.stride_w != 1) return "a stride other than 1";
  if (s.dilation_h != 1 || s.dilation_w != 1) return "a dilation other than 1";
  if (s.kernel_h != s.kernel_w || (s.kernel_h != 3 && !(s.kernel_h == 5 && outputs == 2))) {
    return outputs == 2 ? "the filter is neither 3x3 nor 5x5" : "the filter is not 3x3";
  }
  return nullptr;
}

double winograd_error_factor(int outputs) { return outputs == 2 ? 3 : outputs == 4 ? 8 : 50; }

std::size_t winograd_scratch_size(const ConvShape& s, int outputs, int threads) {
  if (s.empty()) return 0;
  return static_cast<std::size_t>(WinogradF32Driver::scratch_bytes(s, outputs, threads)) / sizeof(float);
}

void winograd_run(const WinogradKernel& kernel, const ConvArgs& args, int outputs, float* scratch,
                  ThreadPool& pool) noexcept {
  if (args.shape.empty()) return;
  WinogradF32Driver(kernel, args, outputs, reinterpret_cast<std::byte*>(scratch)).run(pool);
}

}  // namespace tenon::cpu

namespace tenon {

void register_cpu_kernel_winograd(cpu::KernelRegistry& registry);
void register_cpu_kernel_winograd(cpu::KernelRegistry& registry) { registry.add(cpu::winograd_kernels()); }

}  // namespace tenon
