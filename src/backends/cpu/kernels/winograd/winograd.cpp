#include "backends/cpu/kernels/winograd/winograd.hpp"

#include "base/thread_pool.hpp"

#include <algorithm>

namespace tenon::cpu {

#define TENON_WINOGRAD_KERNEL(isa, name, tiles1, tiles2, tiles4)                    \
  void name##_input(const WinogradInput& args) noexcept;                            \
  void name##_product(const WinogradProduct& args, int tiles, int blocks) noexcept; \
  void name##_output(const WinogradOutput& args) noexcept;
#include "backends/cpu/kernels/winograd/kernels.inc"
#undef TENON_WINOGRAD_KERNEL

namespace {

constexpr WinogradKernel kWinogradKernels[] = {
#define TENON_WINOGRAD_KERNEL(isa, name, tiles1, tiles2, tiles4) \
  {{"winograd", #name, Isa::isa}, {tiles1, tiles2, tiles4}, name##_input, name##_product, name##_output},
#include "backends/cpu/kernels/winograd/kernels.inc"
#undef TENON_WINOGRAD_KERNEL
};

// V and M of a group of tiles may take this much each. Both pass through the caches once per group, so that
// it is of little weight where they lie.
constexpr std::ptrdiff_t kStageBytes = 5 << 20;

// Tiles of a group. The weights pass by once per group; with few tiles they are the limit.
constexpr int kLeastGroup = 24;
constexpr int kMostGroup = 64;

// Threads that share a group read a part of the weights each; up to this size they rather read all of them.
constexpr std::ptrdiff_t kSmallWeightBytes = 4 << 20;
constexpr int kLeastOwnGroup = 16;

// Images beyond this size come from memory.
constexpr std::ptrdiff_t kFarBytes = 6 << 20;

constexpr int kWideBlocks = 4;  // output blocks of a product

WinogradGrid grid_of(const ConvShape& s, int outputs) {
  WinogradGrid g{};
  g.outputs = outputs;
  g.alpha = outputs + s.kernel_h - 1;
  g.tiles_h = static_cast<int>(ceil_div(s.out_h, outputs));
  g.tiles_w = static_cast<int>(ceil_div(s.out_w, outputs));
  g.in_h = s.in_h;
  g.in_w = s.in_w;
  g.out_h = s.out_h;
  g.out_w = s.out_w;
  g.pad_top = s.pad_top;
  g.pad_left = s.pad_left;
  return g;
}

// Floats between two elements of a transform: an odd number of cache lines, so that the elements of a tile do
// not compete for the same sets of a cache.
std::ptrdiff_t element_stride(std::ptrdiff_t blocks, std::ptrdiff_t tiles) {
  return (blocks * tiles | 1) * kChannelBlock;
}

std::ptrdiff_t image_bytes(std::ptrdiff_t blocks, int h, int w) {
  return blocks * h * w * kChannelBlock * static_cast<std::ptrdiff_t>(sizeof(float));
}

// How a convolution is cut.
struct Cut {
  std::ptrdiff_t tiles;           // of all images
  int group;                      // most tiles at a time
  int slice;                      // most output blocks at a time
  std::ptrdiff_t input_floats;    // of V for a group
  std::ptrdiff_t product_floats;  // of M for a group and slice
};

Cut cut_of(const ConvShape& s, const WinogradGrid& g) {
  const std::ptrdiff_t elements = static_cast<std::ptrdiff_t>(g.alpha) * g.alpha;
  const std::ptrdiff_t line = elements * kChannelBlock * static_cast<std::ptrdiff_t>(sizeof(float));
  const std::ptrdiff_t in_blocks = std::max<std::ptrdiff_t>(channel_blocks(s.in_channels), 1);
  const std::ptrdiff_t out_blocks = channel_blocks(s.out_channels);
  Cut cut{};
  cut.tiles = static_cast<std::ptrdiff_t>(s.batch) * g.tiles_h * g.tiles_w;
  const auto most =
      static_cast<int>(std::clamp<std::ptrdiff_t>(kStageBytes / (line * in_blocks), kLeastGroup, kMostGroup));
  const std::ptrdiff_t wide =
      std::max<std::ptrdiff_t>(kStageBytes / (line * most) / kWideBlocks, 1) * kWideBlocks;
  cut.slice = static_cast<int>(std::min(wide, out_blocks));
  cut.group = static_cast<int>(std::min<std::ptrdiff_t>(most, cut.tiles));
  cut.input_floats = elements * element_stride(in_blocks, cut.group);
  cut.product_floats = elements * element_stride(cut.slice, cut.group);
  return cut;
}

class Winograd {
 public:
  Winograd(const WinogradKernel& kernel, const ConvArgs& args, int outputs, float* scratch)
      : kernel_(kernel),
        args_(args),
        shape_(args.shape),
        grid_(grid_of(args.shape, outputs)),
        cut_(cut_of(shape_, grid_)),
        scratch_(scratch),
        in_blocks_(static_cast<int>(channel_blocks(shape_.in_channels))),
        out_blocks_(static_cast<int>(channel_blocks(shape_.out_channels))),
        elements_(grid_.alpha * grid_.alpha),
        in_far_(image_bytes(in_blocks_, shape_.in_h, shape_.in_w) > kFarBytes),
        out_far_(image_bytes(out_blocks_, shape_.out_h, shape_.out_w) > kFarBytes) {}

  void run(ThreadPool& pool) const;

 private:
  // Tiles [first, end) and the panels they are cut into.
  struct Group {
    std::ptrdiff_t first;
    std::ptrdiff_t end;
    int panels;

    int size() const { return static_cast<int>(end - first); }
    // The first tile of a panel, counted from the group's first.
    int begin_of(int panel) const { return panel * size() / panels; }
  };

  Group group_of(std::ptrdiff_t index, std::ptrdiff_t groups) const;
  void transform_input(const Group& group, int panel, int block, float* v) const;
  void multiply(const Group& group, int block_begin, int block_end, const float* v, float* m) const;
  void transform_output(const Group& group, int block, const float* m, std::ptrdiff_t element) const;
  void run_own_groups(std::ptrdiff_t groups, ThreadPool& pool) const;
  void run_shared_groups(std::ptrdiff_t groups, ThreadPool& pool) const;
  void run_slices(const Group& group, int block_begin, int block_end, const float* v, float* m) const;

  const WinogradKernel& kernel_;
  const ConvArgs& args_;
  const ConvShape& shape_;
  WinogradGrid grid_;
  Cut cut_;
  float* scratch_;
  int in_blocks_;
  int out_blocks_;
  int elements_;
  bool in_far_;
  bool out_far_;
};

// Tiles are spread evenly over the groups, and those of a group over its panels.
Winograd::Group Winograd::group_of(std::ptrdiff_t index, std::ptrdiff_t groups) const {
  const std::ptrdiff_t least = cut_.tiles / groups;
  const std::ptrdiff_t longer = cut_.tiles % groups;
  const std::ptrdiff_t first = index * least + std::min(index, longer);
  const std::ptrdiff_t size = least + (index < longer ? 1 : 0);
  const int most = kernel_.max_tiles(kernel_.blocks_at_most(std::min(kWideBlocks, out_blocks_)));
  return {first, first + size, static_cast<int>(ceil_div(size, most))};
}

void Winograd::transform_input(const Group& group, int panel, int block, float* v) const {
  const std::ptrdiff_t plane = static_cast<std::ptrdiff_t>(shape_.in_h) * shape_.in_w * kChannelBlock;
  const int first = group.begin_of(panel);
  const int end = group.begin_of(panel + 1);
  WinogradInput in{};
  in.grid = grid_;
  in.src = args_.src + block * plane;
  in.src_image = plane * in_blocks_;
  in.first = group.first + first;
  in.end = group.first + end;
  in.dst = v + (static_cast<std::ptrdiff_t>(first) * in_blocks_ +
                static_cast<std::ptrdiff_t>(block) * (end - first)) *
                   kChannelBlock;
  in.dst_element = element_stride(in_blocks_, group.size());
  in.far = in_far_;
  kernel_.input(in);
}

void Winograd::multiply(const Group& group, int block_begin, int block_end, const float* v, float* m) const {
  const std::ptrdiff_t weights_block = static_cast<std::ptrdiff_t>(shape_.in_channels) * kChannelBlock;
  const std::ptrdiff_t v_element = element_stride(in_blocks_, group.size());
  const std::ptrdiff_t m_element = element_stride(block_end - block_begin, group.size());
  WinogradProduct p{};
  p.channels = shape_.in_channels;
  p.weights_block = weights_block;
  p.dst_block = static_cast<std::ptrdiff_t>(group.size()) * kChannelBlock;
  for (int e = 0; e < elements_; ++e) {
    for (int block = block_begin; block < block_end;) {
      const int blocks = kernel_.blocks_at_most(std::min(kWideBlocks, block_end - block));
      p.weights = args_.weights + (static_cast<std::ptrdiff_t>(e) * out_blocks_ + block) * weights_block;
      const bool last = block + blocks == block_end;
      const float* next = last ? p.weights + (out_blocks_ - block + block_begin) * weights_block
                               : p.weights + blocks * weights_block;
      const bool more = !last || e + 1 < elements_;
      p.next_lines = more ? static_cast<int>(ceil_div(blocks * kChannelBlock, group.panels)) : 0;
      for (int panel = 0; panel < group.panels; ++panel) {
        const int first = group.begin_of(panel);
        const int tiles = group.begin_of(panel + 1) - first;
        p.next = next + static_cast<std::ptrdiff_t>(panel) * p.next_lines * in_blocks_ * kChannelBlock;
        p.src = v + e * v_element + static_cast<std::ptrdiff_t>(first) * in_blocks_ * kChannelBlock;
        p.src_block = static_cast<std::ptrdiff_t>(tiles) * kChannelBlock;
        p.dst = m + e * m_element + (block - block_begin) * p.dst_block +
                static_cast<std::ptrdiff_t>(first) * kChannelBlock;
        kernel_.product(p, tiles, blocks);
      }
      block += blocks;
    }
  }
}

void Winograd::transform_output(const Group& group, int block, const float* m, std::ptrdiff_t element) const {
  const std::ptrdiff_t plane = static_cast<std::ptrdiff_t>(shape_.out_h) * shape_.out_w * kChannelBlock;
  WinogradOutput out{};
  out.grid = grid_;
  out.src = m;
  out.src_element = element;
  out.first = group.first;
  out.end = group.end;
  out.dst = args_.dst + block * plane;
  out.dst_image = plane * out_blocks_;
  out.residual = args_.residual ? args_.residual + block * plane : nullptr;
  out.bias = args_.bias ? args_.bias + static_cast<std::ptrdiff_t>(block) * kChannelBlock : nullptr;
  out.lanes = std::min(shape_.out_channels - block * kChannelBlock, kChannelBlock);
  out.act = args_.act;
  out.far = out_far_;
  kernel_.output(out);
}

void Winograd::run_slices(const Group& group, int block_begin, int block_end, const float* v,
                          float* m) const {
  for (int begin = block_begin; begin < block_end; begin += cut_.slice) {
    const int end = std::min(begin + cut_.slice, block_end);
    multiply(group, begin, end, v, m);
    for (int block = begin; block < end; ++block) {
      transform_output(group, block,
                       m + static_cast<std::ptrdiff_t>(block - begin) * group.size() * kChannelBlock,
                       element_stride(end - begin, group.size()));
    }
  }
}

// Threads take groups of their own where there are enough tiles; else they share the input of a group and
// take output channels of their own.
void Winograd::run(ThreadPool& pool) const {
  const std::ptrdiff_t groups = ceil_div(cut_.tiles, cut_.group);
  const std::ptrdiff_t own_groups = round_up(groups, pool.size());
  const bool small_weights = static_cast<std::ptrdiff_t>(elements_) * out_blocks_ * shape_.in_channels *
                                 kChannelBlock * static_cast<std::ptrdiff_t>(sizeof(float)) <=
                             kSmallWeightBytes;
  if (groups >= pool.size() || (small_weights && cut_.tiles >= own_groups * kLeastOwnGroup)) {
    run_own_groups(own_groups, pool);
  } else {
    run_shared_groups(groups, pool);
  }
}

void Winograd::run_own_groups(std::ptrdiff_t groups, ThreadPool& pool) const {
  const std::ptrdiff_t own = cut_.input_floats + cut_.product_floats;
  pool.run_ranges(static_cast<std::size_t>(groups), 1, [&](std::size_t begin, std::size_t end, int worker) {
    float* v = scratch_ + worker * own;
    for (std::size_t i = begin; i < end; ++i) {
      const Group group = group_of(static_cast<std::ptrdiff_t>(i), groups);
      if (group.size() == 0) continue;
      for (int block = 0; block < in_blocks_; ++block) {
        for (int panel = 0; panel < group.panels; ++panel) transform_input(group, panel, block, v);
      }
      run_slices(group, 0, out_blocks_, v, v + cut_.input_floats);
    }
  });
}

void Winograd::run_shared_groups(std::ptrdiff_t groups, ThreadPool& pool) const {
  float* v = scratch_;
  float* m = scratch_ + cut_.input_floats;
  for (std::ptrdiff_t i = 0; i < groups; ++i) {
    const Group group = group_of(i, groups);
    pool.run(static_cast<std::size_t>(in_blocks_) * static_cast<std::size_t>(group.panels),
             [&](std::size_t unit, int) {
               const auto at = static_cast<int>(unit);
               transform_input(group, at % group.panels, at / group.panels, v);
             });
    pool.run_ranges(static_cast<std::size_t>(out_blocks_), 1,
                    [&](std::size_t begin, std::size_t end, int worker) {
                      run_slices(group, static_cast<int>(begin), static_cast<int>(end), v,
                                 m + worker * cut_.product_floats);
                    });
  }
}

}  // namespace

std::span<const WinogradKernel> winograd_kernels() { return kWinogradKernels; }

const WinogradKernel* select_winograd(Isa level) { return best_kernel(winograd_kernels(), level); }

const char* winograd_refusal(const ConvShape& s, int outputs) {
  if (s.groups != 1) return "grouped";
  if (s.stride_h != 1 || s.stride_w != 1) return "a stride other than 1";
  if (s.dilation_h != 1 || s.dilation_w != 1) return "a dilation other than 1";
  if (s.kernel_h != s.kernel_w || (s.kernel_h != 3 && !(s.kernel_h == 5 && outputs == 2))) {
    return outputs == 2 ? "the filter is neither 3x3 nor 5x5" : "the filter is not 3x3";
  }
  return nullptr;
}

double winograd_error_factor(int outputs) { return outputs == 2 ? 3 : outputs == 4 ? 8 : 50; }

std::size_t winograd_scratch_size(const ConvShape& s, int outputs, int threads) {
  if (s.empty()) return 0;
  const Cut cut = cut_of(s, grid_of(s, outputs));
  return static_cast<std::size_t>(threads) * static_cast<std::size_t>(cut.input_floats + cut.product_floats);
}

void winograd_run(const WinogradKernel& kernel, const ConvArgs& args, int outputs, float* scratch,
                  ThreadPool& pool) noexcept {
  if (args.shape.empty()) return;
  Winograd(kernel, args, outputs, scratch).run(pool);
}

}  // namespace tenon::cpu

namespace tenon {

void register_cpu_kernel_winograd(cpu::KernelRegistry& registry);
void register_cpu_kernel_winograd(cpu::KernelRegistry& registry) { registry.add(cpu::winograd_kernels()); }

}  // namespace tenon
