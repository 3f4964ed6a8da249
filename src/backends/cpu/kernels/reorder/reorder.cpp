#include "backends/cpu/kernels/reorder/reorder.hpp"

#include "backends/cpu/kernels/run_units.hpp"

#include <algorithm>
#include <cstring>
#include <vector>

namespace tenon::cpu {

#define TENON_REORDER_KERNEL(isa, name) const ReorderRoutines& name() noexcept;
#include "backends/cpu/kernels/reorder/kernels.inc"
#undef TENON_REORDER_KERNEL

namespace {

constexpr ReorderKernel kReorderKernels[] = {
#define TENON_REORDER_KERNEL(isa, name) {{"reorder", #name, Isa::isa}, name},
#include "backends/cpu/kernels/reorder/kernels.inc"
#undef TENON_REORDER_KERNEL
};

using BlockingTable = ReorderRoutines::Blocking[kFloatTypes][kFloatTypes];

void run_blocking(const BlockingTable& table, const BlockingArgs& args, ThreadPool& pool) {
  const std::ptrdiff_t units =
      args.batch * channel_blocks(args.channels) * ceil_div(args.spatial, kReorderPixels);
  const std::ptrdiff_t bytes = float_bytes(args.src_type) + float_bytes(args.dst_type);
  run_units(table[float_index(args.src_type)][float_index(args.dst_type)], args, units,
            std::min(args.spatial, kReorderPixels) * kChannelBlock * bytes, pool);
}

}  // namespace

std::span<const ReorderKernel> reorder_kernels() { return kReorderKernels; }

const ReorderKernel* select_reorder(Isa level) { return best_kernel(reorder_kernels(), level); }

void to_blocked_run(const ReorderKernel& kernel, const BlockingArgs& args, ThreadPool& pool) noexcept {
  run_blocking(kernel.routines().to_blocked, args, pool);
}

void from_blocked_run(const ReorderKernel& kernel, const BlockingArgs& args, ThreadPool& pool) noexcept {
  run_blocking(kernel.routines().from_blocked, args, pool);
}

void convert_run(const ReorderKernel& kernel, const ConvertArgs& args, ThreadPool& pool) noexcept {
  run_units(
      kernel.routines().convert[float_index(args.src_type)][float_index(args.dst_type)], args,
      ceil_div(args.count, kConvertElements),
      std::min(args.count, kConvertElements) * (float_bytes(args.src_type) + float_bytes(args.dst_type)),
      pool);
}

TransposeTask transpose_prepare(std::span<const std::ptrdiff_t> src_dims, std::span<const int> permutation,
                                int element_bytes) {
  std::vector<std::ptrdiff_t> src_strides(src_dims.size());
  std::ptrdiff_t count = 1;
  for (std::size_t d = src_dims.size(); d-- > 0;) {
    src_strides[d] = count;
    count *= src_dims[d];
  }
  TransposeTask t;
  t.element_bytes = element_bytes;
  std::size_t rank = 0;
  for (const int from : permutation) {
    const std::ptrdiff_t size = src_dims[static_cast<std::size_t>(from)];
    const std::ptrdiff_t stride = src_strides[static_cast<std::size_t>(from)];
    if (size == 1) continue;
    if (rank > 0 && t.strides[rank - 1] == stride * size) {
      t.dims[rank - 1] *= size;
      t.strides[rank - 1] = stride;
    } else {
      t.dims[rank] = size;
      t.strides[rank++] = stride;
    }
  }
  if (rank == 0) {
    t.dims[0] = t.strides[0] = 1;
    rank = 1;
  }
  t.rank = static_cast<int>(rank);
  if (count == 0) return t;
  const std::size_t last = rank - 1;
  t.fast = static_cast<int>(std::find(t.strides.begin(), t.strides.begin() + t.rank, 1) - t.strides.begin());
  if (t.strides[last] == 1) {
    t.form = TransposeTask::Form::copy;
    t.units = count / t.dims[last];
  } else {
    t.form = TransposeTask::Form::tiles;
    const std::ptrdiff_t fast = t.dims[static_cast<std::size_t>(t.fast)];
    t.units = count / (t.dims[last] * fast) * ceil_div(t.dims[last], kTransposeTile) *
              ceil_div(fast, kTransposeTile);
  }
  return t;
}

void transpose_run(const ReorderKernel& kernel, const TransposeArgs& args, ThreadPool& pool) noexcept {
  const TransposeTask& t = *args.task;
  std::ptrdiff_t bytes = t.dims[static_cast<std::size_t>(t.rank - 1)] * t.element_bytes * 2;
  if (t.form == TransposeTask::Form::tiles) {
    bytes = std::min(t.dims[static_cast<std::size_t>(t.rank - 1)], kTransposeTile) *
            std::min(t.dims[static_cast<std::size_t>(t.fast)], kTransposeTile) * t.element_bytes * 2;
  }
  run_units(kernel.routines().transpose, args, t.units, bytes, pool);
}

void clear_padding(void* data, std::ptrdiff_t element_bytes, std::ptrdiff_t batch, std::ptrdiff_t channels,
                   std::ptrdiff_t spatial, ThreadPool& pool) noexcept {
  const std::ptrdiff_t used = channels % kChannelBlock;
  if (used == 0) return;
  const std::ptrdiff_t blocks = channel_blocks(channels);
  constexpr std::size_t kPixelsPerTask = 1024;
  pool.run_ranges(static_cast<std::size_t>(batch * spatial), kPixelsPerTask,
                  [&](std::size_t begin, std::size_t end, int) {
                    for (auto i = static_cast<std::ptrdiff_t>(begin); i < static_cast<std::ptrdiff_t>(end);
                         ++i) {
                      const std::ptrdiff_t pixel = ((i / spatial + 1) * blocks - 1) * spatial + i % spatial;
                      std::memset(static_cast<char*>(data) + (pixel * kChannelBlock + used) * element_bytes,
                                  0, static_cast<std::size_t>((kChannelBlock - used) * element_bytes));
                    }
                  });
}

}  // namespace tenon::cpu

namespace tenon {

void register_cpu_kernel_reorder(cpu::KernelRegistry& registry);
void register_cpu_kernel_reorder(cpu::KernelRegistry& registry) { registry.add(cpu::reorder_kernels()); }

}  // namespace tenon
