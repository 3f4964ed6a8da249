#include "backends/cpu/kernels/pointwise/pointwise.hpp"

#include "base/thread_pool.hpp"

#include <algorithm>
#include <cstring>

namespace tenon::cpu {

#define TENON_POINTWISE_KERNEL(isa, name) const PointwiseRoutines& name() noexcept;
#include "backends/cpu/kernels/pointwise/kernels.inc"
#undef TENON_POINTWISE_KERNEL

namespace {

using Place = PointwiseTask::Place;

constexpr PointwiseKernel kPointwiseKernels[] = {
#define TENON_POINTWISE_KERNEL(isa, name) {{"pointwise", #name, Isa::isa}, name},
#include "backends/cpu/kernels/pointwise/kernels.inc"
#undef TENON_POINTWISE_KERNEL
};

// Fewer elements than this are not worth waking a thread for.
constexpr std::size_t kPointwiseGrain = 8192;

// A position in the space, and where it lies in each operand.
struct Odometer {
  const PointwiseTask& task;
  int rank;  // dimensions that are walked, the outer ones
  std::ptrdiff_t index[kPointwiseRank] = {};

  Odometer(const PointwiseTask& t, int walked, std::ptrdiff_t position) : task(t), rank(walked) {
    for (int d = rank - 1; d >= 0; --d) {
      const std::ptrdiff_t size = task.dims[static_cast<std::size_t>(d)];
      index[d] = position % size;
      position /= size;
    }
  }

  void next() {
    for (int d = rank - 1; d >= 0; --d) {
      if (++index[d] < task.dims[static_cast<std::size_t>(d)]) return;
      index[d] = 0;
    }
  }

  std::ptrdiff_t offset(const PointwiseTask::Source& source) const {
    std::ptrdiff_t sum = 0;
    for (int d = 0; d < rank; ++d) sum += index[d] * source.strides[static_cast<std::size_t>(d)];
    return sum;
  }
};

// One worker's state: the addresses of all registers for the current tile.
class Runner {
 public:
  Runner(const PointwiseTask& task, const void* const* operands, void* dst)
      : task_(task), operands_(operands), dst_(dst) {
    for (const int reg : task.constant_registers)
      values_[reg] = task.constants[static_cast<std::size_t>(reg)];
    for (std::size_t reg = 0; reg < task.locations.size(); ++reg) {
      const PointwiseTask::Location location = task.locations[reg];
      if (location.place == Place::value) at_[reg] = values_ + location.slot;
      if (location.place == Place::tile) at_[reg] = scratch_ + location.slot * task.tile;
    }
  }

  // Elements [begin, end) of dst, all in one row; `row` is at the row's start.
  void run_row(const Odometer& row, std::ptrdiff_t row_start, std::ptrdiff_t begin, std::ptrdiff_t end) {
    for (std::size_t i = 0; i < task_.sources.size(); ++i) {
      row_base_[i] = address(i, row.offset(task_.sources[i]));
      if (task_.sources[i].repeats) repeat(i, (begin - row_start) % task_.period, end - begin);
    }
    load_values();
    for (const PointwiseTask::Call& call : task_.row_calls) apply(call, 1);
    for (std::ptrdiff_t e = begin; e < end; e += task_.tile) {
      const std::ptrdiff_t n = std::min<std::ptrdiff_t>(task_.tile, end - e);
      for (std::size_t i = 0; i < task_.sources.size(); ++i) {
        const Place place = task_.locations[i].place;
        if (place == Place::value || task_.sources[i].repeats) continue;
        const char* p = row_base_[i] + (e - row_start) * task_.sources[i].element_bytes;
        if (place == Place::operand) {
          at_[i] = const_cast<float*>(reinterpret_cast<const float*>(p));
        } else {
          task_.sources[i].load(at_[i], p, 1, n);
        }
      }
      run_tile(e, n);
    }
  }

  // Elements [begin, end) of dst, across rows.
  void run_tiles(std::ptrdiff_t begin, std::ptrdiff_t end) {
    for (std::size_t i = 0; i < task_.sources.size(); ++i) row_base_[i] = address(i, 0);
    load_values();
    for (const PointwiseTask::Call& call : task_.row_calls) apply(call, 1);
    for (std::ptrdiff_t e = begin; e < end; e += task_.tile) {
      const std::ptrdiff_t n = std::min<std::ptrdiff_t>(task_.tile, end - e);
      for (std::size_t i = 0; i < task_.sources.size(); ++i) {
        const Place place = task_.locations[i].place;
        if (place == Place::operand) {
          at_[i] = const_cast<float*>(static_cast<const float*>(operands_[i]) + e);
        } else if (place == Place::tile) {
          copy_tile(i, e, n);
        }
      }
      run_tile(e, n);
    }
  }

 private:
  const char* address(std::size_t i, std::ptrdiff_t elements) const {
    return static_cast<const char*>(operands_[i]) + elements * task_.sources[i].element_bytes;
  }

