// The driver of Winograd convolutions, which winograd.hpp describes, over what is multiplied:
//
//   struct Form {
//     using Source, Transformed, Weight, Sum = …;       elements of src, V, packed weights and M
//     using Kernel, Args, Input, Product, Output = …;   as in stages.hpp; Args has shape, src and weights
//     static constexpr int kDepth;                      packed weights have input channels in multiples of it
//     static constexpr std::ptrdiff_t kInputBytes, kSumBytes;  that V and M of a group may take, about
//     static constexpr int kLeastGroup, kMostGroup;     tiles of a group, as far as there are as many
//     static constexpr std::ptrdiff_t kSmallWeights;    bytes that each thread rather reads all of
//     static constexpr int kWideBlocks;                 output blocks of a product, at most
//     static constexpr int kTileStep;                   divides the tiles of a panel, but for the last of a
//     group static void set_source(const Args&, Input&);      what only this form has of a stage's arguments;
//     static void set_target(const Args&, int block, std::ptrdiff_t at, Output&);   `at`: elements of dst
//   };                                                                              before the block's plane
#pragma once

#include "backends/cpu/kernels/conv/conv.hpp"
#include "backends/cpu/kernels/winograd/stages.hpp"
#include "base/thread_pool.hpp"

#include <algorithm>
#include <cstddef>

