#include "backends/cpu/kernels/resize/resize.hpp"
#include "base/thread_pool.hpp"
#include "kernels/support.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

namespace tenon::bench {

namespace {

struct Shape {
  const char* name;
  int planes;
  int in;
  int out;
  bool blocked;
  bool linear;
};

constexpr Shape kShapes[] = {
    {"nearest_128x26_to_52_planar", 128, 26, 52, false, false},
    {"nearest_128x26_to_52_blocked", 8, 26, 52, true, false},
    {"linear_64x65_to_129_planar", 64, 65, 129, false, true},
    {"linear_64x65_to_129_blocked", 4, 65, 129, true, true},
};

void run(benchmark::State& state, const cpu::ResizeKernel& kernel, const Shape& s) {
  std::vector<std::int32_t> low;
  std::vector<std::int32_t> high;
  const std::vector<float> weight(static_cast<std::size_t>(s.out), 0.5F);
  for (int i = 0; i < s.out; ++i) {
    low.push_back(i * s.in / s.out);
    high.push_back(std::min(low.back() + 1, s.in - 1));
  }
  const cpu::ResizeAxis axis{s.in, s.out, low.data(), high.data(), weight.data(), weight.data()};
  const int lanes = s.blocked ? cpu::kChannelBlock : 1;
  const auto in = static_cast<std::size_t>(s.planes * s.in * s.in * lanes);
  const auto out = static_cast<std::size_t>(s.planes * s.out * s.out * lanes);
  Floats x(in);
  Floats y(out);
  const cpu::ResizeArgs args{x.data(), y.data(), s.planes, s.blocked, s.linear, axis, axis};
  for (auto _ : state) {
    cpu::resize_run(kernel, args, pool());
    benchmark::ClobberMemory();
  }
  report_bytes(state, static_cast<double>(in + out) * 4);
}

}  // namespace

void register_resize() {
  for (const cpu::ResizeKernel& kernel : cpu::resize_kernels()) {
    if (!isa_supported(kernel.info.isa)) continue;
    for (const Shape& shape : kShapes) {
      add(fmt::format("{}/{}", kernel.info.name, shape.name),
          [&kernel, &shape](benchmark::State& state) { run(state, kernel, shape); });
    }
  }
}

}  // namespace tenon::bench
