#include "ops/deform_conv.hpp"

#include "backends/ref/numeric.hpp"
#include "backends/ref/registry.hpp"

namespace tenon {
namespace ref {
namespace {

// Bilinear interpolation in an image of height × width with zeros outside.
double sample_bilinear(const double* image, std::int64_t height, std::int64_t width, double row,
                       double column) {
  const double top = std::floor(row);
  const double left = std::floor(column);
  double sum = 0;
  for (int i = 0; i < 2; ++i) {
    for (int j = 0; j < 2; ++j) {
      const double r = top + i;
      const double c = left + j;
      const bool inside =
          r >= 0 && r < static_cast<double>(height) && c >= 0 && c < static_cast<double>(width);
      if (!inside) continue;
      const double weight = (1 - std::fabs(row - r)) * (1 - std::fabs(column - c));
      sum += weight * image[static_cast<std::int64_t>(r) * width + static_cast<std::int64_t>(c)];
    }
  }
  return sum;
}

void run_deform_conv(const Op& op, const Call& call) {
  const auto& conv = *op.as<op::DeformConv>();
  const Shape& xs = call.in(0).shape();
  const Shape& ws = call.in(1).shape();
  const Shape& ys = call.out().shape();
  const std::vector<double> x = to_doubles(call.in(0));
  const std::vector<double> w = to_doubles(call.in(1));
  const std::vector<double> offset = to_doubles(call.in(2));
  const std::vector<double> bias = call.has(3) ? to_doubles(call.in(3)) : std::vector<double>();
  const std::vector<double> mask = call.has(4) ? to_doubles(call.in(4)) : std::vector<double>();
  const auto axes = op::resolve_window(conv.window(), std::span(xs).subspan(2), std::span(ws).subspan(2));
  const std::int64_t taps = ws[2] * ws[3];
  const std::int64_t plane = ys[2] * ys[3];
  const std::int64_t channels_per_offset = xs[1] / conv.offset_group;
  const std::int64_t outputs_per_group = ws[0] / conv.group;

  std::vector<double> y;
  for (std::int64_t n = 0; n < ys[0]; ++n) {
    for (std::int64_t m = 0; m < ys[1]; ++m) {
      for (std::int64_t position = 0; position < plane; ++position) {
        double sum = bias.empty() ? 0 : bias[static_cast<std::size_t>(m)];
        for (std::int64_t c = 0; c < ws[1]; ++c) {
          const std::int64_t channel = m / outputs_per_group * ws[1] + c;
          const double* image = x.data() + (n * xs[1] + channel) * xs[2] * xs[3];
          const std::int64_t offset_group = channel / channels_per_offset;
          for (std::int64_t k = 0; k < taps; ++k) {
            const std::int64_t tap = (n * conv.offset_group + offset_group) * taps + k;
            const std::int64_t grid_row =
                position / ys[3] * axes[0].stride - axes[0].pad_begin + k / ws[3] * axes[0].dilation;
            const double row =
                static_cast<double>(grid_row) + offset[static_cast<std::size_t>(2 * tap * plane + position)];
            const double column = static_cast<double>(position % ys[3] * axes[1].stride - axes[1].pad_begin +
                                                      k % ws[3] * axes[1].dilation) +
                                  offset[static_cast<std::size_t>((2 * tap + 1) * plane + position)];
            const double factor = mask.empty() ? 1 : mask[static_cast<std::size_t>(tap * plane + position)];
            sum += w[static_cast<std::size_t>((m * ws[1] + c) * taps + k)] * factor *
                   sample_bilinear(image, xs[2], xs[3], row, column);
          }
        }
        y.push_back(sum);
      }
    }
  }
  store_doubles(y, call.out());
}

}  // namespace
}  // namespace ref

void register_ref_deform_conv(ref::Registry& registry) { registry.add("deform_conv", ref::run_deform_conv); }

}  // namespace tenon