  void load_values() {
    for (std::size_t i = 0; i < task_.sources.size(); ++i) {
      if (task_.locations[i].place == Place::value) task_.sources[i].load(values_ + i, row_base_[i], 0, 1);
    }
  }

  // Fills the tile of operand i with its row's elements, the one at `phase` first; tiles are whole periods.
  void repeat(std::size_t i, std::ptrdiff_t phase, std::ptrdiff_t elements) {
    const PointwiseTask::Source& source = task_.sources[i];
    const std::ptrdiff_t wanted = std::min<std::ptrdiff_t>(task_.tile, elements);
    float* const out = at_[i];
    source.load(out, row_base_[i] + phase * source.element_bytes, 1, task_.period - phase);
    source.load(out + task_.period - phase, row_base_[i], 1, phase);
    for (std::ptrdiff_t have = task_.period; have < wanted; have *= 2)
      std::copy_n(out, std::min(have, task_.tile - have), out + have);
  }

  void apply(const PointwiseTask::Call& call, std::ptrdiff_t n) {
    call.routine(at_[call.dst], at_[call.args[0]], at_[call.args[1]], at_[call.args[2]], n, call.alpha,
                 call.beta);
  }

  void run_tile(std::ptrdiff_t first, std::ptrdiff_t n) {
    const std::size_t result = task_.locations.size() - 1;
    const Place place = task_.locations[result].place;
    char* const dst = static_cast<char*>(dst_) + first * task_.result_bytes;
    if (place == Place::dst) at_[result] = reinterpret_cast<float*>(dst);
    for (const PointwiseTask::Call& call : task_.tile_calls) apply(call, n);
    if (place == Place::dst) return;

    // A result that is no f32, or one that is the same for the whole row.
    if (task_.store == nullptr) {
      task_.routines->load_f32(reinterpret_cast<float*>(dst), at_[result], 0, n);
    } else if (place == Place::value) {
      task_.store(dst, at_[result], 1);
      for (std::ptrdiff_t i = 1; i < n; ++i)
        std::memcpy(dst + i * task_.result_bytes, dst, static_cast<std::size_t>(task_.result_bytes));
    } else {
      task_.store(dst, at_[result], n);
    }
  }

  // Operand i at elements [first, first + n) of the space, into its tile.
  void copy_tile(std::size_t i, std::ptrdiff_t first, std::ptrdiff_t n) {
    const PointwiseTask::Source& source = task_.sources[i];
    const auto last = static_cast<std::size_t>(task_.rank - 1);
    const std::ptrdiff_t length = task_.dims[last];
    Odometer row(task_, task_.rank - 1, first / length);
    std::ptrdiff_t column = first % length;
    float* out = at_[i];
    while (n > 0) {
      const std::ptrdiff_t run = std::min(n, length - column);
      source.load(out, address(i, row.offset(source) + column * source.strides[last]), source.strides[last],
                  run);
      out += run;
      n -= run;
      column = 0;
      row.next();
    }
  }

  const PointwiseTask& task_;
  const void* const* operands_;
  void* dst_;
  const char* row_base_[kPointwiseRegisters];
  float* at_[kPointwiseRegisters] = {};
  float values_[kPointwiseRegisters];
  alignas(64) float scratch_[kPointwiseScratch];
};

}  // namespace

std::span<const PointwiseKernel> pointwise_kernels() { return kPointwiseKernels; }

const PointwiseKernel* select_pointwise(Isa level) { return best_kernel(pointwise_kernels(), level); }

void pointwise_run(const PointwiseTask& task, const void* const* operands, void* dst,
                   ThreadPool& pool) noexcept {
  if (task.count == 0) return;
  const auto count = static_cast<std::size_t>(task.count);
  pool.run_ranges(count, kPointwiseGrain, [&](std::size_t begin, std::size_t end, int) {
    Runner runner(task, operands, dst);
    auto e = static_cast<std::ptrdiff_t>(begin);
    const auto stop = static_cast<std::ptrdiff_t>(end);
    if (!task.rows) {
      runner.run_tiles(e, stop);
      return;
    }
    const std::ptrdiff_t length = task.dims[static_cast<std::size_t>(task.rank - 1)];
    Odometer row(task, task.rank - 1, e / length);
    while (e < stop) {
      const std::ptrdiff_t start = e / length * length;
      const std::ptrdiff_t row_end = std::min(stop, start + length);
      runner.run_row(row, start, e, row_end);
      e = row_end;
      row.next();
    }
  });
}

}  // namespace tenon::cpu

namespace tenon {

void register_cpu_kernel_pointwise(cpu::KernelRegistry& registry);
void register_cpu_kernel_pointwise(cpu::KernelRegistry& registry) { registry.add(cpu::pointwise_kernels()); }

}  // namespace tenon
