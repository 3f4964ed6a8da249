#include "backends/cpu/kernels/attention_s8/attention_s8.hpp"

#include "base/thread_pool.hpp"

#include <algorithm>
#include <cstring>

namespace tenon::cpu {

#define TENON_ATTENTION_S8_KERNEL(isa, name) const AttentionS8Routines& name() noexcept;
#include "backends/cpu/kernels/attention_s8/kernels.inc"
#undef TENON_ATTENTION_S8_KERNEL

namespace {

constexpr AttentionS8Kernel kAttentionS8Kernels[] = {
#define TENON_ATTENTION_S8_KERNEL(isa, name) {{"attention_s8", #name, Isa::isa}, name},
#include "backends/cpu/kernels/attention_s8/kernels.inc"
#undef TENON_ATTENTION_S8_KERNEL
};

constexpr std::ptrdiff_t kAttendedScoreBytes = 96 * 1024;  // of a block of queries
constexpr int kMostAttendedQueries = 64;                   // of a block
constexpr int kAttendedBlocks = 2;
constexpr std::size_t kAttentionLine = 64;

// Queries whose scores are in memory at a time.
int attended_queries(const AttentionS8Args& a) {
  const std::ptrdiff_t row =
      round_up(std::max(a.keys, 1), kChannelBlock) * static_cast<std::ptrdiff_t>(sizeof(float));
  return static_cast<int>(
      std::clamp<std::ptrdiff_t>(kAttendedScoreBytes / row, kS8MostPixels, kMostAttendedQueries));
}

// Bytes between rows of `columns` elements that tiles read: not a multiple of what shares the same few lines
// of the first-level cache.
std::ptrdiff_t attended_row_bytes(int columns, int element) {
  const std::ptrdiff_t bytes =
      round_up(round_up(columns, kChannelBlock) * element, static_cast<int>(kAttentionLine));
  return bytes % 1024 == 0 ? bytes + static_cast<std::ptrdiff_t>(kAttentionLine) : bytes;
}

// What one worker needs, each part at a cache line. Sizes are those of the widest elements.
struct AttentionS8Layout {
  std::size_t keys, bias, values, queries, scores, shares, widened, out, sums, mask, no_bias;
  std::size_t end = 0;

  explicit AttentionS8Layout(const AttentionS8Args& a) {
    constexpr int kWidest = 2;
    const auto rows = attended_queries(a);
    const std::ptrdiff_t padded = round_up(a.keys, kChannelBlock),
                         columns = round_up(a.value_depth, kChannelBlock);
    keys = take(padded * round_up(a.depth, kS8Group));
    bias = take(padded * 4);
    values = take(columns * round_up(a.keys, kS8Group));
    queries = take(rows * attended_row_bytes(a.depth, kWidest));
    scores = take(rows * padded * 4);
    shares = take(rows * attended_row_bytes(a.keys, 1));
    widened = take(rows * attended_row_bytes(a.keys, kWidest));
    out = take(rows * columns * 4);
    sums = take(rows * 4);
    mask = take(a.mask && a.mask_key == 0 ? padded * 4 : 0);
    no_bias = take(kAttendedBlocks * kChannelBlock * 4);
  }

