#include "backends/cpu/kernels/band/geometry.hpp"

namespace tenon::cpu {

namespace {

constexpr std::ptrdiff_t kBandLine = 64;

// The last input position that an axis reads.
std::ptrdiff_t last_read(int out, int stride, int pad, int taps, int dilation) {
  return static_cast<std::ptrdiff_t>(out - 1) * stride - pad +
         static_cast<std::ptrdiff_t>(taps - 1) * dilation;
}

}  // namespace

BandGeometry::BandGeometry(const ConvShape& unmerged, const BandForm& form)
    : shape(conv_merged(unmerged)), flat(shape.pointwise()) {
  const ConvShape& s = shape;
  const bool inside = s.pad_top <= 0 && s.pad_left <= 0 &&
                      last_read(s.out_h, s.stride_h, s.pad_top, s.kernel_h, s.dilation_h) < s.in_h &&
                      last_read(s.out_w, s.stride_w, s.pad_left, s.kernel_w, s.dilation_w) < s.in_w;
  copied = form.always_copied || !inside;
  gathered = copied && !flat && form.gathers && s.kernel_h == 1 && s.kernel_w == 1;
  flat = flat || gathered;
  compact = copied && s.group_in() <= form.most_compact && s.groups == 1;
  const auto channels = compact ? static_cast<int>(round_up(s.group_in(), form.group)) : kChannelBlock;
  pixel = channels * (copied ? form.copied_channel : form.channel);
  image = s.out_h * s.out_w;
  rows = s.out_h;
  width = s.out_w;
}

void BandGeometry::cut_image(int pixels) {
  if (!flat) return;
  const auto tiles = ceil_div(image, pixels);
  width = static_cast<int>(ceil_div(image, tiles));
  rows = static_cast<int>(ceil_div(image, width));
}

std::ptrdiff_t BandGeometry::band_bytes(int output_rows) const {
  if (!copied) return 0;
  return round_up(channel_blocks(shape.group_in()) * copied_rows(output_rows) * copied_columns() * pixel,
                  kBandLine);
}

int BandGeometry::most_rows() const {
  if (!copied) return rows;
  const std::ptrdiff_t one = band_bytes(1);
  const std::ptrdiff_t each = channel_blocks(shape.group_in()) * copy_stride_h() * copied_columns() * pixel;
  if (one >= kCachedBandBytes || each == 0) return 1;
  // Rounding to cache lines adds less than one of them.
  return static_cast<int>(std::min<std::ptrdiff_t>(rows, 1 + (kCachedBandBytes - one) / each));
}

std::ptrdiff_t BandGeometry::scratch_bytes(int most_pixels) const {
  if (!copied) return 0;
  const std::ptrdiff_t line = channel_blocks(shape.group_in()) * pixel;
  const std::ptrdiff_t all =
      flat ? line * (static_cast<std::ptrdiff_t>(image) + most_pixels) : band_bytes(rows);
  const std::ptrdiff_t one = flat ? line * most_pixels : band_bytes(1);
  return worker_bytes(round_up(std::min(all, std::max(one, kCachedBandBytes)), kBandLine) + kBandLine);
}

}  // namespace tenon::cpu
