// dft and stft, computed in double.
#include "ops/dft.hpp"

#include "backends/ref/elements.hpp"
#include "backends/ref/fft.hpp"
#include "backends/ref/numeric.hpp"
#include "base/check.hpp"
#include "ops/stft.hpp"

#include <algorithm>

namespace tenon {
namespace ref {
namespace {

using Complexes = std::vector<std::complex<double>>;

std::int64_t extent(const Shape& shape, std::size_t first, std::size_t last) {
  return element_count(std::span(shape).subspan(first, last - first));
}

// `count` numbers of `parts` parts, `stride` numbers apart, into the front of `line`; zeros behind.
void read_line(Complexes& line, std::span<const double> from, std::int64_t count, std::int64_t stride,
               std::int64_t parts) {
  std::fill(line.begin(), line.end(), 0);
  for (std::int64_t i = 0; i < count; ++i) {
    const double* at = from.data() + i * stride * parts;
    line[static_cast<std::size_t>(i)] = {at[0], parts == 2 ? at[1] : 0};
  }
}

void run_dft(const Op& op, const Call& call) {
  const auto& fields = *op.as<op::Dft>();
  const Tensor& x = call.in(0);
  Tensor& y = call.out();
  const std::int64_t rank = x.rank();
  const std::int64_t given = call.has(2) ? int_scalar(call.in(2)) : *fields.axis;
  const auto axis = static_cast<std::size_t>(given < 0 ? given + rank : given);
  const std::int64_t parts = x.shape().back();
  const std::int64_t out_parts = y.shape().back();
  const std::int64_t in_count = x.shape()[axis];
  const std::int64_t out_count = y.shape()[axis];
  std::int64_t length = out_count;
  if (call.has(1)) {
    length = int_scalar(call.in(1));
  } else if (fields.onesided && !fields.inverse) {
    length = in_count;
  }
  TENON_REQUIRE(length >= 1, "dft: the length is {}", length);
  const std::int64_t outer = extent(x.shape(), 0, axis);
  const std::int64_t inner = extent(x.shape(), axis + 1, x.shape().size() - 1);
  const std::vector<double> from = to_doubles(x);
  std::vector<double> to(static_cast<std::size_t>(y.elements()));
  Fourier transform(static_cast<std::size_t>(length), fields.inverse);
  Complexes line(static_cast<std::size_t>(length));
  const double scale = fields.inverse ? 1.0 / static_cast<double>(length) : 1.0;
  for (std::int64_t i = 0; i < outer * inner; ++i) {
    const std::int64_t before = i / inner;
    const std::int64_t behind = i % inner;
    const auto begin = static_cast<std::size_t>((before * in_count * inner + behind) * parts);
    // One-sided spectra hold the first half; the rest are the conjugates of it, mirrored.
    const std::int64_t held = fields.inverse && fields.onesided ? length / 2 + 1 : length;
    read_line(line, std::span(from).subspan(in_count == 0 ? 0 : begin), std::min(in_count, held), inner,
              parts);
    if (fields.inverse && fields.onesided) {
      for (std::int64_t k = held; k < length; ++k)
        line[static_cast<std::size_t>(k)] = std::conj(line[static_cast<std::size_t>(length - k)]);
    }
    transform.run(line);
    for (std::int64_t k = 0; k < out_count; ++k) {
      double* at = to.data() + ((before * out_count + k) * inner + behind) * out_parts;
      const std::complex<double> value = line[static_cast<std::size_t>(k)] * scale;
      at[0] = value.real();
      if (out_parts == 2) at[1] = value.imag();
    }
  }
  store_doubles(to, y);
}

void run_stft(const Op&, const Call& call) {
  const Tensor& signal = call.in(0);
  Tensor& y = call.out();
  const std::int64_t samples = signal.shape()[1];
  const std::int64_t parts = signal.shape()[2];
  const std::int64_t step = int_scalar(call.in(1));
  std::int64_t length = samples;
  if (call.has(2)) length = call.in(2).elements();
  if (call.has(3)) length = int_scalar(call.in(3));
  const std::vector<double> window =
      call.has(2) ? to_doubles(call.in(2)) : std::vector<double>(static_cast<std::size_t>(length), 1.0);
  const std::int64_t frames = y.shape()[1];
  const std::int64_t bins = y.shape()[2];
  const std::vector<double> from = to_doubles(signal);
  std::vector<double> to(static_cast<std::size_t>(y.elements()));
  Fourier transform(static_cast<std::size_t>(length), false);
  Complexes line(static_cast<std::size_t>(length));
  for (std::int64_t i = 0; i < signal.shape()[0] * frames; ++i) {
    const std::int64_t begin = (i / frames * samples + i % frames * step) * parts;
    read_line(line, std::span(from).subspan(static_cast<std::size_t>(begin)), length, 1, parts);
    for (std::size_t k = 0; k < line.size(); ++k) line[k] *= window[k];
    transform.run(line);
    for (std::int64_t k = 0; k < bins; ++k) {
      to[static_cast<std::size_t>((i * bins + k) * 2)] = line[static_cast<std::size_t>(k)].real();
      to[static_cast<std::size_t>((i * bins + k) * 2 + 1)] = line[static_cast<std::size_t>(k)].imag();
    }
  }
  store_doubles(to, y);
}

}  // namespace
}  // namespace ref

void register_ref_dft(ref::Registry& registry) {
  registry.add("dft", ref::run_dft);
  registry.add("stft", ref::run_stft);
}

}  // namespace tenon