 private:
  std::size_t take(std::ptrdiff_t bytes) {
    const std::size_t begin = end;
    end += static_cast<std::size_t>(round_up(bytes, static_cast<int>(kAttentionLine)));
    return begin;
  }
};

// c[block][row][16] = multiplier * (bias + a · b), in floats.
struct AttendedProduct {
  const std::uint8_t* a;
  std::ptrdiff_t lda;
  int rows;
  int depth;
  const std::int8_t* b;
  const std::int32_t* bias;
  std::ptrdiff_t bias_block;  // 0: one for all blocks
  int blocks;
  const float* multiplier;  // kAttendedBlocks blocks of it
  float* c;
  std::ptrdiff_t c_block;
};

void attend_tiles(const ConvS8Kernel& kernel, const AttendedProduct& p, const Requantize& floats, int row,
                  int rows, int tiles, int block, int blocks) {
  const std::ptrdiff_t weights = round_up(p.depth, kS8Group) * kChannelBlock;
  ConvS8Tile t{};
  t.src = reinterpret_cast<decltype(t.src)>(p.a + row * p.lda);
  t.src_block = static_cast<std::ptrdiff_t>(kChannelBlock) * kernel.element();
  t.src_pixel = p.lda;
  t.blocks = static_cast<int>(channel_blocks(p.depth));
  t.last_groups = static_cast<int>(ceil_div(p.depth - (t.blocks - 1) * kChannelBlock, kS8Group));
  t.taps_h = t.taps_w = 1;
  t.weights = p.b + block * weights;
  t.weights_oc_block = weights;
  t.bias = p.bias + block * p.bias_block;
  t.requantize = &floats;
  t.multiplier = p.multiplier;
  t.dst = p.c;
  t.dst_at = block * p.c_block + static_cast<std::ptrdiff_t>(row) * kChannelBlock;
  t.dst_pixel = kChannelBlock;
  t.dst_oc_block = p.c_block;
  t.last_lanes = kChannelBlock;
  t.ahead = t.weights;
  t.tiles = tiles;
  t.next_src = rows * p.lda;
  t.next_dst = static_cast<std::ptrdiff_t>(rows) * kChannelBlock;
  kernel.tile(t, rows, blocks);
}

void attend(const ConvS8Kernel& kernel, const AttendedProduct& p) {
  Requantize floats;
  floats.bytes = false;
  floats.multiplier = p.multiplier;
  for (int block = 0; block < p.blocks;) {
    const int blocks = kernel.oc_blocks_at_most(std::min(kAttendedBlocks, p.blocks - block));
    const int rows = static_cast<int>(ceil_div(p.rows, ceil_div(p.rows, kernel.max_pixels(blocks))));
    const int whole = p.rows / rows, rest = p.rows % rows;
    attend_tiles(kernel, p, floats, 0, rows, whole, block, blocks);
    if (rest > 0) attend_tiles(kernel, p, floats, whole * rows, rest, 1, block, blocks);
    block += blocks;
  }
}

// One head of one batch element.
class AttentionS8Head {
 public:
  AttentionS8Head(const AttentionS8Kernel& kernel, const ConvS8Kernel& products, const AttentionS8Args& args,
                  std::ptrdiff_t b, std::ptrdiff_t h, const AttentionS8Layout& at, std::byte* scratch)
      : routines_(kernel.routines()), products_(products), a_(args), at_(at), scratch_(scratch) {
    const std::ptrdiff_t shared = h / (args.heads / args.kv_heads);
    q_ = args.q + b * args.q_strides.batch + h * args.q_strides.head;
    k_ = args.k + b * args.k_strides.batch + shared * args.k_strides.head;
    v_ = args.v + b * args.v_strides.batch + shared * args.v_strides.head;
    y_ = b * args.y_strides.batch + h * args.y_strides.head;
    if (args.mask) mask_ = args.mask + b * args.mask_strides.batch + h * args.mask_strides.head;
    std::fill_n(score_multiplier_, std::size(score_multiplier_), args.score_multiplier);
    std::fill_n(y_multiplier_, std::size(y_multiplier_), args.y_multiplier);
  }

  void pack() const {
    const int shift = a_.q_zero + (a_.q_signed ? 128 : 0);
    routines_.pack_keys(
        {k_, a_.k_strides.row, a_.keys, a_.depth, flip_to_signed(a_.k_signed), part<std::int8_t>(at_.keys)},
        shift, part<std::int32_t>(at_.bias));
    routines_.pack_values({v_, a_.v_strides.row, a_.keys, a_.value_depth, flip_to_signed(a_.v_signed),
                           part<std::int8_t>(at_.values)});
    std::fill_n(part<std::int32_t>(at_.no_bias), kAttendedBlocks * kChannelBlock, 0);
  }

  void run(int first, int last) const {
    const int most = attended_queries(a_);
    for (int query = first; query < last; query += most) run_queries(query, std::min(most, last - query));
  }

 private:
  static std::uint8_t flip_to_signed(bool is_signed) { return is_signed ? 0 : 0x80; }

  template <class T>
  T* part(std::size_t offset) const {
    return reinterpret_cast<T*>(scratch_ + offset);
  }

  void run_queries(int query, int count) const {
    const std::ptrdiff_t ldq = attended_row_bytes(a_.depth, products_.element());
    auto* const queries = part<std::byte>(at_.queries);
    for (int i = 0; i < count; ++i)
      copy_s8_row(products_, q_ + (query + i) * a_.q_strides.row, a_.depth, a_.q_signed ? 0x80 : 0,
                  queries + i * ldq);
    const std::ptrdiff_t block = static_cast<std::ptrdiff_t>(count) * kChannelBlock;
    auto* const scores = part<float>(at_.scores);
    if (a_.depth == 0) {
      std::fill_n(scores, channel_blocks(a_.keys) * block, 0.0F);
    } else {
      attend(products_, {part<std::uint8_t>(at_.queries), ldq, count, a_.depth, part<std::int8_t>(at_.keys),
                         part<std::int32_t>(at_.bias), kChannelBlock,
                         static_cast<int>(channel_blocks(a_.keys)), score_multiplier_, scores, block});
    }

    const std::ptrdiff_t lds = attended_row_bytes(a_.keys, 1);
    auto* const shares = part<std::uint8_t>(at_.shares);
    auto* const sums = part<std::int32_t>(at_.sums);
    for (int i = 0; i < count; ++i) {
      sums[i] = routines_.shares({scores + static_cast<std::ptrdiff_t>(i) * kChannelBlock, block,
                                  mask_row(query + i), a_.keys, shares + i * lds});
    }

    AttendedProduct product{shares,
                            lds,
                            count,
                            a_.keys,
                            part<std::int8_t>(at_.values),
                            part<std::int32_t>(at_.no_bias),
                            0,
                            static_cast<int>(channel_blocks(a_.value_depth)),
                            y_multiplier_,
                            part<float>(at_.out),
                            block};
    if (products_.wide) {
      product.lda = attended_row_bytes(a_.keys, products_.element());
      auto* const widened = part<std::uint8_t>(at_.widened);
      const std::ptrdiff_t padded = round_up(a_.keys, kS8Group);  // where there are zeros
      for (int i = 0; i < count; ++i) products_.copy(shares + i * lds, padded, 0, widened + i * product.lda);
      product.a = widened;
    }
    attend(products_, product);
    for (int i = 0; i < count; ++i) {
      routines_.store({part<float>(at_.out) + static_cast<std::ptrdiff_t>(i) * kChannelBlock, block,
                       a_.value_depth, static_cast<float>(sums[i]), a_.y_offset, &a_.requantize, a_.y,
                       y_ + (query + i) * a_.y_strides.row});
    }
  }

