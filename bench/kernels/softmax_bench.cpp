#include "backends/cpu/kernels/softmax/softmax.hpp"
#include "base/thread_pool.hpp"
#include "kernels/support.hpp"

#include <fmt/format.h>

namespace tenon::bench {

namespace {

struct Shape {
  const char* name;
  std::ptrdiff_t outer;
  std::ptrdiff_t axis;
  std::ptrdiff_t inner;
};

constexpr Shape kShapes[] = {{"classes_1000", 8, 1000, 1},
                             {"attention_12x128x128", 12 * 128, 128, 1},
                             {"pixels_21x65x65", 1, 21, 65 * 65}};

void run(benchmark::State& state, const cpu::SoftmaxKernel& kernel, const Shape& s) {
  const auto count = static_cast<std::size_t>(s.outer * s.axis * s.inner);
  Floats x(count);
  Floats y(count);
  const cpu::SoftmaxArgs args{x.data(), y.data(), s.outer, s.axis, s.inner, false};
  for (auto _ : state) {
    cpu::softmax_run(kernel, args, pool());
    benchmark::ClobberMemory();
  }
  report_bytes(state, static_cast<double>(count) * 8);
}

}  // namespace

void register_softmax() {
  for (const cpu::SoftmaxKernel& kernel : cpu::softmax_kernels()) {
    if (!isa_supported(kernel.info.isa)) continue;
    for (const Shape& shape : kShapes) {
      add(fmt::format("{}/{}", kernel.info.name, shape.name),
          [&kernel, &shape](benchmark::State& state) { run(state, kernel, shape); });
    }
  }
}

}  // namespace tenon::bench
