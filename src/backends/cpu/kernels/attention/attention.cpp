#include "backends/cpu/kernels/attention/attention.hpp"

#include "backends/cpu/kernels/gemm/pack.hpp"
#include "base/thread_pool.hpp"

#include <algorithm>
#include <type_traits>

namespace tenon::cpu {

#define TENON_ATTENTION_KERNEL(isa, name) const AttentionRoutines& name() noexcept;
#include "backends/cpu/kernels/attention/kernels.inc"
#undef TENON_ATTENTION_KERNEL

namespace {

constexpr AttentionKernel kAttentionKernels[] = {
#define TENON_ATTENTION_KERNEL(isa, name) {{"attention", #name, Isa::isa}, name},
#include "backends/cpu/kernels/attention/kernels.inc"
#undef TENON_ATTENTION_KERNEL
};

// Queries of the widest block of any gemm kernel.
constexpr std::ptrdiff_t kMaxWidth = 2 * kGemmColumnPanel;

// Elements between turned columns of a block of keys: not a multiple of what shares the same few lines of the
// first-level cache.
std::ptrdiff_t turned_step(int keys) { return round_up(std::min(keys, kAttentionKeys), 32) + 32; }

// Blocks of queries, and bytes of an element, of products by pairs.
constexpr int kPairBlocks = 2;
constexpr int kHalfBytes = 2;

// Queries of a block.
int attention_width(const GemmKernel& gemm, const ConvHalfKernel* pairs) {
  return pairs ? kPairBlocks * kChannelBlock : gemm.panels * kGemmColumnPanel;
}

// What one worker needs, each part at a cache line.
struct AttentionLayout {
  std::ptrdiff_t keys;     // row panels of K
  std::ptrdiff_t values;   // V, rows without gaps; or, for pairs, its columns, block by block of keys
  std::ptrdiff_t widened;  // K's rows, or those of some queries, from 16 bits
  std::ptrdiff_t queries, scores, shares, mask, out, top, sum;
  std::ptrdiff_t end = 0;

  explicit AttentionLayout(const AttentionArgs& a) {
    const std::ptrdiff_t block = std::min(a.keys, kAttentionKeys);
    // Also the scores of one query over all keys.
    keys = take(round_up(a.keys, kGemmRowPanel) + kGemmColumnPanel, std::max(a.depth, 1));
    const bool half = a.type == DataType::bf16;
    const std::ptrdiff_t turned = half ? ceil_div(a.keys, kAttentionKeys) * turned_step(a.keys) / 2 : 0;
    values = take(std::max<std::ptrdiff_t>(a.keys, turned), a.value_depth);
    widened = take(a.type == DataType::f32 ? 0 : std::max<std::ptrdiff_t>(a.keys, kMaxWidth), a.depth);
    queries = take(a.depth, kMaxWidth);
    scores = take(block, kMaxWidth);
    shares = take(half ? ceil_div(block, 2) : 0, kMaxWidth);
    mask = take(a.mask ? block : 0, kMaxWidth);
    out = take(a.value_depth, kMaxWidth);
    top = take(1, kMaxWidth);
    sum = take(1, kMaxWidth);
  }

 private:
  std::ptrdiff_t take(std::ptrdiff_t rows, std::ptrdiff_t columns) {
    const std::ptrdiff_t begin = end;
    end += round_up(rows * columns, kGemmColumnPanel);
    return begin;
  }
};

struct AttentionScratch {
  float *keys, *values, *widened, *queries, *scores, *shares, *mask, *out, *top, *sum;

