#include "backends/cpu/kernels/matrix/arrangement.hpp"

#include <algorithm>
#include <cstring>

namespace tenon::cpu {

namespace {

// A band should stay in the second-level cache beside weights and results.
constexpr std::ptrdiff_t kMatrixBandBytes = 512 * 1024;
constexpr std::ptrdiff_t kMatrixLine = 64;

std::ptrdiff_t tiles_bytes(std::ptrdiff_t tiles) {
  return round_up(tiles * static_cast<std::ptrdiff_t>(sizeof(MatrixTile)), kMatrixLine);
}
std::ptrdiff_t runs_bytes(std::ptrdiff_t runs) {
  return round_up(runs * static_cast<std::ptrdiff_t>(sizeof(MatrixRun)), kMatrixLine);
}

template <int Bytes>
using MatrixBytes [[gnu::vector_size(Bytes)]] = std::uint8_t;

// to[i] = the Bytes bytes at from[i * step] of each of Blocks blocks, with bits turned over.
template <int Bytes, int Blocks>
void join_blocks(const std::byte* from, std::ptrdiff_t block, std::ptrdiff_t step, std::ptrdiff_t count,
                 std::uint8_t flip, int pixel, std::byte* to) {
  const MatrixBytes<kChannelBlock> flips = MatrixBytes<kChannelBlock>{} + flip;
  for (std::ptrdiff_t i = 0; i < count; ++i, from += step, to += pixel) {
    for (int b = 0; b < Blocks; ++b) {
      for (int at = 0; at < Bytes; at += kChannelBlock) {
        MatrixBytes<kChannelBlock> x;
        std::memcpy(&x, from + b * block + at, sizeof x);
        x ^= flips;
        std::memcpy(to + b * Bytes + at, &x, sizeof x);
      }
    }
  }
}

// The same of the first Bytes bytes of a pixel, to places `pixel` apart.
template <int Bytes>
void join_first(const std::byte* from, std::ptrdiff_t step, std::ptrdiff_t count, std::uint8_t flip,
                int pixel, std::byte* to) {
  const MatrixBytes<Bytes> flips = MatrixBytes<Bytes>{} + flip;
  for (std::ptrdiff_t i = 0; i < count; ++i, from += step, to += pixel) {
    MatrixBytes<Bytes> x;
    std::memcpy(&x, from, sizeof x);
    x ^= flips;
    std::memcpy(to, &x, sizeof x);
  }
}

// to[i] = 4 channels of a pixel; those that there are not repeat the last. Places are `pixel` apart.
void join_byte_planes(const std::byte* from, std::ptrdiff_t plane, int channels, std::ptrdiff_t step,
                      std::ptrdiff_t count, std::uint8_t flip, int pixel, std::byte* to) {
  using Bytes = MatrixBytes<kChannelBlock>;
  const std::byte* last = from + (channels - 1) * plane;
  const std::byte* c1 = from + std::min(1, channels - 1) * plane;
  const std::byte* c2 = from + std::min(2, channels - 1) * plane;
  std::ptrdiff_t i = 0;
  if (step == 1) {
    const auto load = [flips = Bytes{} + flip](const std::byte* p) {
      Bytes x;
      std::memcpy(&x, p, sizeof x);
      return x ^ flips;
    };
    const auto low = [](Bytes a, Bytes b) {
      return __builtin_shufflevector(a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
    };
    const auto high = [](Bytes a, Bytes b) {
      return __builtin_shufflevector(a, b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
    };
    for (; i + kChannelBlock <= count; i += kChannelBlock) {
      // Twice every second channel beside the others: 0 and 2, 1 and 3, then all four.
      const Bytes x0 = load(from + i), x1 = load(c1 + i), x2 = load(c2 + i), x3 = load(last + i);
      const Bytes even[] = {low(x0, x2), high(x0, x2)}, odd[] = {low(x1, x3), high(x1, x3)};
      const Bytes pixels[] = {low(even[0], odd[0]), high(even[0], odd[0]), low(even[1], odd[1]),
                              high(even[1], odd[1])};
      if (pixel == kMatrixGroup) {
        std::memcpy(to + kMatrixGroup * i, pixels, sizeof pixels);
        continue;
      }
      std::uint32_t each[kChannelBlock];
      std::memcpy(each, pixels, sizeof pixels);
      for (int p = 0; p < kChannelBlock; ++p) std::memcpy(to + (i + p) * pixel, &each[p], sizeof each[p]);
    }
  }
  const std::byte flips{flip};
  for (; i < count; ++i) {
    const std::ptrdiff_t at = i * step;
    to[pixel * i] = from[at] ^ flips;
    to[pixel * i + 1] = c1[at] ^ flips;
    to[pixel * i + 2] = c2[at] ^ flips;
    to[pixel * i + 3] = last[at] ^ flips;
  }
}

}  // namespace

MatrixSteps::MatrixSteps(const ConvShape& s, int element_)
    : element(element_), channels(s.group_in()), kernel_h(s.kernel_h), kernel_w(s.kernel_w) {
  const int blocks = static_cast<int>(channel_blocks(channels));
  const int blocks_of_wide = depth() / kChannelBlock;
  const int rest = blocks % blocks_of_wide;
  few = s.groups == 1 && channels <= kMatrixFewChannels;  // as plain images have
  stacked = 1;
  narrow_bytes = few ? static_cast<int>(round_up(channels * element, kMatrixGroup)) : kChannelBlock * element;
  narrow_taps = s.dilation_w == 1 ? kMatrixDepth / narrow_bytes : 1;
  narrow_rows = static_cast<int>(ceil_div(kernel_w, narrow_taps));
  // Pixels of several rows, where fewer steps come of it.
  const bool stackable = few && element == 1 && narrow_bytes == kMatrixGroup && s.dilation_h == 1 &&
                         s.dilation_w == 1 && s.stride_h * narrow_bytes <= kMatrixDepth;
  if (stackable) {
    const int taps = kMatrixDepth / (s.stride_h * narrow_bytes);
    const auto rows = static_cast<int>(ceil_div(kernel_w, taps));
    if (ceil_div(kernel_h, s.stride_h) * rows < kernel_h * narrow_rows) {
      stacked = s.stride_h;
      narrow_bytes *= stacked;
      narrow_taps = taps;
      narrow_rows = rows;
    }
  }
  wide_planes = blocks / blocks_of_wide;
  narrow_planes = rest;
  if (!few && rest > 0 && rest * narrow_rows >= kernel_w) {
    ++wide_planes;
    narrow_planes = 0;
  }
}

MatrixSteps::Place MatrixSteps::place(int step, int k) const {
  if (step < wide_steps()) {
    const int tap = step % (kernel_h * kernel_w);
    const int channel = step / (kernel_h * kernel_w) * depth() + k;
    return {channel < channels ? channel : -1, tap / kernel_w, tap % kernel_w};
  }
  step -= wide_steps();
  const int pixel = narrow_bytes / element, of_row = pixel / stacked;
  const int tap_w = step % narrow_rows * narrow_taps + k / pixel;
  step /= narrow_rows;
  const int tap_h = step % tap_rows() * stacked + k % pixel / of_row;
  const int channel = wide_planes * depth() + step / tap_rows() * pixel + k % of_row;
  const bool is = channel < channels && tap_h < kernel_h && tap_w < kernel_w && k < narrow_taps * pixel;
  return {is ? channel : -1, tap_h, tap_w};
}

MatrixArrangement::MatrixArrangement(const ConvShape& shape, const MatrixSource& source,
                                     const MatrixPlaces& places)
    : source_(source), places_(places), shape_(conv_merged(shape)), steps_(shape_, source.element) {
  const ConvShape& s = shape_;
  dense_ = places.row == s.out_w * places.pixel;
  flat_ = s.kernel_h == 1 && s.kernel_w == 1 && s.pad_top <= 0 && s.pad_left <= 0 &&
          (s.out_h - 1) * s.stride_h - s.pad_top < s.in_h && (s.out_w - 1) * s.stride_w - s.pad_left < s.in_w;
  whole_ = flat_ && s.stride_w == 1 && s.in_w == s.out_w && s.stride_h == 1;
  if (flat_) {
    rows_ = s.out_h * s.out_w;
    width_ = pitch_ = stride_ = phases_ = 1;
    extra_rows_ = 0;
    row_columns_ = columns_read_ = 1;
    return;
  }
  rows_ = s.out_h;
  width_ = s.out_w;
  stride_ = s.stride_w;
  phases_ = steps_.stacked > 1 ? 1 : s.stride_h;
  columns_read_ = (s.out_w - 1) * s.stride_w + (s.kernel_w - 1) * s.dilation_w + 1;
  // Of a row's windows the last may reach into the padding of the next row.
  const int pad = std::max(s.pad_left, 0);
  const int inside = std::clamp(s.in_w - std::max(-s.pad_left, 0), 0, std::max(columns_read_ - pad, 0));
  const int least = std::max(columns_read_ - pad, pad + inside);
  pitch_ = static_cast<int>(std::max<std::ptrdiff_t>(ceil_div(least, stride_), width_));
  row_columns_ = static_cast<std::ptrdiff_t>(pitch_) * stride_;
  extra_rows_ = (s.kernel_h - 1) * s.dilation_h / s.stride_h;
}

MatrixArrangement::Sizes MatrixArrangement::sizes(Cut cut) const {
  Sizes z{};
  z.part = phases_ * phase_columns(cut);
  // Tiles read on beyond the last position.
  const int beyond =
      kMatrixRows * stride_ + (shape_.kernel_w - 1) * shape_.dilation_w + kMatrixDepth / kMatrixGroup;
  z.columns = cut.images * z.part + beyond;
  z.wide = z.columns * kMatrixDepth;
  z.planes = steps_.wide_planes * z.wide +
             steps_.narrow_planes * round_up(z.columns * steps_.narrow_bytes, kMatrixLine);
  const std::ptrdiff_t positions = static_cast<std::ptrdiff_t>(cut.rows) * pitch_;
  z.tiles = cut.images * ceil_div(positions, kMatrixRows);
  // A row of pixels, like a tile, ends a run.
  const int rows_of_runs = !flat_ ? cut.rows : dense_ ? 1 : cut.rows / shape_.out_w + 2;
  z.runs = cut.images * static_cast<std::ptrdiff_t>(rows_of_runs) + z.tiles;
  return z;
}

std::ptrdiff_t MatrixArrangement::bytes(Cut cut) const {
  const Sizes z = sizes(cut);
  return z.planes + tiles_bytes(z.tiles) + runs_bytes(z.runs) +
         round_up(z.tiles * kMatrixTileQuads * static_cast<std::ptrdiff_t>(sizeof(MatrixQuad)), kMatrixLine);
}

MatrixArrangement::Cut MatrixArrangement::largest() const {
  const auto most = [](int end, const auto& fits) {
    int low = 1, high = end;  // low fits, or is all that is left
    while (low < high) {
      const int middle = low + (high - low + 1) / 2;
      if (fits(middle)) {
        low = middle;
      } else {
        high = middle - 1;
      }
    }
    return low;
  };
  const auto fits = [&](Cut cut) { return bytes(cut) <= kMatrixBandBytes; };
  const int rows = most(rows_, [&](int r) { return fits({1, r}); });
  if (rows < rows_) return {1, rows};
  return {most(shape_.batch, [&](int n) { return fits({n, rows_}); }), rows_};
}

std::ptrdiff_t MatrixArrangement::most_bytes() const {
  return std::min(bytes({shape_.batch, rows_}), std::max(bytes({1, 1}), kMatrixBandBytes));
}

void MatrixArrangement::write_offsets(Cut cut, std::ptrdiff_t* offsets) const {
  const ConvShape& s = shape_;
  const Sizes z = sizes(cut);
  const auto column = [&](int h, int w) {
    const int row = h * s.dilation_h;
    return row % phases_ * phase_columns(cut) + row / phases_ * row_columns_ +
           static_cast<std::ptrdiff_t>(w) * s.dilation_w;
  };
  for (int plane = 0; plane < steps_.wide_planes; ++plane) {
    for (int h = 0; h < s.kernel_h; ++h) {
      for (int w = 0; w < s.kernel_w; ++w) *offsets++ = plane * z.wide + column(h, w) * kMatrixDepth;
    }
  }
  const std::ptrdiff_t narrow = round_up(z.columns * steps_.narrow_bytes, kMatrixLine);
  for (int plane = 0; plane < steps_.narrow_planes; ++plane) {
    for (int h = 0; h < steps_.tap_rows(); ++h) {
      for (int w = 0; w < s.kernel_w; w += steps_.narrow_taps)
        *offsets++ = plane * narrow + column(h, w) * steps_.narrow_bytes;
    }
  }
}

// Every step-th of `count` pixels of plain images.
void MatrixArrangement::copy_planar(const std::byte* from, int channels, std::ptrdiff_t step,
                                    std::ptrdiff_t count, int pixel, std::byte* to) const {
  const std::ptrdiff_t plane = static_cast<std::ptrdiff_t>(shape_.in_h) * shape_.in_w;
  if (source_.planar == 1)
    return join_byte_planes(from, plane, channels, step, count, source_.flip, pixel, to);
  const int width = pixel / source_.element;
  const auto* floats = reinterpret_cast<const float*>(from);
  if (step == 1) return source_.interleave(floats, plane, channels, width, count, to);
  for (std::ptrdiff_t i = 0; i < count; ++i)
    source_.interleave(floats + i * step, plane, channels, width, 1, to + i * pixel);
}

// An image's channels, from `from` on, to its place in a plane: as many as a pixel has, at most `channels`.
void MatrixArrangement::copy_plane(const MatrixBand& band, int image, const std::byte* from, int channels,
                                   int pixel, std::ptrdiff_t phase, std::byte* to) const {
  const ConvShape& s = shape_;
  const std::ptrdiff_t image_pixels = static_cast<std::ptrdiff_t>(s.in_h) * s.in_w;
  const std::uint8_t flip = source_.flip;
  const std::ptrdiff_t block = image_pixels * block_bytes();
  const auto blocks =
      static_cast<int>(std::min<std::ptrdiff_t>(ceil_div(pixel, block_bytes()), channel_blocks(channels)));
  from += image * (source_.planar ? s.in_channels * image_pixels * source_.planar
                                  : s.groups * channel_blocks(s.group_in()) * block);
  const auto copy = [&](std::ptrdiff_t first, std::ptrdiff_t step, std::ptrdiff_t count, std::byte* at) {
    if (source_.planar != 0) {
      copy_planar(from + first * source_.planar, channels, step, count, pixel, at);
      return;
    }
    const std::byte* pixels = from + first * block_bytes();
    const std::ptrdiff_t each = step * block_bytes();
    if (steps_.few) {
      if (pixel == kMatrixGroup * steps_.stacked)
        return join_first<kMatrixGroup>(pixels, each, count, flip, pixel, at);
      return join_first<2 * kMatrixGroup>(pixels, each, count, flip, pixel, at);
    }
    constexpr int kBytes = kChannelBlock, kHalves = 2 * kChannelBlock;
    if (source_.element == 2) {
      if (blocks == 1) return join_blocks<kHalves, 1>(pixels, block, each, count, flip, pixel, at);
      return source_.join(pixels, block, each, count, at);
    }
    switch (blocks) {
      case 1: return join_blocks<kBytes, 1>(pixels, block, each, count, flip, pixel, at);
      case 2: return join_blocks<kBytes, 2>(pixels, block, each, count, flip, pixel, at);
      case 3: return join_blocks<kBytes, 3>(pixels, block, each, count, flip, pixel, at);
      default:
        if (flip == 0) return source_.join(pixels, block, each, count, at);
        return join_blocks<kBytes, 4>(pixels, block, each, count, flip, pixel, at);
    }
  };
  const int stacked = steps_.stacked, of_row = pixel / stacked;
  const auto fill = [&](std::ptrdiff_t columns, std::byte* at) {
    if (stacked == 1) {
      if (columns > 0) std::memset(at, source_.zero, static_cast<std::size_t>(columns * pixel));
      return;
    }
    for (std::ptrdiff_t i = 0; i < columns; ++i)
      std::memset(at + i * pixel, source_.zero, static_cast<std::size_t>(of_row));
  };

  if (flat_) {
    // Pixels that follow each other in the input are copied together, else row by row.
    for (int p = band.row; p < band.row + band.rows;) {
      const int y = p / s.out_w, x = p % s.out_w;
      const int count = whole_ ? band.rows : std::min(s.out_w - x, band.row + band.rows - p);
      const std::ptrdiff_t first =
          static_cast<std::ptrdiff_t>(y * s.stride_h - s.pad_top) * s.in_w + x * s.stride_w - s.pad_left;
      copy(first, s.stride_w, count, to + static_cast<std::ptrdiff_t>(p - band.row) * pixel);
      p += count;
    }
    return;
  }

  const std::ptrdiff_t left = std::clamp<std::ptrdiff_t>(s.pad_left, 0, columns_read_);
  const int skipped = std::max(-s.pad_left, 0);
  const std::ptrdiff_t inside = std::clamp<std::ptrdiff_t>(s.in_w - skipped, 0, columns_read_ - left);
  const std::ptrdiff_t all = std::max<std::ptrdiff_t>(row_columns_, columns_read_);
  const int copied = (band.rows - 1) * s.stride_h + (s.kernel_h - 1) * s.dilation_h + 1;
  for (int r = 0; r < copied; ++r) {
    std::byte* at =
        to + (r % phases_ * phase + r / (phases_ * stacked) * row_columns_) * pixel + r % stacked * of_row;
    const int y = band.row * s.stride_h + r - s.pad_top;
    if (y < 0 || y >= s.in_h) {
      fill(all, at);
      continue;
    }
    fill(left, at);
    copy(static_cast<std::ptrdiff_t>(y) * s.in_w + skipped, 1, inside, at + left * pixel);
    fill(all - left - inside, at + (left + inside) * pixel);
  }
}

// What steps may read beside weights of zero: channels that are missing from the last wide plane, and what
// follows the pixels of narrow ones.
void MatrixArrangement::clear_unwritten(const Sizes& z, std::byte* planes) const {
  const bool missing = channel_blocks(steps_.channels) * kChannelBlock < steps_.wide_planes * steps_.depth();
  const std::ptrdiff_t first = (steps_.wide_planes - missing) * z.wide;
  std::memset(planes + first, 0, static_cast<std::size_t>(z.planes - first));
}

void MatrixArrangement::copy_part(Cut cut, const MatrixBand& band, int group, int part,
                                  std::byte* planes) const {
  const ConvShape& s = shape_;
  const Sizes z = sizes(cut);
  const std::ptrdiff_t block = static_cast<std::ptrdiff_t>(s.in_h) * s.in_w *
                               (source_.planar ? kChannelBlock * source_.planar : block_bytes());
  const int blocks = static_cast<int>(channel_blocks(s.group_in()));
  const int blocks_of_wide = steps_.depth() / kChannelBlock;
  const std::byte* from = source_.src + group * blocks * block;
  const int image = band.image + part;
  if (source_.clear && part == 0) clear_unwritten(z, planes);
  for (int plane = 0; plane < steps_.wide_planes; ++plane) {
    const int first = plane * blocks_of_wide;
    copy_plane(band, image, from + first * block, steps_.channels - first * kChannelBlock, kMatrixDepth,
               phase_columns(cut), planes + plane * z.wide + part * z.part * kMatrixDepth);
  }
  std::byte* narrow = planes + steps_.wide_planes * z.wide;
  for (int plane = 0; plane < steps_.narrow_planes; ++plane) {
    const int first = steps_.wide_planes * blocks_of_wide + plane;
    copy_plane(band, image, from + first * block, steps_.channels - first * kChannelBlock,
               steps_.narrow_bytes, phase_columns(cut),
               narrow + plane * round_up(z.columns * steps_.narrow_bytes, kMatrixLine) +
                   part * z.part * steps_.narrow_bytes);
  }
}

MatrixAhead MatrixArrangement::source_of(const MatrixBand& band, int group) const {
  const ConvShape& s = shape_;
  const auto plane = static_cast<std::ptrdiff_t>(s.in_h) * s.in_w;
  const std::ptrdiff_t pixel = source_.planar ? source_.planar : block_bytes();
  const std::ptrdiff_t count = source_.planar ? s.in_channels : channel_blocks(s.group_in());
  std::ptrdiff_t first = 0, pixels = 0;
  if (whole_) {
    first = band.row - static_cast<std::ptrdiff_t>(s.pad_top) * s.in_w - s.pad_left;
    pixels = band.rows;
  } else {
    const int of_row = flat_ ? s.out_w : 1;
    const int end = static_cast<int>(ceil_div(band.row + band.rows, of_row));
    const int top = std::clamp(band.row / of_row * s.stride_h - s.pad_top, 0, s.in_h);
    const int bottom = std::clamp(end * s.stride_h - s.pad_top, top, s.in_h);
    first = static_cast<std::ptrdiff_t>(top) * s.in_w;
    pixels = static_cast<std::ptrdiff_t>(bottom - top) * s.in_w;
  }
  const std::byte* src = source_.src + (band.image * s.groups + group) * count * plane * pixel;
  return {src + first * pixel, plane * pixel, pixels * pixel, static_cast<int>(count)};
}

void MatrixArrangement::find_runs(Cut cut, const MatrixBand& band, MatrixTile* tiles, MatrixRun* runs,
                                  MatrixWork& work) const {
  const std::ptrdiff_t part = sizes(cut).part / stride_;  // positions
  work.tiles = tiles;
  work.runs = runs;
  work.tile_count = 0;
  int run_count = 0;
  MatrixTile* tile = nullptr;
  MatrixRun* run = nullptr;
  const auto add = [&](std::ptrdiff_t position, std::ptrdiff_t dst, int pixels) {
    while (pixels > 0) {
      if (tile == nullptr || position >= tile->position + kMatrixRows) {
        tile = &tiles[work.tile_count++];
        *tile = {position, run_count, 0};
      }
      const auto row = static_cast<std::int16_t>(position - tile->position);
      const int rows = std::min(pixels, kMatrixRows - row);
      run = &runs[run_count++];
      *run = {dst, row, static_cast<std::int16_t>(rows)};
      ++tile->runs;
      position += rows;
      dst += rows * places_.pixel;
      pixels -= rows;
    }
  };
  for (int i = 0; i < band.images; ++i) {
    const std::ptrdiff_t first = i * part, dst = (band.image + i) * places_.image;
    if (!flat_) {
      for (int y = 0; y < band.rows; ++y)
        add(first + static_cast<std::ptrdiff_t>(y) * pitch_, dst + (band.row + y) * places_.row, width_);
      continue;
    }
    for (int p = 0; p < band.rows;) {
      const int y = (band.row + p) / shape_.out_w, x = (band.row + p) % shape_.out_w;
      const int count = dense_ ? band.rows : std::min(shape_.out_w - x, band.rows - p);
      add(first + p, dst + y * places_.row + x * places_.pixel, count);
      p += count;
    }
  }
}

void MatrixArrangement::find_quads(MatrixQuad* quads, MatrixWork& work) const {
  work.quads = nullptr;
  if (places_.pixel != kChannelBlock) return;
  for (int t = 0; t < work.tile_count; ++t) {
    MatrixQuad* of_tile = quads + static_cast<std::ptrdiff_t>(t) * kMatrixTileQuads;
    const MatrixRun* run = work.runs + work.tiles[t].first_run;
    if (run->rows == kMatrixRows) {  // as most
      for (int q = 0; q < kMatrixTileQuads; ++q)
        of_tile[q] = {{run->dst + q * kMatrixQuadRows * kChannelBlock, 0}, {MatrixQuad::kWhole, 0}};
      continue;
    }
    std::fill_n(of_tile, kMatrixTileQuads, MatrixQuad{});
    for (int r = 0; r < work.tiles[t].runs; ++r, ++run) {
      for (int row = run->row; row < run->row + run->rows;) {
        const int q = row / kMatrixQuadRows;
        const int first = row % kMatrixQuadRows;
        const int end = std::min(run->row + run->rows - q * kMatrixQuadRows, kMatrixQuadRows);
        MatrixQuad& quad = of_tile[q];
        const int part = quad.lanes[0] == 0 ? 0 : 1;
        if (quad.lanes[part] != 0) return;
        quad.at[part] =
            run->dst + static_cast<std::ptrdiff_t>(q * kMatrixQuadRows - run->row) * kChannelBlock;
        quad.lanes[part] = static_cast<std::uint16_t>((1U << 4 * end) - (1U << 4 * first));
        row += end - first;
      }
    }
  }
  work.quads = quads;
}

void MatrixArrangement::arrange(Cut cut, const MatrixBand& band, int group, const std::ptrdiff_t* offsets,
                                std::byte* memory, MatrixWork& work) const {
  const Sizes z = sizes(cut);
  for (int part = 0; part < band.images; ++part) copy_part(cut, band, group, part, memory);
  work.passes[0] = {memory, static_cast<std::ptrdiff_t>(stride_) * kMatrixDepth, offsets,
                    steps_.wide_steps()};
  work.passes[1] = {memory + steps_.wide_planes * z.wide,
                    static_cast<std::ptrdiff_t>(stride_) * steps_.narrow_bytes, offsets + steps_.wide_steps(),
                    steps_.narrow_steps()};
  std::byte* tiles = memory + z.planes;
  std::byte* runs = tiles + tiles_bytes(z.tiles);
  find_runs(cut, band, reinterpret_cast<MatrixTile*>(tiles), reinterpret_cast<MatrixRun*>(runs), work);
  find_quads(reinterpret_cast<MatrixQuad*>(runs + runs_bytes(z.runs)), work);
}

}  // namespace tenon::cpu
