#include "backends/cpu/kernels/norm/norm.hpp"
#include "base/thread_pool.hpp"
#include "kernels/support.hpp"

#include <string>

namespace tenon::bench {

namespace {

void run_rows(benchmark::State& state, const cpu::NormKernel& kernel, std::ptrdiff_t rows,
              std::ptrdiff_t size, bool center) {
  Floats x(static_cast<std::size_t>(rows * size));
  Floats y(static_cast<std::size_t>(rows * size));
  Floats scale(static_cast<std::size_t>(size));
  cpu::RowNormArgs args{x.data(), y.data(), rows, size, scale.data(), center ? scale.data() : nullptr,
                        1e-5F,    center};
  for (auto _ : state) {
    cpu::row_norm_run(kernel, args, pool());
    benchmark::ClobberMemory();
  }
  report_bytes(state, static_cast<double>(rows * size) * 8);
}

void run_groups(benchmark::State& state, const cpu::NormKernel& kernel) {
  cpu::GroupNormArgs args;
  args.batch = 1;
  args.groups = 64;
  args.channels = 1;
  args.spatial = 128 * 128;
  args.epsilon = 1e-5F;
  const std::ptrdiff_t count = args.groups * args.spatial;
  Floats x(static_cast<std::size_t>(count));
  Floats y(static_cast<std::size_t>(count));
  args.src = x.data();
  args.dst = y.data();
  for (auto _ : state) {
    cpu::group_norm_run(kernel, args, pool());
    benchmark::ClobberMemory();
  }
  report_bytes(state, static_cast<double>(count) * 8);
}

void run_affine(benchmark::State& state, const cpu::NormKernel& kernel, bool blocked) {
  cpu::AffineArgs args;
  args.batch = 1;
  args.channels = 256;
  args.spatial = 14 * 14;
  args.blocked = blocked;
  const std::ptrdiff_t count = args.channels * args.spatial;
  Floats x(static_cast<std::size_t>(count));
  Floats y(static_cast<std::size_t>(count));
  Floats scale(static_cast<std::size_t>(args.channels));
  args.src = x.data();
  args.dst = y.data();
  args.scale = args.shift = scale.data();
  for (auto _ : state) {
    cpu::affine_run(kernel, args, pool());
    benchmark::ClobberMemory();
  }
  report_bytes(state, static_cast<double>(count) * 8);
}

}  // namespace

void register_norm() {
  for (const cpu::NormKernel& kernel : cpu::norm_kernels()) {
    if (!isa_supported(kernel.info.isa)) continue;
    const std::string name = kernel.info.name;
    add(name + "/layer_norm_128x768", [&](benchmark::State& s) { run_rows(s, kernel, 128, 768, true); });
    add(name + "/rms_norm_128x4096", [&](benchmark::State& s) { run_rows(s, kernel, 128, 4096, false); });
    add(name + "/instance_norm_64x128x128", [&](benchmark::State& s) { run_groups(s, kernel); });
    add(name + "/affine_256x14x14_planar", [&](benchmark::State& s) { run_affine(s, kernel, false); });
    add(name + "/affine_256x14x14_blocked", [&](benchmark::State& s) { run_affine(s, kernel, true); });
  }
}

}  // namespace tenon::bench