  AttentionScratch(const AttentionLayout& at, float* base)
      : keys(base + at.keys),
        values(base + at.values),
        widened(base + at.widened),
        queries(base + at.queries),
        scores(base + at.scores),
        shares(base + at.shares),
        mask(base + at.mask),
        out(base + at.out),
        top(base + at.top),
        sum(base + at.sum) {}
};

// Where a head of an operand begins.
template <class Element>
Element* head_of(Element* operand, const AttentionArgs& args, const AttentionStrides& strides,
                 std::ptrdiff_t batch, std::ptrdiff_t head) {
  using Byte = std::conditional_t<std::is_const_v<Element>, const std::byte, std::byte>;
  return static_cast<Byte*>(operand) + (batch * strides.batch + head * strides.head) * float_bytes(args.type);
}

// One head of one batch element.
class AttentionHead {
 public:
  AttentionHead(const AttentionKernel& kernel, const GemmKernel& gemm, const ConvHalfKernel* pairs,
                const AttentionArgs& args, int batch, int head, const AttentionScratch& scratch)
      : routines_(kernel.routines()), gemm_(gemm), pairs_(pairs), a_(args), s_(scratch) {
    const std::ptrdiff_t b = batch, h = head, shared = head / (args.heads / args.kv_heads);
    q_ = head_of(args.q, args, args.q_strides, b, h);
    k_ = head_of(args.k, args, args.k_strides, b, shared);
    v_ = head_of(args.v, args, args.v_strides, b, shared);
    y_ = head_of(args.y, args, args.y_strides, b, h);
    if (args.mask) mask_ = args.mask + b * args.mask_strides.batch + h * args.mask_strides.head;
  }

  void pack() const {
    if (pairs_) {
      const std::ptrdiff_t step = turned_step(a_.keys);
      std::uint16_t* to = halves(s_.values);
      for (int key = 0; key < a_.keys; key += kAttentionKeys, to += a_.value_depth * step) {
        routines_.turn_rows(static_cast<const std::uint16_t*>(v_) + key * a_.v_strides.row, a_.v_strides.row,
                            std::min(kAttentionKeys, a_.keys - key), a_.value_depth, to, step);
      }
      return;
    }
    const Rows keys = floats(k_, a_.k_strides.row, 0, a_.keys);
    pack_row_panels(keys.first, keys.step, false, a_.keys, a_.depth, 0,
                    static_cast<int>(ceil_div(a_.keys, kGemmRowPanel)), s_.keys);
    routines_.widen[type_](v_, a_.v_strides.row, a_.keys, a_.value_depth, s_.values);
  }

  void run(int first, int last) const {
    const int width = attention_width(gemm_, pairs_);
    for (int query = first; query < last; query += width) run_queries(query, std::min(width, last - query));
  }

 private:
  struct Rows {
    const float* first;
    std::ptrdiff_t step;
  };
  // Rows of keys or queries as they lie, or widened.
  Rows floats(const void* from, std::ptrdiff_t step, std::ptrdiff_t row, int count) const {
    if (a_.type == DataType::f32) return {static_cast<const float*>(from) + row * step, step};
    const auto* at = static_cast<const std::byte*>(from) + row * step * float_bytes(a_.type);
    routines_.widen[type_](at, step, count, a_.depth, s_.widened);
    return {s_.widened, a_.depth};
  }

