// tenon_peaks [--json]: what this machine can do, on one thread and on all cores.
#include "peaks/peak.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstdio>
#include <string_view>
#include <vector>

namespace tenon::bench {
namespace {

struct Line {
  std::string what;
  const char* unit;
  double one = 0, all = 0;
};

std::vector<Line> measure(int threads) {
  std::vector<Line> lines;
  for (const Isa level : {Isa::portable, Isa::avx2, Isa::avx512}) {
    if (!isa_supported(level)) continue;
    lines.push_back({fmt::format("fma {}", isa_name(level)), "GFLOP/s", peak_flops(level, 1) * 1e-9,
                     peak_flops(level, threads) * 1e-9});
  }
  for (const Isa level : {Isa::avx2_vnni, Isa::avx512_vnni, Isa::avx512_bf16, Isa::avx512_fp16, Isa::amx}) {
    if (const double one = peak_dot_ops(level, 1); one > 0) {
      lines.push_back({fmt::format("dot {}", isa_name(level)),
                       level == Isa::avx512_bf16 || level == Isa::avx512_fp16 ? "GFLOP/s" : "GOP/s",
                       one * 1e-9, peak_dot_ops(level, threads) * 1e-9});
    }
  }
  const CpuInfo& cpu = cpu_info();
  const auto add_read = [&](const char* what, std::size_t alone, std::size_t together) {
    lines.push_back({fmt::format("read {}", what), "GB/s", read_bandwidth(alone, 1) * 1e-9,
                     read_bandwidth(together, threads) * 1e-9});
  };
  const std::size_t beyond_l2 = cpu.l3_bytes > 4 * cpu.l2_bytes ? cpu.l3_bytes / 2 : 0;
  add_read("L1", cpu.l1d_bytes / 2, cpu.l1d_bytes / 2);
  add_read("L2", cpu.l2_bytes / 2, cpu.l2_bytes / 2);
  if (beyond_l2 > 0) {
    const auto each = beyond_l2 / static_cast<std::size_t>(threads);
    add_read("L3", beyond_l2, std::max(each, 2 * cpu.l2_bytes));
  }
  const std::size_t beyond_all = 8 * std::max(cpu.l3_bytes, cpu.l2_bytes);
  add_read("memory", beyond_all, beyond_all / static_cast<std::size_t>(threads));
  return lines;
}

int run(bool as_json) {
  const int threads = cpu_info().physical_cores;
  const std::vector<Line> lines = measure(threads);
  if (as_json) {
    nlohmann::ordered_json json{{"cpu", cpu_info().model()}, {"threads", threads}};
    json["sizes"] = {{"L1", cpu_info().l1d_bytes}, {"L2", cpu_info().l2_bytes}, {"L3", cpu_info().l3_bytes}};
    for (const Line& line : lines) {
      json["peaks"][line.what] = {{"unit", line.unit}, {"one", line.one}, {"all", line.all}};
    }
    std::puts(json.dump(1).c_str());
    return 0;
  }
  fmt::print("{:<16} {:>10} {:>12}\n", cpu_info().model(), "1 thread", fmt::format("{} threads", threads));
  for (const Line& line : lines) {
    fmt::print("{:<16} {:>10.1f} {:>12.1f} {}\n", line.what, line.one, line.all, line.unit);
  }
  return 0;
}

}  // namespace
}  // namespace tenon::bench

int main(int argc, char** argv) {
  if (argc > 2 || (argc == 2 && std::string_view(argv[1]) != "--json")) {
    std::fputs("tenon_peaks [--json]: measures what this machine can do\n", stderr);
    return 1;
  }
  return tenon::bench::run(argc == 2);
}
