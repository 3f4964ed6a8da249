// The divergence by prefix sums against its definition, and thresholds that TensorRT wrote itself.
#include "quant/entropy.hpp"

#include "base/random.hpp"
#include "unit/quant/observing.hpp"

#include <bit>
#include <cmath>
#include <random>

namespace tenon::quant {
namespace {

using test::Batches;

// numpy.random.seed(seed) and numpy.random.rand(): the Mersenne twister, two draws a number.
class NumpyRandom {
 public:
  explicit NumpyRandom(std::uint32_t seed) : engine_(seed) {}
  double rand() {
    const double a = static_cast<double>(engine_() >> 5);
    const double b = static_cast<double>(engine_() >> 6);
    return (a * 67108864.0 + b) / 9007199254740992.0;
  }
  std::vector<float> batch(std::size_t count) {
    std::vector<float> values(count);
    for (float& x : values) x = static_cast<float>(rand());
    return values;
  }

 private:
  std::mt19937 engine_;
};

std::uint32_t scale_bits(const Batches& batches) {
  return std::bit_cast<std::uint32_t>(test::chosen(batches, CalibrationMode::faithful, "entropy-2").scale());
}

// A public calibration of a network input [1, 3, 4, 5] over ten batches, TensorRT 7.0.
TEST(EntropyCalibration, RepeatsTensorRt7) {
  NumpyRandom random(97);
  Batches batches;
  for (int i = 0; i < 10; ++i) batches.push_back(random.batch(60));
  EXPECT_EQ(scale_bits(batches), 0x3c00e995U);
}

// A public calibration of a plugin's input of 32 values in [-100, 100), TensorRT 8.2.
TEST(EntropyCalibration, RepeatsTensorRt82) {
  NumpyRandom random(97);
  std::vector<float> batch = random.batch(32);
  for (float& x : batch) x = x * 200.0F - 100.0F;
  EXPECT_EQ(scale_bits({batch}), 0x3f4014c9U);
}

// The definition, term by term.
double divergence(std::vector<std::uint64_t> c, std::size_t n, bool drop) {
  if (drop) c[0] = 0;
  std::vector<double> p(c.begin(), c.begin() + static_cast<std::ptrdiff_t>(n));
  for (std::size_t j = n; j < c.size(); ++j) p[n - 1] += static_cast<double>(c[j]);
  std::vector<double> mass(128), filled(128), q(n);
  for (std::size_t j = 0; j < n; ++j) {
    mass[j * 128 / n] += static_cast<double>(c[j]);
    filled[j * 128 / n] += c[j] > 0 ? 1 : 0;
  }
  double p_sum = 0, q_sum = 0, bins = 0;
  for (std::size_t j = 0; j < n; ++j) {
    q[j] = c[j] > 0 ? mass[j * 128 / n] / filled[j * 128 / n] : 0;
    p_sum += p[j];
    q_sum += q[j];
    bins += p[j] > 0 ? 1 : 0;
  }
  if (bins <= 1) return HUGE_VAL;
  double sum = 0;
  for (std::size_t j = 0; j < n; ++j) {
    if (p[j] == 0) continue;
    if (q[j] == 0) return HUGE_VAL;
    sum += p[j] / p_sum * std::log((p[j] / p_sum) / (q[j] / q_sum));
  }
  return sum;
}

TEST(LeastDivergence, IsTheSmallestByDefinition) {
  Random random(5);
  for (int round = 0; round < 12; ++round) {
    std::vector<std::uint64_t> bins(256 + random.below(300));
    const double decay = 10.0 + random.below(200);
    for (std::size_t i = 0; i < bins.size(); ++i) {
      const double expected = 3000 * std::exp(-static_cast<double>(i) / decay);
      bins[i] = random.one_in(3) ? 0 : static_cast<std::uint64_t>(expected * random.uniform());
    }
    for (const bool drop : {false, true}) {
      double least = HUGE_VAL;
      for (std::size_t n = 128; n <= bins.size(); ++n) least = std::min(least, divergence(bins, n, drop));
      const auto found = least_divergence(bins, {drop, true});
      ASSERT_EQ(found.has_value(), std::isfinite(least)) << round;
      if (!found) continue;
      EXPECT_NEAR(divergence(bins, *found, drop), least, 1e-11) << round << ": " << *found;
    }
  }
}

TEST(LeastDivergence, TiesGoToTheAskedEnd) {
  // One count in each of 128 bins: every level is one filled bin at most, so that nothing is ever lost.
  std::vector<std::uint64_t> bins(512);
  for (std::size_t i = 0; i < 128; ++i) bins[i] = 7;
  EXPECT_EQ(least_divergence(bins, {false, false}), 128U);
  std::size_t last = 0;
  for (std::size_t n = 128; n <= bins.size(); ++n) {
    if (divergence(bins, n, false) < 1e-13) last = n;
  }
  EXPECT_EQ(least_divergence(bins, {false, true}), last);
}

TEST(LeastDivergence, NothingToChooseFrom) {
  std::vector<std::uint64_t> bins(2048);
  EXPECT_EQ(least_divergence(bins, {}), std::nullopt);
  bins[0] = 1000;
  EXPECT_EQ(least_divergence(bins, {}), std::nullopt);
  bins[2047] = 1000;  // dropping bin 0 leaves a single one
  EXPECT_EQ(least_divergence(bins, {}), std::nullopt);
  bins[5] = 1;
  EXPECT_EQ(least_divergence(bins, {}), 2048U);  // every other one loses bin 2047 to an empty bin
}

}  // namespace
}  // namespace tenon::quant
