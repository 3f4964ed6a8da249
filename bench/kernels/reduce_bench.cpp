#include "backends/cpu/kernels/reduce/reduce.hpp"
#include "base/thread_pool.hpp"
#include "kernels/support.hpp"

#include <fmt/format.h>

#include <string>
#include <vector>

namespace tenon::bench {

namespace {

struct Shape {
  const char* name;
  cpu::ReduceFn fn;
  std::ptrdiff_t outer;
  std::ptrdiff_t axis;
  std::ptrdiff_t inner;
};

constexpr Shape kShapes[] = {
    {"mean_rows_2048x49", cpu::ReduceFn::mean, 2048, 49, 1},
    {"sum_rows_256x4096", cpu::ReduceFn::sum, 256, 4096, 1},
    {"max_columns_64x64x784", cpu::ReduceFn::max, 64, 64, 784},
    {"mean_columns_1x128x768", cpu::ReduceFn::mean, 1, 128, 768},
    {"log_sum_exp_rows_64x1000", cpu::ReduceFn::log_sum_exp, 64, 1000, 1},
};

void run(benchmark::State& state, const cpu::ReduceKernel& kernel, const Shape& s) {
  const auto count = static_cast<std::size_t>(s.outer * s.axis * s.inner);
  Floats x(count);
  Floats y(static_cast<std::size_t>(s.outer * s.inner));
  const cpu::ReduceArgs args{s.fn, x.data(), y.data(), s.outer, s.axis, s.inner};
  for (auto _ : state) {
    cpu::reduce_run(kernel, args, pool());
    benchmark::ClobberMemory();
  }
  report_bytes(state, static_cast<double>(count) * 4);
}

void run_arg_max(benchmark::State& state, const cpu::ReduceKernel& kernel) {
  Floats x(21 * 65 * 65);
  std::vector<std::int64_t> y(65 * 65);
  const cpu::ArgReduceArgs args{x.data(), y.data(), 1, 21, 65 * 65, false, false};
  for (auto _ : state) {
    cpu::arg_reduce_run(kernel, args, pool());
    benchmark::ClobberMemory();
  }
  report_bytes(state, 21 * 65 * 65 * 4);
}

}  // namespace

void register_reduce() {
  for (const cpu::ReduceKernel& kernel : cpu::reduce_kernels()) {
    if (!isa_supported(kernel.info.isa)) continue;
    for (const Shape& shape : kShapes) {
      add(fmt::format("{}/{}", kernel.info.name, shape.name),
          [&kernel, &shape](benchmark::State& state) { run(state, kernel, shape); });
    }
    add(std::string(kernel.info.name) + "/arg_max_21x65x65",
        [&kernel](benchmark::State& state) { run_arg_max(state, kernel); });
  }
}

}  // namespace tenon::bench
