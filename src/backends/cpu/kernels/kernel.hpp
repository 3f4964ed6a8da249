// What all kernel families share.
//
// A kernel is a pure function over raw pointers and small structs: it knows no graph, tensor or plan,
// allocates nothing and is noexcept. kernels/<family>/ holds
//   <family>.hpp    contract: formula, layouts, argument structs, packed sizes, drivers over a ThreadPool
//   generic.hpp     the algorithm once, templated over the vector type of simd/
//   <level>.cpp     one file per ISA level (portable, avx2, avx512, ...), which instantiates generic.hpp
//   kernels.inc     one line per kernel; feeds declarations, the selector, the registry, tests and benchmarks
//   <family>.cpp    selector and drivers, compiled for the baseline
//
// To add a level to a family: a file, a line in kernels.inc, a line in CMakeLists.txt.
#pragma once

#include "base/cpu_info.hpp"

#include <cstddef>
#include <span>
#include <vector>

namespace tenon::cpu {

struct KernelInfo {
  const char* family;
  const char* name;  // <family>_<types>_<variant>_<isa>, unique
  Isa isa;
};

// Blocked activations (nChw16c) keep this many channels together; the lanes of the last block that stand for
// no channel are zero in blocked floats, as every producer writes them, and may be anything in bytes.
inline constexpr int kChannelBlock = 16;

constexpr std::ptrdiff_t ceil_div(std::ptrdiff_t a, std::ptrdiff_t b) { return (a + b - 1) / b; }
constexpr std::ptrdiff_t round_up(std::ptrdiff_t a, std::ptrdiff_t b) { return ceil_div(a, b) * b; }
constexpr std::ptrdiff_t channel_blocks(std::ptrdiff_t channels) { return ceil_div(channels, kChannelBlock); }

// The kernel of the highest level that is at most `level`, runs on this machine and satisfies `accepts`; of
// several on one level the first. nullptr if there is none. Kernel is a struct with a KernelInfo `info`.
template <class Kernel, class Accepts>
const Kernel* best_kernel(std::span<const Kernel> kernels, Isa level, Accepts accepts) {
  const Kernel* best = nullptr;
  for (const Kernel& kernel : kernels) {
    if (kernel.info.isa > level || !isa_supported(kernel.info.isa) || !accepts(kernel)) continue;
    if (!best || kernel.info.isa > best->info.isa) best = &kernel;
  }
  return best;
}

template <class Kernel>
const Kernel* best_kernel(std::span<const Kernel> kernels, Isa level) {
  return best_kernel(kernels, level, [](const Kernel&) { return true; });
}

// All kernels of this build, those included that this machine cannot run.
class KernelRegistry {
 public:
  template <class Kernel>
  void add(std::span<const Kernel> kernels) {
    for (const Kernel& kernel : kernels) kernels_.push_back(kernel.info);
  }

  std::span<const KernelInfo> kernels() const { return kernels_; }

 private:
  std::vector<KernelInfo> kernels_;
};

const KernelRegistry& kernel_registry();

}  // namespace tenon::cpu

namespace tenon {

// Generated from the families in CMakeLists.txt.
void register_all_cpu_kernel(cpu::KernelRegistry& registry);

}  // namespace tenon
