#include "backends/cpu/steps/widened_rows.hpp"

#include "backends/cpu/kernels/run_units.hpp"

namespace tenon::cpu {
namespace {

// Floats of a worker's rows, unless one row alone has more.
constexpr std::ptrdiff_t kWidened = 6144;

std::ptrdiff_t worker_floats(const WidenedRows& rows) {
  return round_up(std::max(kWidened, rows.in + rows.out + kChannelBlock), kChannelBlock);
}

}  // namespace

std::size_t widened_rows_scratch(const WidenedRows& rows, int threads) {
  return static_cast<std::size_t>(worker_floats(rows)) * sizeof(float) * static_cast<std::size_t>(threads);
}

void run_widened_rows(const ReorderKernel& kernel, const WidenedRows& rows, const void* src, void* dst,
                      std::byte* scratch, ThreadPool& pool,
                      FunctionRef<void(const float* x, float* y, std::ptrdiff_t count)> body) noexcept {
  const ReorderRoutines& routines = kernel.routines();
  const int type = float_index(rows.type);
  const std::ptrdiff_t floats = worker_floats(rows), bytes = float_bytes(rows.type);
  const std::ptrdiff_t row = std::max<std::ptrdiff_t>(rows.in + rows.out, 1);
  const std::ptrdiff_t together = std::max<std::ptrdiff_t>((floats - kChannelBlock) / row, 1);
  const auto units = [](std::ptrdiff_t count) { return ceil_div(count, kConvertElements); };
  pool.run_ranges(
      static_cast<std::size_t>(rows.rows),
      static_cast<std::size_t>(std::max<std::ptrdiff_t>(kTaskBytes / (row * bytes), 1)),
      [&](std::size_t begin, std::size_t end, int worker) {
        float* const x = reinterpret_cast<float*>(scratch) + worker * floats;
        for (auto first = static_cast<std::ptrdiff_t>(begin); first < static_cast<std::ptrdiff_t>(end);
             first += together) {
          const std::ptrdiff_t count = std::min(together, static_cast<std::ptrdiff_t>(end) - first);
          const std::ptrdiff_t read = count * rows.in, written = count * rows.out;
          float* const y = x + round_up(read, kChannelBlock);
          routines.convert[type][0]({static_cast<const char*>(src) + first * rows.in * bytes, x, read}, 0,
                                    units(read));
          body(x, y, count);
          routines.convert[0][type]({y, static_cast<char*>(dst) + first * rows.out * bytes, written}, 0,
                                    units(written));
        }
      });
}

}  // namespace tenon::cpu
