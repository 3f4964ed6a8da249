// Every observing kernel this machine runs against the definition, element by element.
#include "backends/cpu/kernels/observe/observe.hpp"

#include "base/thread_pool.hpp"
#include "kernels/support.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

namespace tenon::cpu {
namespace {

class ObserveKernels : public test::KernelTest<ObserveKernel> {};

constexpr auto kTable = static_cast<std::size_t>(kObserveTable);
constexpr auto kBins = static_cast<std::size_t>(kObserveBins);

struct Seen {
  Observation extremes;
  std::vector<std::uint32_t> counts = std::vector<std::uint32_t>(kTable);
};

Seen observe_with(const ObserveKernel& kernel, const std::vector<float>& x, const ObserveScale& scale,
                  int threads) {
  Seen seen;
  std::vector<ObserveScratch> scratch(static_cast<std::size_t>(threads));
  std::vector<std::uint16_t> counters(kTable);
  std::uint32_t most = 0;
  // Twice: counts add up, and the scratch is as it was, also where nothing is counted.
  for (int i = 0; i < 2; ++i) {
    static_cast<void>(observe_run(kernel, x, {}, {}, scratch, test::pool_of(threads)));
    seen.extremes = observe_run(kernel, x, scale, {counters.data(), seen.counts.data(), &most}, scratch,
                                test::pool_of(threads));
    EXPECT_LE(*std::max_element(counters.begin(), counters.end()), most);
  }
  for (std::size_t i = 0; i < kTable; ++i) seen.counts[i] += counters[i];
  return seen;
}

Observation extremes_with(const ObserveKernel& kernel, const std::vector<float>& x) {
  std::vector<ObserveScratch> scratch(1);
  return observe_run(kernel, x, {}, {}, scratch, test::pool_of(1));
}

std::vector<std::uint32_t> count_plainly(const std::vector<float>& x, const ObserveScale& scale) {
  std::vector<std::uint32_t> counts(kTable);
  for (const float v : x) {
    const bool beyond = v >= scale.limit;
    const float inverse = v < 0 ? scale.negative : beyond ? scale.beyond : scale.positive;
    const auto bin = static_cast<std::size_t>(std::min(std::floor(std::abs(v) * inverse), 2047.0F));
    counts[v < 0 ? kBins - 1 - bin : (beyond ? 2 * kBins : kBins) + bin] += 2;
  }
  return counts;
}

ObserveScale same_scale(float inverse_width) { return {inverse_width, inverse_width, inverse_width}; }

TEST_P(ObserveKernels, CountsEveryElement) {
  test::Random random;
  SCOPED_TRACE(random.trace());
  for (const int size : {1, 3, 16, 63, 64, 65, 255, 256, 257, 1000, 70000, 150001}) {
    std::vector<float> x(static_cast<std::size_t>(size));
    // Few and many zeros, and values like the one before: they are counted in another way.
    const int zeros = random.integer(0, 9);
    const int repeats = random.integer(0, 9);
    float last = 0;
    for (float& v : x) {
      if (random.integer(0, 9) >= repeats) last = random.real(-3, 3);
      v = random.integer(0, 9) < zeros ? 0.0F : last;
    }
    x[x.size() / 2] = -0.0F;
    ObserveScale scale = same_scale(random.coin() ? 512.0F : random.real(500, 1000));
    if (random.coin()) scale = {512.0F, 2048.0F, 1024.0F, 1.0F};
    const Seen seen = observe_with(kernel(), x, scale, 1);
    EXPECT_EQ(seen.counts, count_plainly(x, scale)) << size;
    EXPECT_EQ(seen.extremes.min, *std::min_element(x.begin(), x.end()));
    EXPECT_EQ(seen.extremes.max, *std::max_element(x.begin(), x.end()));
    EXPECT_TRUE(seen.extremes.finite);
    const Seen threaded = observe_with(kernel(), x, scale, 3);
    EXPECT_EQ(threaded.counts, seen.counts) << "depends on the number of threads";
    EXPECT_EQ(threaded.extremes.min, seen.extremes.min);
    const Observation extremes = extremes_with(kernel(), x);
    EXPECT_EQ(extremes.min, seen.extremes.min);
    EXPECT_EQ(extremes.max, seen.extremes.max);
  }
}

TEST_P(ObserveKernels, EdgesOfBins) {
  std::vector<float> x;
  for (int bin = 0; bin <= 2049; ++bin) {
    const float edge = static_cast<float>(bin) * 0.125F;
    for (const float v : {edge, std::nextafter(edge, 0.0F), std::nextafter(edge, 1e9F)}) {
      x.push_back(v);
      x.push_back(-v);
    }
  }
  x.push_back(std::numeric_limits<float>::max());
  x.push_back(std::numeric_limits<float>::lowest());
  x.push_back(std::numeric_limits<float>::denorm_min());
  EXPECT_EQ(observe_with(kernel(), x, same_scale(8.0F), 1).counts, count_plainly(x, same_scale(8.0F)));
}

TEST_P(ObserveKernels, SaysWhatIsNotFinite) {
  for (const float bad : {NAN, -NAN, INFINITY, -INFINITY}) {
    for (const std::size_t at : {0, 1, 63, 64, 255, 256, 300, 599}) {
      std::vector<float> x(600, 1.0F);
      x[at] = bad;
      EXPECT_FALSE(observe_with(kernel(), x, same_scale(8.0F), 1).extremes.finite) << bad << " at " << at;
      EXPECT_FALSE(extremes_with(kernel(), x).finite) << bad << " at " << at;
    }
  }
}

TEST_P(ObserveKernels, NothingIsZero) {
  const Seen seen = observe_with(kernel(), {}, same_scale(8.0F), 1);
  EXPECT_EQ(seen.extremes.min, 0.0F);
  EXPECT_EQ(seen.extremes.max, 0.0F);
  EXPECT_TRUE(seen.extremes.finite);
}

TENON_FOR_EACH_KERNEL(ObserveKernels, observe_kernels());

TEST(SelectObserve, ObeysTheLevel) { test::expect_selection_by_level(observe_kernels(), select_observe); }

}  // namespace
}  // namespace tenon::cpu
