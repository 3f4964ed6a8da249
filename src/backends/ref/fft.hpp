// Discrete Fourier transforms of any length in O(n log n): radix 2 where the length is a power of two, else
// Bluestein's convolution with a chirp (L. Bluestein, "A linear filtering approach to the computation of
// discrete Fourier transform", 1970).
#pragma once

#include <complex>
#include <vector>

namespace tenon::ref {

// One length and direction; tables are made once. Not thread-safe: run() uses scratch memory of its own.
class Fourier {
 public:
  Fourier(std::size_t length, bool inverse);  // length at least 1; the inverse is not scaled
  void run(std::vector<std::complex<double>>& values);

 private:
  using Values = std::vector<std::complex<double>>;
  void run_radix_2(Values& values, bool inverse) const;

  std::size_t length_;
  bool inverse_;
  Values roots_;           // exp(-2πi·k / n) of the radix-2 transform of n elements, k < n/2
  Values chirp_, filter_;  // Bluestein's: exp(±πi·k² / length), and its transform
  Values work_;
};

}  // namespace tenon::ref
