#include "kernels/s8_support.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace tenon::cpu::test {

namespace {

constexpr std::uint8_t kGuardByte = 0xA5;

}  // namespace

std::vector<std::uint8_t> random_bytes(Random& random, std::size_t count) {
  std::vector<std::uint8_t> bytes(count);
  for (auto& byte : bytes) byte = static_cast<std::uint8_t>(random.integer(0, 255));
  return bytes;
}

std::vector<std::uint8_t> block_bytes(Random& random, const std::vector<std::uint8_t>& plain, int batch,
                                      int channels, std::ptrdiff_t plane) {
  if (plain.empty()) return {};
  const std::ptrdiff_t blocks = channel_blocks(channels);
  std::vector<std::uint8_t> blocked =
      random_bytes(random, static_cast<std::size_t>(batch * blocks * plane * kChannelBlock));
  for (std::ptrdiff_t n = 0; n < batch; ++n) {
    for (std::ptrdiff_t c = 0; c < channels; ++c) {
      for (std::ptrdiff_t p = 0; p < plane; ++p) {
        blocked[static_cast<std::size_t>(((n * blocks + c / kChannelBlock) * plane + p) * kChannelBlock +
                                         c % kChannelBlock)] =
            plain[static_cast<std::size_t>((n * channels + c) * plane + p)];
      }
    }
  }
  return blocked;
}

GuardedBytes::GuardedBytes(std::size_t count) : storage_(count + 2 * kGuard + 64, kGuardByte), count_(count) {
  const auto address = reinterpret_cast<std::uintptr_t>(storage_.data()) + kGuard;
  first_ = kGuard + (64 - address % 64) % 64;
}

bool GuardedBytes::intact() const {
  const auto is_guard = [](std::uint8_t byte) { return byte == kGuardByte; };
  const auto end = storage_.begin() + static_cast<std::ptrdiff_t>(first_);
  return std::all_of(storage_.begin(), end, is_guard) &&
         std::all_of(end + static_cast<std::ptrdiff_t>(count_), storage_.end(), is_guard);
}

S8Epilogue random_epilogue(Random& random, int channels, std::size_t results, double magnitude) {
  S8Epilogue e;
  Requantize& r = e.requantize;
  const auto scale = static_cast<float>(100 / magnitude);
  for (int c = 0; c < channels; ++c) e.multiplier.push_back(scale * random.real(0.1F, 2.0F));
  if (random.coin()) {
    e.residual = random_bytes(random, results);
    r.residual_signed = random.coin();
    r.residual_zero = r.residual_signed ? random.integer(-128, 127) : random.integer(0, 255);
    r.residual_multiplier = random.real(0.1F, 1.5F);
  }
  r.leaky = random.integer(0, 3) == 0;
  r.alpha = random.real(-0.5F, 0.5F);
  if (random.integer(0, 3) == 0) {
    r.bytes = false;
  } else {
    e.result_signed = random.coin();
    const int low = e.result_signed ? -128 : 0;
    r.to_bytes(low, low + 255, random.integer(low, low + 255));
  }
  if (random.coin()) {
    e.clips = true;
    e.clip_low = random.coin() ? 0 : random.real(-80.0F, 80.0F);
    e.clip_high =
        random.coin() ? std::numeric_limits<float>::infinity() : e.clip_low + random.real(0.0F, 100.0F);
    r.clip(e.clip_low, e.clip_high);
  }
  return e;
}

float expected_result(const S8Epilogue& e, std::int32_t sum, std::size_t channel, std::size_t at) {
  const Requantize& r = e.requantize;
  float v = static_cast<float>(sum) * e.multiplier[channel];
  if (!e.residual.empty()) {
    const float product =
        static_cast<float>(byte_value(e.residual[at], r.residual_signed) - r.residual_zero) *
        r.residual_multiplier;
    v = v + product;
  }
  if (r.leaky && v < 0) v = v * r.alpha;
  if (e.clips) v = std::min(std::max(v, e.clip_low), e.clip_high);
  if (!r.bytes) return v;
  const double low = e.result_signed ? -128 : 0;
  return static_cast<float>(std::clamp(std::nearbyint(static_cast<double>(v)) + r.zero, low, low + 255));
}

float result_at(const S8Epilogue& e, GuardedBytes& dst, std::size_t i) {
  if (!e.requantize.bytes) return dst.at<float>(i);
  return static_cast<float>(byte_value(dst.at<std::uint8_t>(i), e.result_signed));
}

}  // namespace tenon::cpu::test
