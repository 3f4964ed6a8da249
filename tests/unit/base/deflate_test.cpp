#include "base/deflate.hpp"

#include "base/random.hpp"

#include <tenon/error.hpp>

#include <gtest/gtest.h>

#include <span>
#include <string_view>
#include <vector>

namespace tenon {
namespace {

std::vector<std::byte> bytes_of(std::string_view text) {
  const auto bytes = std::as_bytes(std::span(text));
  return {bytes.begin(), bytes.end()};
}

TEST(Deflate, RoundTrips) {
  std::vector<std::vector<std::byte>> cases = {
      {}, bytes_of("a"), bytes_of("abc"), bytes_of("abcabcabcabcab")};
  Random random(1);
  for (const std::size_t size : {std::size_t{100}, std::size_t{70000}}) {
    std::vector<std::byte>& noise = cases.emplace_back(size);
    for (std::byte& byte : noise) byte = static_cast<std::byte>(random());
  }
  cases.emplace_back(100000);  // zeros
  for (const auto& plain : cases) {
    const std::vector<std::byte> packed = deflate(plain);
    EXPECT_EQ(inflate(packed, plain.size()), plain) << plain.size() << " bytes";
    EXPECT_THROW(static_cast<void>(inflate(packed, plain.size() + 1)), ModelError) << plain.size();
  }
  EXPECT_LT(deflate(cases.back()).size(), 1000u);
}

TEST(Deflate, CutOffStreamsAreRefused) {
  std::vector<std::byte> packed = deflate(bytes_of("what is cut off is not all of what there was"));
  packed.resize(packed.size() / 2);
  EXPECT_THROW(static_cast<void>(inflate(packed, 44)), ModelError);
}

}  // namespace
}  // namespace tenon
