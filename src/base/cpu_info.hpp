// What the processor can do.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace tenon {

// The levels kernels are written for, in ascending order of preference. The order is not strict inclusion: a
// machine may have AVX-512 without the VNNI form of AVX2, so ask isa_enabled() whether a level's kernels may
// run.
enum class Isa { portable, avx2, avx2_vnni, avx512, avx512_vnni, avx512_bf16, avx512_fp16, amx };
inline constexpr int kIsaCount = 8;

std::string_view isa_name(Isa isa) noexcept;
std::optional<Isa> parse_isa(std::string_view name) noexcept;

// Whether this machine, and its operating system, run code of this level.
bool isa_supported(Isa isa) noexcept;

// The highest level this machine supports.
Isa detected_isa() noexcept;

// The highest level to use: detected_isa() unless the knob TENON_ISA caps it. A value above the machine is a
// ModelError.
Isa isa();

// isa_supported(level) and level <= isa().
bool isa_enabled(Isa level);

struct CpuInfo {
  std::size_t l1d_bytes = 0;  // per core
  std::size_t l2_bytes = 0;   // per core
  std::size_t l3_bytes = 0;   // the one this core shares, 0 if there is none
  int physical_cores = 1;
  int usable_threads = 1;  // logical processors this process may run on
  std::string_view model() const noexcept { return model_name; }

  char model_name[64] = {};  // e.g. "AMD EPYC 9R14", zero-terminated; empty where unknown
};

// Detected once; sizes that the system does not tell are set to 32 KiB (L1d) and 512 KiB (L2).
const CpuInfo& cpu_info() noexcept;

}  // namespace tenon
