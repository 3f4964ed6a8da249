#include "backends/cpu/kernels/reorder/reorder.hpp"
#include "base/thread_pool.hpp"
#include "kernels/support.hpp"

#include <fmt/format.h>

namespace tenon::bench {

namespace {

void run_blocking(benchmark::State& state, const cpu::ReorderKernel& kernel, std::ptrdiff_t channels,
                  std::ptrdiff_t spatial, bool to_blocked) {
  const std::ptrdiff_t stored = cpu::channel_blocks(channels) * cpu::kChannelBlock;
  Floats x(static_cast<std::size_t>(stored * spatial));
  Floats y(static_cast<std::size_t>(stored * spatial));
  const cpu::BlockingArgs args{x.data(), y.data(), 1, channels, spatial};
  for (auto _ : state) {
    if (to_blocked) {
      cpu::to_blocked_run(kernel, args, pool());
    } else {
      cpu::from_blocked_run(kernel, args, pool());
    }
    benchmark::ClobberMemory();
  }
  report_bytes(state, static_cast<double>((channels + stored) * spatial) * 4);
}

void run_transpose(benchmark::State& state, const cpu::ReorderKernel& kernel,
                   const std::vector<std::ptrdiff_t>& dims, const std::vector<int>& permutation, int bytes) {
  std::size_t count = 1;
  for (const std::ptrdiff_t d : dims) count *= static_cast<std::size_t>(d);
  Floats x(count * 2);
  Floats y(count * 2);
  const cpu::TransposeTask task = cpu::transpose_prepare(dims, permutation, bytes);
  for (auto _ : state) {
    cpu::transpose_run(kernel, {&task, x.data(), y.data()}, pool());
    benchmark::ClobberMemory();
  }
  report_bytes(state, static_cast<double>(count) * 2 * bytes);
}

}  // namespace

void register_reorder() {
  for (const cpu::ReorderKernel& kernel : cpu::reorder_kernels()) {
    if (!isa_supported(kernel.info.isa)) continue;
    const std::string name = kernel.info.name;
    add(name + "/to_blocked_64x56x56",
        [&](benchmark::State& s) { run_blocking(s, kernel, 64, 56 * 56, true); });
    add(name + "/to_blocked_3x224x224",
        [&](benchmark::State& s) { run_blocking(s, kernel, 3, 224 * 224, true); });
    add(name + "/from_blocked_64x56x56",
        [&](benchmark::State& s) { run_blocking(s, kernel, 64, 56 * 56, false); });
    add(name + "/nchw_to_nhwc_64x56x56", [&](benchmark::State& s) {
      run_transpose(s, kernel, {64, 56 * 56}, {1, 0}, 4);
    });
    add(name + "/heads_128x12x64", [&](benchmark::State& s) {
      run_transpose(s, kernel, {128, 12, 64}, {1, 0, 2}, 4);
    });
    add(name + "/bytes_64x56x56", [&](benchmark::State& s) {
      run_transpose(s, kernel, {64, 56 * 56}, {1, 0}, 1);
    });
  }
}

}  // namespace tenon::bench
