// Random graphs, checked for as long as TENON_RANDOM_GRAPH_SECONDS says. A failure is shrunk and printed with
// what repeats it: TENON_TEST_SEED=… and one graph.
#include "ir/printer.hpp"
#include "random/differential.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cstdlib>
#include <random>

namespace tenon::test {
namespace {

constexpr std::size_t kSize = 14;
constexpr int kMostFailures = 3;

std::optional<std::uint64_t> number(const char* variable) {
  const char* text = std::getenv(variable);
  if (text == nullptr) return std::nullopt;
  return std::strtoull(text, nullptr, 10);
}

std::string failure(std::uint64_t seed, std::size_t size) {
  try {
    return check_everything(random_graph(seed, size), seed);
  } catch (const std::exception& error) {
    return fmt::format("building the graph: {}", error.what());
  }
}

std::string describe(std::uint64_t seed, std::size_t size) {
  std::string text = failure(seed, size);
  try {
    const RandomGraph random = random_graph(seed, size);
    text += fmt::format("\n{}\n{}", fmt::join(random.productions, ", "), print(random.graph));
  } catch (const std::exception&) {
  }
  return text;
}

TEST(RandomGraphs, AgreeEverywhere) {
  const std::optional<std::uint64_t> given = number("TENON_TEST_SEED");
  const std::uint64_t first = given ? *given : std::random_device{}();
  const std::chrono::seconds limit(number("TENON_RANDOM_GRAPH_SECONDS").value_or(8));
  const auto start = std::chrono::steady_clock::now();
  std::uint64_t seed = first;
  int failures = 0;
  do {
    if (!failure(seed, kSize).empty()) {
      std::size_t size = 0;
      while (size < kSize && failure(seed, size).empty()) ++size;
      ADD_FAILURE() << "TENON_TEST_SEED=" << seed << ", shrunk to " << size << " operators:\n"
                    << describe(seed, size);
      ++failures;
    }
    ++seed;
  } while (failures < kMostFailures && std::chrono::steady_clock::now() - start < limit);
  RecordProperty("graphs", std::to_string(seed - first));
}

// The generator itself: the same choices give the same graph, and a smaller size its beginning.
TEST(RandomGraphs, AreRepeatable) {
  const RandomGraph once = random_graph(7, 10);
  EXPECT_TRUE(once.graph == random_graph(7, 10).graph);
  const RandomGraph beginning = random_graph(7, 5);
  ASSERT_LE(beginning.productions.size(), once.productions.size());
  EXPECT_TRUE(
      std::equal(beginning.productions.begin(), beginning.productions.end(), once.productions.begin()));
}

}  // namespace
}  // namespace tenon::test
