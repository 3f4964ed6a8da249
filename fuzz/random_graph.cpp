// Graphs decided by the fuzzer: the bytes are the choices of the generator of tests/random, so what the
// fuzzer learns are graphs that reach new code. All of them are valid; an exception is a finding, and so is a
// result that differs from the reference backend's.
#include "ir/printer.hpp"
#include "random/differential.hpp"

#include <fmt/format.h>

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>

namespace {

constexpr std::size_t kSize = 8;

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::size_t position = 0;
  std::uint64_t seed = size + 1;
  // Two bytes a choice; when they run out, all choices are the first one.
  const auto choose = [&](std::uint32_t bound) -> std::uint32_t {
    if (position + 2 > size) return 0;
    const std::uint32_t drawn = data[position] | static_cast<std::uint32_t>(data[position + 1]) << 8;
    position += 2;
    seed = seed * 31 + drawn;
    return drawn % bound;
  };
  const tenon::test::RandomGraph random = tenon::test::random_graph(choose, kSize);
  const std::string failure = tenon::test::check_everything(random, seed);
  if (!failure.empty()) {
    fmt::print(stderr, "{}\n{}\n", failure, tenon::print(random.graph));
    std::abort();
  }
  return 0;
}
