// Bytes, and the formula of integer kernels, for their tests.
#pragma once

#include "backends/cpu/kernels/bytes/requantize.hpp"
#include "kernels/support.hpp"

#include <cstring>

namespace tenon::cpu::test {

std::vector<std::uint8_t> random_bytes(Random& random, std::size_t count);

inline int byte_value(std::uint8_t byte, bool is_signed) {
  return is_signed ? static_cast<std::int8_t>(byte) : byte;
}

// nChw16c of NCHW, with anything in the padding lanes. Nothing of nothing.
std::vector<std::uint8_t> block_bytes(Random& random, const std::vector<std::uint8_t>& plain, int batch,
                                      int channels, std::ptrdiff_t plane);

// Bytes between guard zones, aligned to a cache line.
class GuardedBytes {
 public:
  explicit GuardedBytes(std::size_t count);
  std::uint8_t* data() { return storage_.data() + first_; }
  template <class T>
  T at(std::size_t i) {
    T value;
    std::memcpy(&value, data() + i * sizeof(T), sizeof(T));
    return value;
  }
  bool intact() const;

 private:
  static constexpr std::size_t kGuard = 256;
  std::vector<std::uint8_t> storage_;
  std::size_t first_;
  std::size_t count_;
};

// What is done to a sum; the requantize's multiplier and residual are to be set by whoever runs a kernel.
struct S8Epilogue {
  Requantize requantize;
  bool result_signed = false;
  bool clips = false;
  float clip_low = 0;
  float clip_high = 0;
  std::vector<float> multiplier;       // of each channel
  std::vector<std::uint8_t> residual;  // plain, as the result; may be empty
};

// Multipliers bring sums of about `magnitude` to numbers that bytes hold, mostly.
S8Epilogue random_epilogue(Random& random, int channels, std::size_t results, double magnitude);

// The result of `sum` in that channel, where the residual is element `at`.
float expected_result(const S8Epilogue& epilogue, std::int32_t sum, std::size_t channel, std::size_t at);

// Element i of what a kernel wrote.
float result_at(const S8Epilogue& epilogue, GuardedBytes& dst, std::size_t i);

}  // namespace tenon::cpu::test