  void run_queries(int query, int count) const {
    const int width = attention_width(gemm_, pairs_);
    if (pairs_) {
      routines_.pack_rows(static_cast<const std::uint16_t*>(q_) + query * a_.q_strides.row, a_.q_strides.row,
                          count, a_.depth, width, halves(s_.queries));
    } else {
      pack_queries(query, count);
    }
    AttentionBlock b{};
    b.shares = pairs_ ? halves(s_.shares) : nullptr;
    b.scores = s_.scores;
    b.width = width;
    b.scale = a_.scale;
    b.top = s_.top;
    b.sum = s_.sum;
    b.out = s_.out;
    b.value_depth = a_.value_depth;
    b.blind_is_zero = a_.blind_is_zero;
    // The last query sees most. A query that sees no key at all is left to the first block.
    const int seen = a_.causal ? std::clamp(query + count + a_.causal_offset, 1, a_.keys) : a_.keys;
    for (int key = 0; key < seen; key += kAttentionKeys) {
      b.first = key == 0;
      b.keys = std::min(kAttentionKeys, seen - key);
      b.visible = a_.causal ? query + a_.causal_offset + 1 - key : kAttentionAll;
      if (pairs_) {
        multiply_pairs(static_cast<const std::uint16_t*>(k_) + key * a_.k_strides.row, a_.k_strides.row,
                       b.keys, a_.depth, halves(s_.queries), s_.scores, false);
      } else {
        products_with_keys(key, b.keys);
      }
      set_mask(b, query, count, key);
      routines_.softmax(b);
      if (pairs_) {
        const std::ptrdiff_t step = turned_step(a_.keys);
        multiply_pairs(halves(s_.values) + key / kAttentionKeys * a_.value_depth * step, step, a_.value_depth,
                       round_up(b.keys, 2), b.shares, s_.out, !b.first);
      } else {
        products_with_values(key, b);
      }
    }
    std::byte* y = static_cast<std::byte*>(y_) + query * a_.y_strides.row * float_bytes(a_.type);
    routines_.store[type_](b, count, y, a_.y_strides.row);
  }

  static std::uint16_t* halves(float* memory) { return reinterpret_cast<std::uint16_t*>(memory); }

  void pack_queries(int query, int count) const {
    const auto panels = static_cast<int>(ceil_div(count, kGemmColumnPanel));
    const std::ptrdiff_t panel = static_cast<std::ptrdiff_t>(a_.depth) * kGemmColumnPanel;
    const Rows queries = floats(q_, a_.q_strides.row, query, count);
    pack_column_panels(queries.first, queries.step, true, a_.depth, count, 0, panels, s_.queries);
    std::fill(s_.queries + panels * panel, s_.queries + gemm_.panels * panel, 0.0F);
  }

  // c[row][q] (+)= rows[row, .] * packed[., q], of `depth` elements, an even number.
  void multiply_pairs(const std::uint16_t* rows, std::ptrdiff_t step, int count, std::ptrdiff_t depth,
                      const std::uint16_t* packed, float* c, bool add) const {
    const int most = pairs_->max_pixels(kPairBlocks);
    const auto tile_rows = static_cast<int>(ceil_div(count, ceil_div(count, most)));
    ConvHalfTile t{};
    t.src = reinterpret_cast<const std::byte*>(rows);
    t.src_pixel = step * kHalfBytes;
    t.src_block = kChannelBlock * kHalfBytes;
    t.blocks = static_cast<int>(ceil_div(depth, kChannelBlock));
    t.last_groups =
        static_cast<int>((depth - static_cast<std::ptrdiff_t>(t.blocks - 1) * kChannelBlock) / kHalfGroup);
    t.taps_h = t.taps_w = 1;
    t.weights = packed;
    t.weights_oc_block = depth * kChannelBlock;
    t.dst = c;
    t.dst_pixel = kPairBlocks * kChannelBlock;
    t.dst_oc_block = kChannelBlock;
    t.last_lanes = kChannelBlock;
    t.ahead = packed;
    t.dst_single = t.residual_single = true;
    t.residual = add ? c : nullptr;
    t.tiles = count / tile_rows;
    t.next_src = tile_rows * t.src_pixel;
    t.next_dst = tile_rows * t.dst_pixel;
    pairs_->tile(t, tile_rows, kPairBlocks);
    const int rest = count % tile_rows;
    if (rest == 0) return;
    t.src += t.tiles * t.next_src;
    t.dst_at = t.tiles * t.next_dst;
    t.tiles = 1;
    pairs_->tile(t, rest, kPairBlocks);
  }

