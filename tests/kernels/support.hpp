// What kernel tests share: seeded random data, buffers with guard zones, thread pools, and the one rule for
// tolerances.
#pragma once

#include "backends/cpu/kernels/activation.hpp"
#include "backends/cpu/kernels/kernel.hpp"

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <random>
#include <span>
#include <string>
#include <vector>

namespace tenon {
class ThreadPool;
}

namespace tenon::cpu::test {

// Random numbers of one test. The seed comes from TENON_TEST_SEED, else from the clock; GoogleTest prints it
// on failure through SCOPED_TRACE(random.trace()).
class Random {
 public:
  Random();
  std::string trace() const;

  int integer(int lo, int hi);  // both inclusive
  bool coin() { return integer(0, 1) == 1; }
  float real(float lo = -1.0F, float hi = 1.0F);
  void fill(std::span<float> values);
  std::vector<float> reals(std::size_t count);
  Activation activation();  // each kind with the same probability

 private:
  std::uint64_t seed_;
  std::mt19937_64 engine_;
};

// A float array between guard zones, all of it NaN with a known payload to begin with.
class GuardedBuffer {
 public:
  explicit GuardedBuffer(std::size_t count);
  float* data() { return storage_.data() + kGuard; }
  std::span<float> values() { return {data(), storage_.size() - 2 * kGuard}; }

  // Whether the guard zones are what they were, and whether an element still is.
  bool intact() const;
  static bool untouched(float value);

 private:
  static constexpr std::size_t kGuard = 256;
  std::vector<float> storage_;
};

// Test suites over all kernels of a family derive from KernelTest<Kernel> and are instantiated with
// TENON_FOR_EACH_KERNEL.
template <class Kernel>
class KernelTest : public testing::TestWithParam<const Kernel*> {
 protected:
  void SetUp() override {
    const Isa level = this->GetParam()->info.isa;
    if (!isa_supported(level)) GTEST_SKIP() << "this machine has no " << isa_name(level);
  }
  const Kernel& kernel() const { return *this->GetParam(); }
};

template <class Kernel>
std::vector<const Kernel*> pointers(std::span<const Kernel> kernels) {
  std::vector<const Kernel*> all;
  for (const Kernel& kernel : kernels) all.push_back(&kernel);
  return all;
}

#define TENON_FOR_EACH_KERNEL(suite, kernels)                                                  \
  INSTANTIATE_TEST_SUITE_P(All, suite, testing::ValuesIn(tenon::cpu::test::pointers(kernels)), \
                           [](const auto& param) { return std::string(param.param->info.name); })

// Selection at each level that has a kernel and that this machine runs gives that kernel.
template <class Kernel, class Select>
void expect_selection_by_level(std::span<const Kernel> kernels, Select select) {
  for (const Kernel& kernel : kernels) {
    if (isa_supported(kernel.info.isa)) {
      EXPECT_EQ(select(kernel.info.isa), &kernel) << isa_name(kernel.info.isa);
    }
  }
}

// The thread counts that tests run with.
ThreadPool& pool_of(int threads);

// NCHW <-> nChw16c with `plane` pixels per channel. unblock() expects the padding lanes to be zero.
std::vector<float> block(std::span<const float> plain, int batch, int channels, std::ptrdiff_t plane);
std::vector<float> unblock(std::span<const float> blocked, int batch, int channels, std::ptrdiff_t plane);

// act in double precision
double activate(const Activation& act, double x);

// By how much a kernel may miss the exact answer of a sum of `terms` products whose absolute values add up to
// `magnitude`.
//   bound = epsilon * (terms + 2) * factor * magnitude
// with the factors of this table; 1 is the bound of a plain recursive sum.
struct ErrorFactor {
  const char* family;
  double factor;
};
inline constexpr ErrorFactor kErrorFactors[] = {
    {"gemm", 1.0},      {"gemm_stored", 1.0}, {"conv", 1.0},   {"conv_half", 1.0}, {"conv_nchw", 1.0},
    {"depthwise", 1.0}, {"deconv", 1.0},      {"pool", 1.0},   {"norm", 2.0},      {"softmax", 2.0},
    {"attention", 4.0}, {"reduce", 2.0},      {"resize", 1.0},
};
double error_bound(const char* family, double terms, double magnitude);

}  // namespace tenon::cpu::test
