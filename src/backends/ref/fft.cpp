#include "backends/ref/fft.hpp"

#include <bit>
#include <cmath>
#include <cstdint>
#include <numbers>
#include <utility>

namespace tenon::ref {
namespace {

std::complex<double> root(std::uint64_t numerator, std::uint64_t denominator) {
  const double angle =
      2 * std::numbers::pi * static_cast<double>(numerator) / static_cast<double>(denominator);
  return {std::cos(angle), -std::sin(angle)};
}

}  // namespace

Fourier::Fourier(std::size_t length, bool inverse) : length_(length), inverse_(inverse) {
  const bool direct = std::has_single_bit(length);
  const std::size_t size = direct ? length : std::bit_ceil(2 * length);
  roots_.resize(size / 2);
  for (std::size_t k = 0; k < roots_.size(); ++k) roots_[k] = root(k, size);
  if (direct) return;
  chirp_.resize(length);
  filter_.assign(size, 0);
  for (std::size_t k = 0; k < length; ++k) {
    // k² modulo 2·length keeps the angle exact.
    const std::uint64_t square = static_cast<std::uint64_t>(k) * k % (2 * length);
    const std::complex<double> value = root(square, 2 * length);
    chirp_[k] = inverse ? std::conj(value) : value;
    filter_[k] = std::conj(chirp_[k]);
    if (k > 0) filter_[size - k] = filter_[k];
  }
  run_radix_2(filter_, false);
}

void Fourier::run_radix_2(Values& values, bool inverse) const {
  const std::size_t size = values.size();
  for (std::size_t i = 1, reversed = 0; i < size; ++i) {
    std::size_t bit = size >> 1;
    for (; (reversed & bit) != 0; bit >>= 1) reversed ^= bit;
    reversed ^= bit;
    if (i < reversed) std::swap(values[i], values[reversed]);
  }
  for (std::size_t half = 1; half < size; half *= 2) {
    const std::size_t stride = size / (2 * half);
    for (std::size_t begin = 0; begin < size; begin += 2 * half) {
      for (std::size_t k = 0; k < half; ++k) {
        const std::complex<double> turn = inverse ? std::conj(roots_[k * stride]) : roots_[k * stride];
        const std::complex<double> odd = values[begin + half + k] * turn;
        values[begin + half + k] = values[begin + k] - odd;
        values[begin + k] += odd;
      }
    }
  }
}

void Fourier::run(Values& values) {
  if (chirp_.empty()) return run_radix_2(values, inverse_);
  const std::size_t size = filter_.size();
  work_.assign(size, 0);
  for (std::size_t k = 0; k < length_; ++k) work_[k] = values[k] * chirp_[k];
  run_radix_2(work_, false);
  for (std::size_t k = 0; k < size; ++k) work_[k] *= filter_[k];
  run_radix_2(work_, true);
  for (std::size_t k = 0; k < length_; ++k) values[k] = work_[k] * chirp_[k] / static_cast<double>(size);
}

}  // namespace tenon::ref
