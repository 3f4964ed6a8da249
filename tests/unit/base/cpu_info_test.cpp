#include "base/cpu_info.hpp"

#include "base/knobs.hpp"

#include <tenon/error.hpp>

#include <gtest/gtest.h>

#include <string>

namespace tenon {
namespace {

TEST(Isa, NamesRoundTrip) {
  for (int index = 0; index < kIsaCount; ++index) {
    const auto level = static_cast<Isa>(index);
    EXPECT_EQ(parse_isa(isa_name(level)), level);
  }
  EXPECT_EQ(parse_isa("sse9"), std::nullopt);
}

TEST(Isa, DetectedIsSupportedAndKnobCapsIt) {
  EXPECT_TRUE(isa_supported(Isa::portable));
  EXPECT_TRUE(isa_supported(detected_isa()));
  {
    const ScopedKnob knob("isa", "portable");
    EXPECT_EQ(isa(), Isa::portable);
    for (int index = 1; index < kIsaCount; ++index) EXPECT_FALSE(isa_enabled(static_cast<Isa>(index)));
  }
  const ScopedKnob knob("isa", std::string(isa_name(detected_isa())));
  EXPECT_EQ(isa(), detected_isa());
  EXPECT_TRUE(isa_enabled(detected_isa()));
}

TEST(Isa, ABadKnobIsTheCallersError) {
  {
    const ScopedKnob knob("isa", "sse9");
    EXPECT_THROW(isa(), ModelError);
  }
  for (int index = 0; index < kIsaCount; ++index) {
    const auto level = static_cast<Isa>(index);
    const ScopedKnob knob("isa", std::string(isa_name(level)));
    if (isa_supported(level)) {
      EXPECT_EQ(isa(), level);
    } else {
      EXPECT_THROW(isa(), ModelError) << isa_name(level);
    }
  }
}

#if defined(__x86_64__)
TEST(Isa, AgreesWithTheCompilersDetection) {
  EXPECT_EQ(isa_supported(Isa::avx2), __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"));
  EXPECT_EQ(isa_supported(Isa::avx512),
            __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq"));
}
#endif

TEST(CpuInfo, IsPlausible) {
  const CpuInfo& info = cpu_info();
  EXPECT_GE(info.l1d_bytes, 4096u);
  EXPECT_GE(info.l2_bytes, info.l1d_bytes);
  EXPECT_GE(info.physical_cores, 1);
  EXPECT_GE(info.usable_threads, info.physical_cores);
}

}  // namespace
}  // namespace tenon
