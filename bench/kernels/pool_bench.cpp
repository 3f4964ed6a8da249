#include "backends/cpu/kernels/pool/pool.hpp"
#include "base/thread_pool.hpp"
#include "kernels/support.hpp"

#include <fmt/format.h>

namespace tenon::bench {

namespace {

struct Shape {
  const char* name;
  bool blocked;
  cpu::PoolArgs::Kind kind;
  int channels;
  int in;
  int kernel;
  int stride;
  int pad;
};

constexpr Shape kShapes[] = {
    {"resnet_max_3x3s2_blocked", true, cpu::PoolArgs::Kind::max, 64, 112, 3, 2, 1},
    {"resnet_max_3x3s2_planar", false, cpu::PoolArgs::Kind::max, 64, 112, 3, 2, 1},
    {"vgg_max_2x2s2_blocked", true, cpu::PoolArgs::Kind::max, 64, 224, 2, 2, 0},
    {"inception_average_3x3s1_planar", false, cpu::PoolArgs::Kind::average, 192, 35, 3, 1, 1},
    {"global_average_blocked", true, cpu::PoolArgs::Kind::average, 2048, 7, 7, 1, 0},
    {"global_average_planar", false, cpu::PoolArgs::Kind::average, 2048, 7, 7, 1, 0},
};

void run(benchmark::State& state, const cpu::PoolKernel& kernel, const Shape& s) {
  cpu::PoolArgs args;
  args.kind = s.kind;
  args.blocked = s.blocked;
  args.batch = 1;
  args.channels = s.channels;
  cpu::PoolArgs::Axis axis{s.in, 0, s.kernel, s.stride, 1, s.pad, s.pad};
  axis.out = cpu::pooled_size(axis, false);
  args.axes[1] = args.axes[2] = axis;
  const auto in = static_cast<std::size_t>(s.channels * s.in * s.in);
  const auto out = static_cast<std::size_t>(s.channels * axis.out * axis.out);
  Floats x(in);
  Floats y(out);
  args.src = x.data();
  args.dst = y.data();
  for (auto _ : state) {
    cpu::pool_run(kernel, args, pool());
    benchmark::ClobberMemory();
  }
  report_bytes(state, static_cast<double>(in + out) * 4);
}

}  // namespace

void register_pool() {
  for (const cpu::PoolKernel& kernel : cpu::pool_kernels()) {
    if (!isa_supported(kernel.info.isa)) continue;
    for (const Shape& shape : kShapes) {
      add(fmt::format("{}/{}", kernel.info.name, shape.name),
          [&kernel, &shape](benchmark::State& state) { run(state, kernel, shape); });
    }
  }
}

}  // namespace tenon::bench
