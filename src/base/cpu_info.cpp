#include "base/cpu_info.hpp"

#include "base/check.hpp"
#include "base/knobs.hpp"

#include <fmt/format.h>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <set>
#include <string>
#include <utility>

#if defined(__x86_64__)
#include <cpuid.h>
#endif

namespace tenon {

namespace {

constexpr std::array<std::string_view, kIsaCount> kIsaNames = {
    "portable", "avx2", "avx2_vnni", "avx512", "avx512_vnni", "avx512_bf16", "avx512_fp16", "amx"};

using IsaSet = std::array<bool, kIsaCount>;

#if defined(__x86_64__)

struct CpuidLeaf {
  unsigned a = 0, b = 0, c = 0, d = 0;
};

CpuidLeaf cpuid_leaf(unsigned leaf, unsigned subleaf) noexcept {
  CpuidLeaf r;
  if (__get_cpuid_count(leaf, subleaf, &r.a, &r.b, &r.c, &r.d) == 0) return {};
  return r;
}

constexpr bool has_bit(unsigned word, int index) noexcept { return ((word >> index) & 1u) != 0; }

// Which register states the operating system saves (XCR0).
std::uint64_t enabled_states() noexcept {
  std::uint32_t low = 0;
  std::uint32_t high = 0;
  __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return (static_cast<std::uint64_t>(high) << 32) | low;
}

// Linux hands out the AMX tile registers on request, once per process.
bool request_amx_tiles() noexcept {
  constexpr long kRequestPermission = 0x1023;  // ARCH_REQ_XCOMP_PERM
  constexpr long kTileData = 18;               // XFEATURE_XTILEDATA
  return syscall(SYS_arch_prctl, kRequestPermission, kTileData) == 0;
}

IsaSet detect_isas() noexcept {
  IsaSet has{};
  has[static_cast<int>(Isa::portable)] = true;
  const CpuidLeaf leaf1 = cpuid_leaf(1, 0);
  if (!has_bit(leaf1.c, 27)) return has;  // OSXSAVE: without it xgetbv faults
  const std::uint64_t states = enabled_states();
  constexpr std::uint64_t kAvxStates = 0x6;
  constexpr std::uint64_t kAvx512States = 0xE6;
  constexpr std::uint64_t kAmxStates = 0x60000;

  const CpuidLeaf leaf7 = cpuid_leaf(7, 0);
  const CpuidLeaf leaf7_1 = leaf7.a >= 1 ? cpuid_leaf(7, 1) : CpuidLeaf{};
  const bool avx2 = (states & kAvxStates) == kAvxStates && has_bit(leaf1.c, 28) && has_bit(leaf1.c, 12) &&
                    has_bit(leaf1.c, 29) && has_bit(leaf7.b, 5);  // AVX, FMA, F16C, AVX2
  bool avx512 = avx2 && (states & kAvx512States) == kAvx512States;
  for (const int index : {16, 17, 28, 30, 31})
    avx512 = avx512 && has_bit(leaf7.b, index);  // F, DQ, CD, BW, VL
  const bool vnni = avx512 && has_bit(leaf7.c, 11);
  const bool bf16 = vnni && has_bit(leaf7_1.a, 5);
  const bool fp16 = bf16 && has_bit(leaf7.d, 23);
  const bool amx = fp16 && (states & kAmxStates) == kAmxStates && has_bit(leaf7.d, 22) &&
                   has_bit(leaf7.d, 24) && has_bit(leaf7.d, 25) && request_amx_tiles();  // BF16, TILE, INT8

  has[static_cast<int>(Isa::avx2)] = avx2;
  has[static_cast<int>(Isa::avx2_vnni)] = avx2 && has_bit(leaf7_1.a, 4);
  has[static_cast<int>(Isa::avx512)] = avx512;
  has[static_cast<int>(Isa::avx512_vnni)] = vnni;
  has[static_cast<int>(Isa::avx512_bf16)] = bf16;
  has[static_cast<int>(Isa::avx512_fp16)] = fp16;
  has[static_cast<int>(Isa::amx)] = amx;
  return has;
}

void read_model_name(char (&name)[64]) noexcept {
  if (cpuid_leaf(0x80000000u, 0).a < 0x80000004u) return;
  char raw[49] = {};
  for (unsigned part = 0; part < 3; ++part) {
    const CpuidLeaf leaf = cpuid_leaf(0x80000002u + part, 0);
    std::memcpy(raw + 16 * part, &leaf, 16);
  }
  const std::size_t begin = std::strspn(raw, " ");
  std::size_t end = std::strlen(raw);
  while (end > begin && raw[end - 1] == ' ') --end;
  std::memcpy(name, raw + begin, end - begin);
}

#else

IsaSet detect_isas() noexcept {
  IsaSet has{};
  has[static_cast<int>(Isa::portable)] = true;
  return has;
}

void read_model_name(char (&)[64]) noexcept {}

#endif

const IsaSet& supported_isas() noexcept {
  static const IsaSet set = detect_isas();
  return set;
}

// The first word of a file below /sys/devices/system/cpu, or an empty string.
std::string read_sys(const std::string& path) {
  char text[64] = {};
  if (std::FILE* file = std::fopen(("/sys/devices/system/cpu/" + path).c_str(), "r")) {
    if (std::fscanf(file, "%63s", text) != 1) text[0] = '\0';
    std::fclose(file);
  }
  return text;
}

std::size_t parse_size(const std::string& text) {
  char unit = 0;
  unsigned long long value = 0;
  if (std::sscanf(text.c_str(), "%llu%c", &value, &unit) < 1) return 0;
  const std::size_t factor = unit == 'K' ? 1024 : unit == 'M' ? 1024 * 1024 : 1;
  return static_cast<std::size_t>(value) * factor;
}

void read_caches(CpuInfo& info) {
  for (int index = 0; index < 8; ++index) {
    const std::string folder = fmt::format("cpu0/cache/index{}/", index);
    const std::string level = read_sys(folder + "level");
    if (level.empty()) break;
    const std::size_t bytes = parse_size(read_sys(folder + "size"));
    if (level == "1" && read_sys(folder + "type") == "Data") info.l1d_bytes = bytes;
    if (level == "2") info.l2_bytes = bytes;
    if (level == "3") info.l3_bytes = bytes;
  }
  if (info.l1d_bytes == 0) info.l1d_bytes = 32 * 1024;
  if (info.l2_bytes == 0) info.l2_bytes = 512 * 1024;
}

void read_topology(CpuInfo& info) {
  constexpr std::size_t kMostCpus = 8192;
  cpu_set_t* allowed = CPU_ALLOC(kMostCpus);
  const std::size_t bytes = CPU_ALLOC_SIZE(kMostCpus);
  if (allowed == nullptr || sched_getaffinity(0, bytes, allowed) != 0) {
    info.usable_threads = info.physical_cores = static_cast<int>(std::max(1L, sysconf(_SC_NPROCESSORS_ONLN)));
  } else {
    info.usable_threads = CPU_COUNT_S(bytes, allowed);
    std::set<std::pair<std::string, std::string>> cores;
    bool known = true;
    for (std::size_t cpu = 0; cpu < kMostCpus && known; ++cpu) {
      if (!CPU_ISSET_S(cpu, bytes, allowed)) continue;
      const std::string folder = fmt::format("cpu{}/topology/", cpu);
      std::string core = read_sys(folder + "core_id");
      known = !core.empty();
      cores.emplace(read_sys(folder + "physical_package_id"), std::move(core));
    }
    info.physical_cores = known ? static_cast<int>(cores.size()) : info.usable_threads;
  }
  if (allowed != nullptr) CPU_FREE(allowed);
}

}  // namespace

std::string_view isa_name(Isa isa) noexcept { return kIsaNames[static_cast<std::size_t>(isa)]; }

std::optional<Isa> parse_isa(std::string_view name) noexcept {
  for (int index = 0; index < kIsaCount; ++index) {
    if (kIsaNames[static_cast<std::size_t>(index)] == name) return static_cast<Isa>(index);
  }
  return std::nullopt;
}

bool isa_supported(Isa isa) noexcept { return supported_isas()[static_cast<std::size_t>(isa)]; }

Isa detected_isa() noexcept {
  int best = 0;
  for (int index = 0; index < kIsaCount; ++index) {
    if (isa_supported(static_cast<Isa>(index))) best = index;
  }
  return static_cast<Isa>(best);
}

Isa isa() {
  // Every step asks for the level when it is created; what it asks of cpu_info() in a run must not allocate.
  static_cast<void>(cpu_info());
  const std::string wanted = knobs::isa();
  if (wanted.empty()) return detected_isa();
  const std::optional<Isa> level = parse_isa(wanted);
  TENON_REQUIRE(level.has_value(), "TENON_ISA is '{}': expected one of {}", wanted,
                fmt::join(kIsaNames, ", "));
  TENON_REQUIRE(isa_supported(*level), "TENON_ISA is '{}', but this machine has {} at most", wanted,
                isa_name(detected_isa()));
  return *level;
}

bool isa_enabled(Isa level) { return isa_supported(level) && level <= isa(); }

const CpuInfo& cpu_info() noexcept {
  static const CpuInfo info = [] {
    CpuInfo result;
    read_model_name(result.model_name);
    read_caches(result);
    read_topology(result);
    return result;
  }();
  return info;
}

}  // namespace tenon