  const float* mask_row(int query) const {
    if (!mask_) return nullptr;
    const float* row = mask_ + query * a_.mask_strides.row;
    if (a_.mask_key == 1) return row;
    std::fill_n(part<float>(at_.mask), a_.keys, *row);
    return part<float>(at_.mask);
  }

  const AttentionS8Routines& routines_;
  const ConvS8Kernel& products_;
  const AttentionS8Args& a_;
  const AttentionS8Layout& at_;
  std::byte* scratch_;
  const std::uint8_t* q_;
  const std::uint8_t* k_;
  const std::uint8_t* v_;
  std::ptrdiff_t y_;
  const float* mask_ = nullptr;
  float score_multiplier_[kAttendedBlocks * kChannelBlock];
  float y_multiplier_[kAttendedBlocks * kChannelBlock];
};

// Sums over no keys, which no sum of shares divides.
void store_without_keys(const AttentionS8Routines& routines, const AttentionS8Args& a) {
  const float zeros[kChannelBlock] = {};
  for (std::ptrdiff_t unit = 0; unit < static_cast<std::ptrdiff_t>(a.batch) * a.heads * a.queries; ++unit) {
    const std::ptrdiff_t head = unit / a.queries;
    const std::ptrdiff_t row = head / a.heads * a.y_strides.batch + head % a.heads * a.y_strides.head +
                               unit % a.queries * a.y_strides.row;
    routines.store({zeros, 0, a.value_depth, 0.0F, a.y_offset, &a.requantize, a.y, row});
  }
}

}  // namespace

std::span<const AttentionS8Kernel> attention_s8_kernels() { return kAttentionS8Kernels; }

const AttentionS8Kernel* select_attention_s8(Isa level) { return best_kernel(attention_s8_kernels(), level); }

std::size_t attention_s8_scratch_size(const AttentionS8Args& args, int threads) {
  return AttentionS8Layout(args).end * static_cast<std::size_t>(threads);
}

void attention_s8_run(const AttentionS8Kernel& kernel, const ConvS8Kernel& products,
                      const AttentionS8Args& args, std::byte* scratch, ThreadPool& pool) noexcept {
  if (args.batch == 0 || args.heads == 0 || args.queries == 0 || args.value_depth == 0) return;
  if (args.keys == 0) return store_without_keys(kernel.routines(), args);
  const AttentionS8Layout layout(args);
  const std::ptrdiff_t heads = args.heads, all = heads * args.batch;
  const std::ptrdiff_t most = ceil_div(args.queries, kChannelBlock);
  const std::ptrdiff_t parts =
      all % pool.size() == 0 || all >= 4 * pool.size() ? 1 : std::min<std::ptrdiff_t>(most, pool.size());
  pool.run(static_cast<std::size_t>(all * parts), [&](std::size_t index, int worker) {
    const auto unit = static_cast<std::ptrdiff_t>(index);
    const AttentionS8Head head(kernel, products, args, unit / parts / heads, unit / parts % heads, layout,
                               scratch + layout.end * static_cast<std::size_t>(worker));
    const auto bound = [&](std::ptrdiff_t part) { return static_cast<int>(args.queries * part / parts); };
    head.pack();
    head.run(bound(unit % parts), bound(unit % parts + 1));
  });
}

}  // namespace tenon::cpu

namespace tenon {

void register_cpu_kernel_attention_s8(cpu::KernelRegistry& registry);
void register_cpu_kernel_attention_s8(cpu::KernelRegistry& registry) {
  registry.add(cpu::attention_s8_kernels());
}

}  // namespace tenon
