#include "backends/cpu/kernels/gemm_stored/gemm_stored.hpp"

#include "base/thread_pool.hpp"

#include <algorithm>
#include <cstring>

namespace tenon::cpu {

#define TENON_GEMM_STORED_KERNEL(isa, name, words, rows, panels, single)                          \
  void name(const GemmStoredTile& tile, int bits, int rows_of_tile, int panels_of_tile) noexcept; \
  void name##_quantize(const float* a, int count, int padded, std::ptrdiff_t plane, std::byte* to) noexcept;
#include "backends/cpu/kernels/gemm_stored/kernels.inc"
#undef TENON_GEMM_STORED_KERNEL

namespace {

constexpr GemmStoredKernel kGemmStoredKernels[] = {
#define TENON_GEMM_STORED_KERNEL(isa, name, words, rows, panels, single) \
  {{"gemm_stored", #name, Isa::isa}, words, rows, panels, single, name, name##_quantize},
#include "backends/cpu/kernels/gemm_stored/kernels.inc"
#undef TENON_GEMM_STORED_KERNEL
};

// Rows whose integers stay in the second-level cache while all columns pass by.
constexpr int kRowsPerBlock = 96;
constexpr int kStoredUnitsPerThread = 4;
// Below this many multiply-adds a unit is not worth waking a thread for.
constexpr std::ptrdiff_t kLeastUnitWork = 1 << 16;
constexpr std::ptrdiff_t kMostChunkElement = 4;  // bytes of all planes

std::ptrdiff_t row_bytes(const StoredChunks& chunks) {
  const auto chunk = static_cast<std::ptrdiff_t>(sizeof(StoredChunkHead)) + kMostChunkElement * chunks.size;
  return round_up(chunks.count * chunk, 64);
}

class GemmStoredWalk {
 public:
  GemmStoredWalk(const GemmStoredKernel& kernel, const GemmStoredArgs& args, std::byte* rows, int threads)
      : kernel_(kernel), args_(args), chunks_(args.shape), rows_(rows), row_bytes_(row_bytes(chunks_)) {
    plane_ = static_cast<std::ptrdiff_t>(chunks_.size) * (kernel.words ? 2 : 1);
    chunk_bytes_ = static_cast<std::ptrdiff_t>(sizeof(StoredChunkHead)) + plane_ * (kernel.words ? 2 : 3);
    panels_ = static_cast<int>(ceil_div(args.shape.n, kStoredPanel));
    row_blocks_ = static_cast<int>(ceil_div(args.m, kRowsPerBlock));
    widest_ = args.m == 1 ? kernel.single : kernel.panels;
    const std::ptrdiff_t steps = ceil_div(panels_, widest_);
    const std::ptrdiff_t work = static_cast<std::ptrdiff_t>(args.m) * args.shape.n * args.shape.k;
    const std::ptrdiff_t wanted =
        std::min<std::ptrdiff_t>(kStoredUnitsPerThread * threads, work / kLeastUnitWork);
    parts_ = threads == 1
                 ? 1
                 : static_cast<int>(std::clamp<std::ptrdiff_t>(ceil_div(wanted, row_blocks_), 1, steps));
  }

  // Row `i` as integers.
  void quantize(std::ptrdiff_t i) const {
    std::byte* to = rows_ + i * row_bytes_;
    const float* a = args_.a + i * args_.shape.k;
    for (int c = 0; c < chunks_.count; ++c) {
      const int first = chunks_.first(c);
      kernel_.quantize(a + first, chunks_.end(c) - first, chunks_.padded(c), plane_, to + c * chunk_bytes_);
    }
  }

  std::ptrdiff_t units() const { return static_cast<std::ptrdiff_t>(row_blocks_) * parts_; }

  void run(std::ptrdiff_t unit) const {
    const int part = static_cast<int>(unit % parts_), block = static_cast<int>(unit / parts_);
    const int row = block * kRowsPerBlock, end = std::min(row + kRowsPerBlock, args_.m);
    const auto steps = ceil_div(panels_, widest_);
    const int last = std::min(panels_, static_cast<int>((part + 1) * steps / parts_) * widest_);
    const int first = static_cast<int>(part * steps / parts_) * widest_;
    for (int panel = first; panel < last;) {
      const int left = last - panel;
      const int panels = left >= widest_ ? widest_ : left >= kernel_.panels ? kernel_.panels : 1;
      // Tiles of equal height: one of a single row would read its weights for little.
      const int most = kernel_.rows, tiles = static_cast<int>(ceil_div(end - row, most));
      for (int tile = 0; tile < tiles; ++tile) {
        const int from = row + tile * (end - row) / tiles, to = row + (tile + 1) * (end - row) / tiles;
        run_tile(from, to - from, panel, panels);
      }
      panel += panels;
    }
  }

 private:
  void run_tile(int row, int rows, int panel, int panels) const {
    GemmStoredTile t{};
    t.a = rows_ + row * row_bytes_;
    t.a_row = row_bytes_;
    t.a_chunk = chunk_bytes_;
    t.plane = plane_;
    t.panel_bytes = chunks_.places() * kStoredPanel * args_.shape.bits / 8;
    t.weights = args_.weights + panel * t.panel_bytes;
    t.panel_blocks = static_cast<std::ptrdiff_t>(chunks_.blocks) * kStoredPanel;
    t.scale = args_.scale + panel * t.panel_blocks;
    t.zero = args_.zero ? args_.zero + panel * t.panel_blocks : nullptr;
    t.one_zero = args_.one_zero;
    t.chunks = chunks_.count;
    t.per_block = chunks_.per_block;
    t.size = chunks_.size;
    t.last = chunks_.last;
    const int column = panel * kStoredPanel;
    t.columns = std::min(panels * kStoredPanel, args_.shape.n - column);
    t.ldc = t.ldr = args_.shape.n;
    t.c = args_.c + row * t.ldc + column;
    t.bias = args_.bias ? args_.bias + column : nullptr;
    t.residual = args_.residual ? args_.residual + row * t.ldr + column : nullptr;
    t.act = args_.act;
    kernel_.tile(t, args_.shape.bits, rows, panels);
  }

  const GemmStoredKernel& kernel_;
  const GemmStoredArgs& args_;
  StoredChunks chunks_;
  std::byte* rows_;
  std::ptrdiff_t row_bytes_;
  std::ptrdiff_t chunk_bytes_;
  std::ptrdiff_t plane_;
  int panels_;
  int row_blocks_;
  int widest_;
  int parts_;
};

void pack_blocks(const GemmStoredShape& shape, FunctionRef<void(std::size_t, int, int)> put) {
  const StoredChunks chunks(shape);
  std::size_t to = 0;
  for (int panel = 0; panel < shape.n; panel += kStoredPanel) {
    for (int block = 0; block < chunks.blocks; ++block) {
      for (int column = panel; column < panel + kStoredPanel; ++column, ++to) {
        if (column < shape.n) put(to, block, column);
      }
    }
  }
}

}  // namespace

std::span<const GemmStoredKernel> gemm_stored_kernels() { return kGemmStoredKernels; }

const GemmStoredKernel* select_gemm_stored(Isa level) { return best_kernel(gemm_stored_kernels(), level); }

StoredChunks::StoredChunks(const GemmStoredShape& shape)
    : block_(shape.block > 0 && shape.block < shape.k ? shape.block : std::max(shape.k, 1)), k_(shape.k) {
  blocks = static_cast<int>(ceil_div(std::max(k_, 1), block_));
  size = static_cast<int>(round_up(ceil_div(block_, ceil_div(block_, kStoredMostChunk)), kStoredGroup));
  per_block = static_cast<int>(ceil_div(block_, size));
  const int rest = k_ - (blocks - 1) * block_;  // of the last block
  count = (blocks - 1) * per_block + static_cast<int>(ceil_div(std::max(rest, 1), size));
  last = static_cast<int>(round_up(std::max(end(count - 1) - first(count - 1), 1), kStoredGroup));
}

int StoredChunks::end(int chunk) const {
  const std::ptrdiff_t of_block = (static_cast<std::ptrdiff_t>(chunk / per_block) + 1) * block_;
  const std::ptrdiff_t of_chunk = static_cast<std::ptrdiff_t>(first(chunk)) + size;
  return static_cast<int>(std::min<std::ptrdiff_t>({of_chunk, of_block, k_}));
}

const char* gemm_stored_refusal(const GemmStoredShape& shape) {
  if (shape.k == 0) return "there is nothing to add up";
  if (shape.bits != 4 && shape.bits != 8) return "the weights have neither 4 nor 8 bits";
  if (shape.block > 0 && shape.block < std::min(shape.k, kStoredGroup)) return "the blocks are too short";
  return nullptr;
}

std::size_t gemm_stored_packed_size(const GemmStoredShape& shape) {
  return static_cast<std::size_t>(round_up(shape.n, kStoredPanel) * StoredChunks(shape).places() *
                                  shape.bits / 8);
}

void gemm_stored_pack(const GemmStoredShape& shape, FunctionRef<unsigned(int, int)> at,
                      std::uint8_t* packed) {
  const StoredChunks chunks(shape);
  std::memset(packed, 0, gemm_stored_packed_size(shape));
  constexpr int kFour = kStoredGroup / 2;
  for (int panel = 0; panel < shape.n; panel += kStoredPanel) {
    for (int chunk = 0; chunk < chunks.count; ++chunk) {
      for (int first = chunks.first(chunk), place = 0; place < chunks.padded(chunk); place += kStoredGroup) {
        for (int column = 0; column < std::min(kStoredPanel, shape.n - panel); ++column) {
          for (int i = 0; i < std::min(kStoredGroup, chunks.end(chunk) - first - place); ++i) {
            const unsigned value = at(first + place + i, panel + column);
            const bool later = i >= kFour;
            const int byte = column * kFour + i % kFour;
            if (shape.bits == 8) {
              packed[(later ? kStoredPanel * kFour : 0) + byte] = static_cast<std::uint8_t>(value);
            } else {
              packed[byte] = static_cast<std::uint8_t>(packed[byte] | value << (later ? 4 : 0));
            }
          }
        }
        packed += kStoredPanel * kStoredGroup * shape.bits / 8;
      }
    }
  }
}

std::size_t gemm_stored_scales_size(const GemmStoredShape& shape) {
  return static_cast<std::size_t>(round_up(shape.n, kStoredPanel) * StoredChunks(shape).blocks);
}

void gemm_stored_pack_scales(const GemmStoredShape& shape, FunctionRef<float(int, int)> at, float* packed) {
  std::fill_n(packed, gemm_stored_scales_size(shape), 0.0F);
  pack_blocks(shape, [&](std::size_t to, int block, int column) { packed[to] = at(block, column); });
}

void gemm_stored_pack_zeros(const GemmStoredShape& shape, FunctionRef<unsigned(int, int)> at,
                            std::uint8_t* packed) {
  std::fill_n(packed, gemm_stored_scales_size(shape), std::uint8_t{0});
  pack_blocks(shape, [&](std::size_t to, int block, int column) {
    packed[to] = static_cast<std::uint8_t>(at(block, column));
  });
}

std::size_t gemm_stored_scratch_size(const GemmStoredShape& shape, int m) {
  return static_cast<std::size_t>(m * row_bytes(StoredChunks(shape)));
}

void gemm_stored_run(const GemmStoredKernel& kernel, const GemmStoredArgs& args, std::byte* scratch,
                     ThreadPool& pool) noexcept {
  if (args.m == 0 || args.shape.n == 0) return;
  const GemmStoredWalk walk(kernel, args, scratch, pool.size());
  if (args.m == 1) {
    walk.quantize(0);
  } else {
    pool.run(static_cast<std::size_t>(args.m),
             [&walk](std::size_t row, int) { walk.quantize(static_cast<std::ptrdiff_t>(row)); });
  }
  pool.run(static_cast<std::size_t>(walk.units()),
           [&walk](std::size_t unit, int) { walk.run(static_cast<std::ptrdiff_t>(unit)); });
}

}  // namespace tenon::cpu

namespace tenon {

void register_cpu_kernel_gemm_stored(cpu::KernelRegistry& registry);
void register_cpu_kernel_gemm_stored(cpu::KernelRegistry& registry) {
  registry.add(cpu::gemm_stored_kernels());
}

}  // namespace tenon