  // scores[t][q] = k[key + t, .] * q[query + q, .]
  void products_with_keys(int key, int keys) const {
    GemmTile t{};
    t.a_step = kGemmRowPanel;
    t.b = t.ahead = s_.queries;
    t.b_step = kGemmColumnPanel;
    t.b_panel = static_cast<std::ptrdiff_t>(a_.depth) * kGemmColumnPanel;
    t.k = a_.depth;
    t.ldc = gemm_.panels * kGemmColumnPanel;
    t.columns = gemm_.panels * kGemmColumnPanel;
    t.first = t.last = true;
    for (int row = 0; row < keys; row += gemm_.rows) {
      const int at = key + row;
      t.a = s_.keys + static_cast<std::ptrdiff_t>(at / kGemmRowPanel) * kGemmRowPanel * a_.depth +
            at % kGemmRowPanel;
      t.c = s_.scores + row * t.ldc;
      gemm_.tile(t, std::min(gemm_.rows, keys - row));
    }
  }

  // out[e][q] (+)= sum over t of v[key + t, e] * scores[t][q]
  void products_with_values(int key, const AttentionBlock& b) const {
    GemmTile t{};
    t.a_step = a_.value_depth;
    t.b = t.ahead = b.scores;
    t.b_step = b.width;
    t.b_panel = kGemmColumnPanel;
    t.k = b.keys;
    t.columns = b.width;
    t.ldc = b.width;
    t.first = b.first;
    t.last = true;
    for (int row = 0; row < a_.value_depth; row += gemm_.rows) {
      t.a = s_.values + static_cast<std::ptrdiff_t>(key) * a_.value_depth + row;
      t.c = s_.out + row * t.ldc;
      gemm_.tile(t, std::min(gemm_.rows, a_.value_depth - row));
    }
  }

  void set_mask(AttentionBlock& b, int query, int count, int key) const {
    if (!mask_) return;
    const float* mask = mask_ + query * a_.mask_strides.row + key * a_.mask_key;
    if (a_.mask_strides.row == 0 || count == 1) {
      b.mask = mask;
      b.mask_key = a_.mask_key;
      return;
    }
    b.mask = s_.mask;
    b.mask_key = b.width;
    b.mask_query = 1;
    for (int t = 0; t < b.keys; ++t) {
      float* row = s_.mask + static_cast<std::ptrdiff_t>(t) * b.width;
      for (int q = 0; q < count; ++q) row[q] = mask[q * a_.mask_strides.row + t * a_.mask_key];
      std::fill(row + count, row + b.width, 0.0F);
    }
  }

