#include "kernels/support.hpp"

#include "base/thread_pool.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <chrono>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <map>
#include <memory>
#include <stdexcept>
#include <string_view>

namespace tenon::cpu::test {

namespace {

constexpr std::uint32_t kUntouched = 0x7fc5a5a5U;

std::uint64_t choose_seed() {
  if (const char* given = std::getenv("TENON_TEST_SEED")) return std::strtoull(given, nullptr, 0);
  return static_cast<std::uint64_t>(std::chrono::steady_clock::now().time_since_epoch().count());
}

}  // namespace

Random::Random() : seed_(choose_seed()), engine_(seed_) {}

std::string Random::trace() const { return fmt::format("TENON_TEST_SEED={}", seed_); }

int Random::integer(int lo, int hi) { return std::uniform_int_distribution<int>(lo, hi)(engine_); }

float Random::real(float lo, float hi) { return std::uniform_real_distribution<float>(lo, hi)(engine_); }

void Random::fill(std::span<float> values) {
  for (float& v : values) v = real();
}

std::vector<float> Random::reals(std::size_t count) {
  std::vector<float> values(count);
  fill(values);
  return values;
}

namespace {

// What stands for all functions: kernels only have to call it on every element with its parameters. For a
// power of two as alpha it rounds nothing.
void scaled_max(float* dst, const float* a, const float*, const float*, std::ptrdiff_t n, float alpha,
                float beta) noexcept {
  for (std::ptrdiff_t i = 0; i < n; ++i) dst[i] = std::max(alpha * a[i], beta);
}

void scaled_min(float* dst, const float* a, const float* b, const float*, std::ptrdiff_t n, float,
                float) noexcept {
  for (std::ptrdiff_t i = 0; i < n; ++i) dst[i] = std::min(a[0], b[i]);
}

}  // namespace

Activation Random::activation() {
  switch (integer(0, 4)) {
    case 0: return Activation::none();
    case 1: return Activation::relu();
    case 2: return Activation::clip(real(-0.5F, 0.2F), real(0.3F, 2.0F));
    case 3: return Activation::leaky(real(0.0F, 0.3F));
    default: {
      const float beta = real(-0.5F, 0.5F);
      Activation act;
      act.kind = Activation::Kind::functions;
      act.functions_keep_zero = beta <= 0.0F;
      act.call_count = 2;
      act.calls[0] = {scaled_max, 0.5F, beta};
      act.calls[1] = {scaled_min, 0.0F, 0.0F, ActivationCall::Constant::left, 0.75F};
      return act;
    }
  }
}

GuardedBuffer::GuardedBuffer(std::size_t count)
    : storage_(count + 2 * kGuard, std::bit_cast<float>(kUntouched)) {}

bool GuardedBuffer::untouched(float value) { return std::bit_cast<std::uint32_t>(value) == kUntouched; }

bool GuardedBuffer::intact() const {
  return std::all_of(storage_.begin(), storage_.begin() + kGuard, untouched) &&
         std::all_of(storage_.end() - kGuard, storage_.end(), untouched);
}

ThreadPool& pool_of(int threads) {
  static std::map<int, std::unique_ptr<ThreadPool>> pools;
  std::unique_ptr<ThreadPool>& pool = pools[threads];
  if (!pool) pool = std::make_unique<ThreadPool>(threads);
  return *pool;
}

std::vector<float> block(std::span<const float> plain, int batch, int channels, std::ptrdiff_t plane) {
  const std::ptrdiff_t blocks = channel_blocks(channels);
  std::vector<float> blocked(static_cast<std::size_t>(batch * blocks * plane * kChannelBlock));
  std::size_t from = 0;
  for (int n = 0; n < batch; ++n) {
    for (int c = 0; c < channels; ++c) {
      for (std::ptrdiff_t p = 0; p < plane; ++p) {
        const std::ptrdiff_t pixel = (n * blocks + c / kChannelBlock) * plane + p;
        blocked[static_cast<std::size_t>(pixel * kChannelBlock + c % kChannelBlock)] = plain[from++];
      }
    }
  }
  return blocked;
}

std::vector<float> unblock(std::span<const float> blocked, int batch, int channels, std::ptrdiff_t plane) {
  std::vector<float> plain(static_cast<std::size_t>(batch * channels * plane));
  std::size_t from = 0;
  for (int n = 0; n < batch; ++n) {
    for (int b = 0; b < channel_blocks(channels); ++b) {
      for (std::ptrdiff_t p = 0; p < plane; ++p) {
        for (int c = b * kChannelBlock; c < (b + 1) * kChannelBlock; ++c, ++from) {
          if (c < channels) {
            plain[static_cast<std::size_t>((static_cast<std::ptrdiff_t>(n) * channels + c) * plane + p)] =
                blocked[from];
          } else {
            EXPECT_EQ(blocked[from], 0.0F) << "padding lane " << c << " of pixel " << p;
          }
        }
      }
    }
  }
  return plain;
}

double activate(const Activation& act, double x) {
  switch (act.kind) {
    case Activation::Kind::none: return x;
    case Activation::Kind::clip: return std::min<double>(std::max<double>(x, act.lo), act.hi);
    case Activation::Kind::leaky: return x > 0 ? x : static_cast<double>(act.alpha) * x;
    case Activation::Kind::functions:
      return std::min<double>(act.calls[1].constant,
                              std::max<double>(act.calls[0].alpha * x, act.calls[0].beta));
  }
  throw std::logic_error("unknown activation");
}

double error_bound(const char* family, double terms, double magnitude) {
  for (const ErrorFactor& entry : kErrorFactors) {
    if (std::string_view(entry.family) == family) {
      return std::numeric_limits<float>::epsilon() * (terms + 2) * entry.factor * magnitude;
    }
  }
  throw std::logic_error(fmt::format("no error factor for kernel family '{}'", family));
}

}  // namespace tenon::cpu::test