namespace tenon::cpu {

inline WinogradGrid winograd_grid(const ConvShape& s, int outputs) {
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

template <class Form>
class WinogradDriver {
 public:
  using Kernel = typename Form::Kernel;
  using Args = typename Form::Args;

  WinogradDriver(const Kernel& kernel, const Args& args, int outputs, std::byte* scratch)
      : kernel_(kernel),
        args_(args),
        shape_(args.shape),
        grid_(winograd_grid(args.shape, outputs)),
        cut_(shape_, grid_),
        scratch_(scratch),
        in_blocks_(static_cast<int>(channel_blocks(shape_.in_channels))),
        out_blocks_(static_cast<int>(channel_blocks(shape_.out_channels))),
        elements_(grid_.alpha * grid_.alpha),
        in_far_(in_blocks_ * shape_.in_h * static_cast<std::ptrdiff_t>(shape_.in_w) * kLine<Source> >
                kFarBytes),
        out_far_(out_blocks_ * shape_.out_h * static_cast<std::ptrdiff_t>(shape_.out_w) * kLine<Source> >
                 kFarBytes) {}

  // Whole cache lines.
  static std::ptrdiff_t scratch_bytes(const ConvShape& shape, int outputs, int threads) {
    return threads * Cut(shape, winograd_grid(shape, outputs)).bytes();
  }

  void run(ThreadPool& pool) const;

 private:
  using Source = typename Form::Source;
  using Transformed = typename Form::Transformed;
  using Weight = typename Form::Weight;
  using Sum = typename Form::Sum;

  static constexpr int kLeastOwnGroup = 16;
  static constexpr std::ptrdiff_t kFarBytes = 6 << 20;  // images beyond this size come from memory
  static constexpr std::ptrdiff_t kCacheLine = 64;
  template <class T>
  static constexpr auto kLine = static_cast<std::ptrdiff_t>(kChannelBlock * sizeof(T));

  // Between two elements of a transform: an odd number of cache lines, so that the elements of a tile do not
  // compete for the same sets of a cache.
  template <class T>
  static std::ptrdiff_t element_bytes(std::ptrdiff_t blocks, std::ptrdiff_t tiles) {
    return (ceil_div(blocks * tiles * kLine<T>, kCacheLine) | 1) * kCacheLine;
  }
  template <class T>
  static std::ptrdiff_t element_stride(std::ptrdiff_t blocks, std::ptrdiff_t tiles) {
    return element_bytes<T>(blocks, tiles) / static_cast<std::ptrdiff_t>(sizeof(T));
  }

  // How a convolution is cut.
  struct Cut {
    std::ptrdiff_t tiles;        // of all images
    int group;                   // most tiles at a time
    int slice;                   // most output blocks at a time
    std::ptrdiff_t input_bytes;  // of V for a group
    std::ptrdiff_t sum_bytes;    // of M for a group and slice

    Cut(const ConvShape& s, const WinogradGrid& g) {
      const std::ptrdiff_t elements = static_cast<std::ptrdiff_t>(g.alpha) * g.alpha;
      const std::ptrdiff_t in_blocks = std::max<std::ptrdiff_t>(channel_blocks(s.in_channels), 1);
      const std::ptrdiff_t out_blocks = channel_blocks(s.out_channels);
      tiles = static_cast<std::ptrdiff_t>(s.batch) * g.tiles_h * g.tiles_w;
      const auto most = static_cast<int>(
          std::clamp<std::ptrdiff_t>(Form::kInputBytes / (elements * kLine<Transformed> * in_blocks),
                                     Form::kLeastGroup, Form::kMostGroup));
      const std::ptrdiff_t wide =
          std::max<std::ptrdiff_t>(Form::kSumBytes / (elements * kLine<Sum> * most) / Form::kWideBlocks, 1) *
          Form::kWideBlocks;
      slice = static_cast<int>(std::min(wide, out_blocks));
      group = static_cast<int>(std::min<std::ptrdiff_t>(most, tiles));
      input_bytes = elements * element_bytes<Transformed>(in_blocks, group);
      sum_bytes = elements * element_bytes<Sum>(slice, group);
    }
    std::ptrdiff_t bytes() const { return input_bytes + sum_bytes; }
  };

  // Tiles [first, end) and the panels they are cut into.
  struct Group {
    std::ptrdiff_t first;
    std::ptrdiff_t end;
    int panels;

    int size() const { return static_cast<int>(end - first); }
    // The first tile of a panel, counted from the group's first.
    int begin_of(int panel) const {
      const std::ptrdiff_t even = ceil_div(static_cast<std::ptrdiff_t>(panel) * size(), panels);
      return static_cast<int>(std::min<std::ptrdiff_t>(round_up(even, Form::kTileStep), size()));
    }
  };

  Transformed* transformed(std::byte* at) const { return reinterpret_cast<Transformed*>(at); }
  Sum* sums(std::byte* at) const { return reinterpret_cast<Sum*>(at + cut_.input_bytes); }

  Group group_of(std::ptrdiff_t index, std::ptrdiff_t groups) const;
  void transform_input(const Group& group, int panel, int block, Transformed* v) const;
  void multiply(const Group& group, int block_begin, int block_end, const Transformed* v, Sum* m) const;
  void transform_output(const Group& group, int block, const Sum* m, std::ptrdiff_t element) const;
  void run_own_groups(std::ptrdiff_t groups, ThreadPool& pool) const;
  void run_shared_groups(std::ptrdiff_t groups, ThreadPool& pool) const;
  void run_slices(const Group& group, int block_begin, int block_end, const Transformed* v, Sum* m) const;
  std::size_t blocks_at_a_time(int threads) const;

  const Kernel& kernel_;
  const Args& args_;
  const ConvShape& shape_;
  WinogradGrid grid_;
  Cut cut_;
  std::byte* scratch_;
  int in_blocks_;
  int out_blocks_;
  int elements_;
  bool in_far_;
  bool out_far_;
};

// Tiles are spread evenly over the groups, and those of a group over its panels.
template <class Form>
typename WinogradDriver<Form>::Group WinogradDriver<Form>::group_of(std::ptrdiff_t index,
                                                                    std::ptrdiff_t groups) const {
  const std::ptrdiff_t least = cut_.tiles / groups;
  const std::ptrdiff_t longer = cut_.tiles % groups;
  const std::ptrdiff_t first = index * least + std::min(index, longer);
  const std::ptrdiff_t size = least + (index < longer ? 1 : 0);
  const int most = kernel_.max_tiles(kernel_.blocks_at_most(std::min(Form::kWideBlocks, out_blocks_)));
  return {first, first + size, static_cast<int>(ceil_div(size, most))};
}

template <class Form>
void WinogradDriver<Form>::transform_input(const Group& group, int panel, int block, Transformed* v) const {
  const std::ptrdiff_t plane = static_cast<std::ptrdiff_t>(shape_.in_h) * shape_.in_w * kChannelBlock;
  const int first = group.begin_of(panel);
  const int end = group.begin_of(panel + 1);
  typename Form::Input in{};
  in.grid = grid_;
  in.src = args_.src + block * plane;
  in.src_image = plane * in_blocks_;
  in.first = group.first + first;
  in.end = group.first + end;
  in.dst = v + (static_cast<std::ptrdiff_t>(first) * in_blocks_ +
                static_cast<std::ptrdiff_t>(block) * (end - first)) *
                   kChannelBlock;
  in.dst_element = element_stride<Transformed>(in_blocks_, group.size());
  in.far = in_far_;
  Form::set_source(args_, in);
  kernel_.input(in);
}

template <class Form>
void WinogradDriver<Form>::multiply(const Group& group, int block_begin, int block_end, const Transformed* v,
                                    Sum* m) const {
  // Weights in a cache line; cache lines of 16 input channels and as many output channels.
  constexpr auto kInLine = kCacheLine / static_cast<std::ptrdiff_t>(sizeof(Weight));
  constexpr std::ptrdiff_t kLines = kChannelBlock * kChannelBlock / kInLine;
  const std::ptrdiff_t weights_block = round_up(shape_.in_channels, Form::kDepth) * kChannelBlock;
  const auto v_element = element_stride<Transformed>(in_blocks_, group.size());
  const auto m_element = element_stride<Sum>(block_end - block_begin, group.size());
  typename Form::Product p{};
  p.channels = shape_.in_channels;
  p.weights_block = weights_block;
  p.dst_block = static_cast<std::ptrdiff_t>(group.size()) * kChannelBlock;
  for (int e = 0; e < elements_; ++e) {
    for (int block = block_begin; block < block_end;) {
      const int blocks = kernel_.blocks_at_most(std::min(Form::kWideBlocks, block_end - block));
      p.weights = args_.weights + (static_cast<std::ptrdiff_t>(e) * out_blocks_ + block) * weights_block;
      const bool last = block + blocks == block_end;
      const Weight* next = last ? p.weights + (out_blocks_ - block + block_begin) * weights_block
                                : p.weights + blocks * weights_block;
      const bool more = !last || e + 1 < elements_;
      p.next_lines = more ? static_cast<int>(ceil_div(blocks * kLines, group.panels)) : 0;
      for (int panel = 0; panel < group.panels; ++panel) {
        const int first = group.begin_of(panel);
        const int tiles = group.begin_of(panel + 1) - first;
        p.next = next + static_cast<std::ptrdiff_t>(panel) * p.next_lines * in_blocks_ * kInLine;
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

template <class Form>
void WinogradDriver<Form>::transform_output(const Group& group, int block, const Sum* m,
                                            std::ptrdiff_t element) const {
  const std::ptrdiff_t plane = static_cast<std::ptrdiff_t>(shape_.out_h) * shape_.out_w * kChannelBlock;
  typename Form::Output out{};
  out.grid = grid_;
  out.src = m;
  out.src_element = element;
  out.first = group.first;
  out.end = group.end;
  out.dst_image = plane * out_blocks_;
  out.lanes = std::min(shape_.out_channels - block * kChannelBlock, kChannelBlock);
  out.far = out_far_;
  Form::set_target(args_, block, block * plane, out);
  kernel_.output(out);
}

template <class Form>
void WinogradDriver<Form>::run_slices(const Group& group, int block_begin, int block_end,
                                      const Transformed* v, Sum* m) const {
  for (int begin = block_begin; begin < block_end; begin += cut_.slice) {
    const int end = std::min(begin + cut_.slice, block_end);
    multiply(group, begin, end, v, m);
    for (int block = begin; block < end; ++block) {
      transform_output(group, block,
                       m + static_cast<std::ptrdiff_t>(block - begin) * group.size() * kChannelBlock,
                       element_stride<Sum>(end - begin, group.size()));
    }
  }
}

// Threads take groups of their own where there are enough tiles; else they share the input of a group and
// take output channels of their own.
template <class Form>
void WinogradDriver<Form>::run(ThreadPool& pool) const {
  const std::ptrdiff_t groups = ceil_div(cut_.tiles, cut_.group);
  const std::ptrdiff_t own_groups = round_up(groups, pool.size());
  const bool small_weights =
      static_cast<std::ptrdiff_t>(elements_) * out_blocks_ * shape_.in_channels * kLine<Weight> <=
      Form::kSmallWeights;
  if (groups >= pool.size() || (small_weights && cut_.tiles >= own_groups * kLeastOwnGroup)) {
    run_own_groups(own_groups, pool);
  } else {
    run_shared_groups(groups, pool);
  }
}

template <class Form>
void WinogradDriver<Form>::run_own_groups(std::ptrdiff_t groups, ThreadPool& pool) const {
  pool.run_ranges(static_cast<std::size_t>(groups), 1, [&](std::size_t begin, std::size_t end, int worker) {
    std::byte* own = scratch_ + worker * cut_.bytes();
    for (std::size_t i = begin; i < end; ++i) {
      const Group group = group_of(static_cast<std::ptrdiff_t>(i), groups);
      if (group.size() == 0) continue;
      for (int block = 0; block < in_blocks_; ++block) {
        for (int panel = 0; panel < group.panels; ++panel)
          transform_input(group, panel, block, transformed(own));
      }
      run_slices(group, 0, out_blocks_, transformed(own), sums(own));
    }
  });
}

// Output blocks that a thread takes at least: as many as a product has, which reads all of V, unless some
// thread would get an eighth more than its share.
template <class Form>
std::size_t WinogradDriver<Form>::blocks_at_a_time(int threads) const {
  int blocks = Form::kWideBlocks;
  const auto largest_share = [&] { return ceil_div(ceil_div(out_blocks_, blocks), threads) * blocks; };
  while (blocks > 1 && 8 * largest_share() * threads > 9 * out_blocks_) blocks /= 2;
  return static_cast<std::size_t>(blocks);
}

template <class Form>
void WinogradDriver<Form>::run_shared_groups(std::ptrdiff_t groups, ThreadPool& pool) const {
  Transformed* v = transformed(scratch_);
  for (std::ptrdiff_t i = 0; i < groups; ++i) {
    const Group group = group_of(i, groups);
    pool.run(static_cast<std::size_t>(in_blocks_) * static_cast<std::size_t>(group.panels),
             [&](std::size_t unit, int) {
               const auto at = static_cast<int>(unit);
               transform_input(group, at % group.panels, at / group.panels, v);
             });
    pool.run_ranges(static_cast<std::size_t>(out_blocks_), blocks_at_a_time(pool.size()),
                    [&](std::size_t begin, std::size_t end, int worker) {
                      run_slices(group, static_cast<int>(begin), static_cast<int>(end), v,
                                 sums(scratch_ + worker * cut_.sum_bytes));
                    });
  }
}

}  // namespace tenon::cpu