  const AttentionRoutines& routines_;
  const GemmKernel& gemm_;
  const ConvHalfKernel* pairs_;  // or nullptr: products are in single precision
  const AttentionArgs& a_;
  const AttentionScratch& s_;
  const int type_ = float_index(a_.type);
  const void* q_;
  const void* k_;
  const void* v_;
  const float* mask_ = nullptr;
  void* y_;
};

// Parts that the queries of a head are cut into, so that there is work for all threads.
std::ptrdiff_t query_parts(const AttentionArgs& args, int width, int threads) {
  const std::ptrdiff_t heads = static_cast<std::ptrdiff_t>(args.batch) * args.heads;
  if (heads % threads == 0 || heads >= 4 * threads) return 1;
  const std::ptrdiff_t blocks = ceil_div(args.queries, width);
  return std::clamp<std::ptrdiff_t>(blocks, 1, threads);
}

// Each query of each head on its own.
void run_rows(const AttentionRoutines& routines, const AttentionArgs& a, std::ptrdiff_t scratch_step,
              float* scratch, ThreadPool& pool) {
  const std::ptrdiff_t queries = a.queries, heads = a.heads;
  pool.run(static_cast<std::size_t>(a.batch * heads * queries), [&](std::size_t index, int worker) {
    const auto unit = static_cast<std::ptrdiff_t>(index);
    const std::ptrdiff_t query = unit % queries, h = unit / queries % heads, b = unit / queries / heads;
    const std::ptrdiff_t shared = h / (a.heads / a.kv_heads);
    AttentionRow row{};
    row.q = static_cast<const float*>(head_of(a.q, a, a.q_strides, b, h)) + query * a.q_strides.row;
    row.k = static_cast<const float*>(head_of(a.k, a, a.k_strides, b, shared));
    row.v = static_cast<const float*>(head_of(a.v, a, a.v_strides, b, shared));
    row.y = static_cast<float*>(head_of(a.y, a, a.y_strides, b, h)) + query * a.y_strides.row;
    row.k_row = a.k_strides.row;
    row.v_row = a.v_strides.row;
    row.keys = a.causal ? std::clamp(static_cast<int>(query) + 1 + a.causal_offset, 0, a.keys) : a.keys;
    row.depth = a.depth;
    row.value_depth = a.value_depth;
    row.scale = a.scale;
    if (a.mask) {
      row.mask = a.mask + b * a.mask_strides.batch + h * a.mask_strides.head + query * a.mask_strides.row;
      row.mask_key = a.mask_key;
    }
    row.blind_is_zero = a.blind_is_zero;
    row.scores = scratch + scratch_step * worker;
    routines.row(row);
  });
}

// Sums over no keys.
void clear(const AttentionArgs& args) {
  for (std::ptrdiff_t unit = 0; unit < static_cast<std::ptrdiff_t>(args.batch) * args.heads; ++unit) {
    const std::ptrdiff_t bytes = float_bytes(args.type);
    auto* y =
        static_cast<std::byte*>(head_of(args.y, args, args.y_strides, unit / args.heads, unit % args.heads));
    for (std::ptrdiff_t q = 0; q < args.queries; ++q) {
      std::fill_n(y + q * args.y_strides.row * bytes, args.value_depth * bytes, std::byte{});
    }
  }
}

}  // namespace

std::span<const AttentionKernel> attention_kernels() { return kAttentionKernels; }

const AttentionKernel* select_attention(Isa level) { return best_kernel(attention_kernels(), level); }

std::size_t attention_scratch_size(const AttentionArgs& args, int threads) {
  return static_cast<std::size_t>(AttentionLayout(args).end) * static_cast<std::size_t>(threads);
}

void attention_run(const AttentionKernel& kernel, const GemmKernel& gemm, const ConvHalfKernel* half,
                   const AttentionArgs& args, float* scratch, ThreadPool& pool) noexcept {
  if (args.batch == 0 || args.heads == 0 || args.queries == 0 || args.value_depth == 0) return;
  if (args.keys == 0) return clear(args);
  const AttentionLayout layout(args);
  if (args.queries <= kAttentionFewQueries && args.type == DataType::f32)
    return run_rows(kernel.routines(), args, layout.end, scratch, pool);
  const bool by_pairs =
      half && !half->wide && half->type == DataType::bf16 && args.type == half->type && args.depth % 2 == 0;
  const ConvHalfKernel* const pairs = by_pairs ? half : nullptr;
  const int width = attention_width(gemm, pairs);
  const std::ptrdiff_t parts = query_parts(args, width, pool.size());
  const std::ptrdiff_t heads = args.heads;
  const std::ptrdiff_t blocks = ceil_div(args.queries, width);
  pool.run(static_cast<std::size_t>(args.batch * heads * parts), [&](std::size_t index, int worker) {
    const AttentionScratch own(layout, scratch + layout.end * worker);
    const auto unit = static_cast<std::ptrdiff_t>(index);
    const AttentionHead head(kernel, gemm, pairs, args, static_cast<int>(unit / parts / heads),
                             static_cast<int>(unit / parts % heads), own);
    const auto bound = [&](std::ptrdiff_t part) {
      const std::ptrdiff_t block = blocks * part / parts;
      return static_cast<int>(std::min<std::ptrdiff_t>(block * width, args.queries));
    };
    head.pack();
    head.run(bound(unit % parts), bound(unit % parts + 1));
  });
}

}  // namespace tenon::cpu

namespace tenon {

void register_cpu_kernel_attention(cpu::KernelRegistry& registry);
void register_cpu_kernel_attention(cpu::KernelRegistry& registry) { registry.add(cpu::attention_kernels()); }

}  // namespace tenon
