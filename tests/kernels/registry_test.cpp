#include "backends/cpu/kernels/conv/conv.hpp"
#include "backends/cpu/kernels/conv_half/conv_half.hpp"
#include "backends/cpu/kernels/conv_nchw/conv_nchw.hpp"
#include "backends/cpu/kernels/conv_s8/conv_s8.hpp"
#include "backends/cpu/kernels/deconv/deconv.hpp"
#include "backends/cpu/kernels/depthwise/depthwise.hpp"
#include "backends/cpu/kernels/depthwise_s8/depthwise_s8.hpp"
#include "backends/cpu/kernels/gemm/gemm.hpp"
#include "backends/cpu/kernels/kernel.hpp"
#include "backends/cpu/kernels/matrix_bf16/matrix_bf16.hpp"
#include "backends/cpu/kernels/matrix_s8/matrix_s8.hpp"
#include "backends/cpu/kernels/winograd/winograd.hpp"
#include "backends/cpu/kernels/winograd_s8/winograd_s8.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <optional>
#include <set>
#include <string>
#include <string_view>

namespace tenon::cpu {
namespace {

TEST(KernelRegistry, NamesAreUniqueAndEndWithTheirLevel) {
  std::set<std::string_view> names;
  for (const KernelInfo& kernel : kernel_registry().kernels()) {
    EXPECT_TRUE(names.insert(kernel.name).second) << kernel.name << " is listed twice";
    const std::string_view name = kernel.name;
    EXPECT_EQ(name.substr(0, name.find('_')),
              std::string_view(kernel.family).substr(0, std::string_view(kernel.family).find('_')));
    EXPECT_TRUE(name.ends_with("_" + std::string(isa_name(kernel.isa)))) << name;
  }
}

// Every family works on every machine.
TEST(KernelRegistry, EveryFamilyHasAPortableKernel) {
  std::set<std::string_view> families;
  std::set<std::string_view> portable;
  for (const KernelInfo& kernel : kernel_registry().kernels()) {
    families.insert(kernel.family);
    if (kernel.isa == Isa::portable) portable.insert(kernel.family);
  }
  EXPECT_FALSE(families.empty());
  EXPECT_EQ(families, portable);
}

// Run by CMakeLists.txt once for each level that has kernels of its own, with TENON_ISA set.
TEST(ForcedLevel, IsTheLevelOfTheSelectedKernels) {
  const char* forced = std::getenv("TENON_ISA");
  if (!forced) GTEST_SKIP() << "TENON_ISA is not set";
  const std::optional<Isa> level = parse_isa(forced);
  ASSERT_TRUE(level.has_value()) << forced;
  if (!isa_supported(*level)) GTEST_SKIP() << "this machine has no " << forced;
  EXPECT_EQ(isa(), *level);
  EXPECT_EQ(select_conv(isa())->info.isa, *level);
  EXPECT_EQ(select_conv_nchw(isa())->info.isa, *level);
  EXPECT_EQ(select_deconv(isa())->info.isa, *level);
  EXPECT_EQ(select_depthwise(isa())->info.isa, *level);
  EXPECT_EQ(select_gemm(isa())->info.isa, *level);
  EXPECT_EQ(select_winograd(isa())->info.isa, *level);
}

// The same for the kernels of integers.
TEST(ForcedS8Level, IsTheLevelOfTheSelectedKernels) {
  const char* forced = std::getenv("TENON_ISA");
  if (!forced) GTEST_SKIP() << "TENON_ISA is not set";
  const std::optional<Isa> level = parse_isa(forced);
  ASSERT_TRUE(level.has_value()) << forced;
  if (!isa_supported(*level)) GTEST_SKIP() << "this machine has no " << forced;
  EXPECT_EQ(select_conv_s8(isa())->info.isa, *level);
  EXPECT_EQ(select_depthwise_s8(isa())->info.isa, *level);
  EXPECT_EQ(select_winograd_s8(isa())->info.isa, *level);
}

// And for those of 16-bit floats, of which bf16 and chained f16 have a level more each.
TEST(ForcedHalfLevel, IsTheLevelOfTheSelectedKernels) {
  const char* forced = std::getenv("TENON_ISA");
  if (!forced) GTEST_SKIP() << "TENON_ISA is not set";
  const std::optional<Isa> level = parse_isa(forced);
  ASSERT_TRUE(level.has_value()) << forced;
  if (!isa_supported(*level)) GTEST_SKIP() << "this machine has no " << forced;
  EXPECT_EQ(select_conv_half(isa(), DataType::bf16)->info.isa, std::min(*level, Isa::avx512_bf16));
  EXPECT_EQ(select_conv_half_chained(isa())->info.isa, *level == Isa::avx512_bf16 ? Isa::avx512 : *level);
  EXPECT_EQ(select_conv_half(isa(), DataType::f16)->info.isa, std::min(*level, Isa::avx512));
}

// And for tiles of matrices, which bytes and bf16 have at different levels.
TEST(ForcedMatrixLevel, IsTheLevelOfTheSelectedKernel) {
  const char* forced = std::getenv("TENON_ISA");
  if (!forced) GTEST_SKIP() << "TENON_ISA is not set";
  const std::optional<Isa> level = parse_isa(forced);
  ASSERT_TRUE(level.has_value()) << forced;
  if (!isa_supported(*level)) GTEST_SKIP() << "this machine has no " << forced;
  EXPECT_EQ(select_matrix_s8(isa())->info.isa, *level == Isa::avx512_bf16 ? Isa::avx512_vnni : *level);
  EXPECT_EQ(select_matrix_bf16(isa())->info.isa, *level == Isa::avx512_vnni ? Isa::portable : *level);
}

struct Fake {
  KernelInfo info;
  int number;
};

TEST(BestKernel, TakesTheHighestLevelNotAboveTheOneGiven) {
  const Fake fakes[] = {{{"fake", "a", Isa::portable}, 0}, {{"fake", "b", detected_isa()}, 1}};
  const std::span<const Fake> all(fakes);
  EXPECT_EQ(best_kernel(all, detected_isa()), &fakes[detected_isa() == Isa::portable ? 0 : 1]);
  EXPECT_EQ(best_kernel(all, Isa::portable), &fakes[0]);
  EXPECT_EQ(best_kernel(all, detected_isa(), [](const Fake& f) { return f.number == 0; }), &fakes[0]);
  EXPECT_EQ(best_kernel(all, detected_isa(), [](const Fake& f) { return f.number == 2; }), nullptr);
}

TEST(BestKernel, LeavesOutWhatTheMachineCannotRun) {
  for (int i = 0; i < kIsaCount; ++i) {
    const auto level = static_cast<Isa>(i);
    const Fake fakes[] = {{{"fake", "a", Isa::portable}, 0}, {{"fake", "b", level}, 1}};
    const Fake* best = best_kernel(std::span<const Fake>(fakes), Isa::amx);
    ASSERT_NE(best, nullptr);
    EXPECT_TRUE(isa_supported(best->info.isa));
  }
}

}  // namespace
}  // namespace tenon::cpu
