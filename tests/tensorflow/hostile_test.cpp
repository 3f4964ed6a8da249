// Files that are made to hurt end in an error, soon and without taking memory.
#include "importers/tensorflow/import.hpp"
#include "tensorflow/graph_writer.hpp"

#include <tenon/error.hpp>

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <span>
#include <string>

// GCC says it by a macro, clang by a feature.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define TENON_TEST_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define TENON_TEST_SANITIZED 1
#endif
#endif

namespace tenon::test {
namespace {

#ifdef TENON_TEST_SANITIZED
constexpr bool kMeasures = false;
#else
constexpr bool kMeasures = true;
#endif

long peak_kilobytes() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return usage.ru_maxrss;
}

// The message; "" when the import succeeds. Sanitizers take time and memory of their own.
std::string hostile_import(const std::string& bytes) {
  const long before = peak_kilobytes();
  std::string message;
  try {
    import_tensorflow(std::as_bytes(std::span(bytes)));
  } catch (const ModelError& error) {
    message = error.what();
  }
  if (kMeasures) {
    constexpr long kMostKilobytes = 200 * 1024;
    EXPECT_LT(peak_kilobytes() - before, kMostKilobytes);
  }
  return message;
}

TEST(TensorFlowHostile, FunctionsThatUnfold) {
  GraphWriter writer;
  writer.placeholder("x", {2}).node("y", "f0", {"x"});
  for (int i = 0; i < 40; ++i) {
    const std::string inner = fmt::format("f{}", i + 1);
    GraphWriter body;
    body.node("a", inner, {"arg"}).node("b", inner, {"a:out:0"});
    writer.function(fmt::format("f{}", i), {"arg"}, {{"out", "b:out:0"}}, body);
  }
  GraphWriter last;
  last.node("a", "Relu", {"arg"});
  writer.function("f40", {"arg"}, {{"out", "a:activations:0"}}, last);
  EXPECT_NE(hostile_import(writer.graph()).find("unfold to more than"), std::string::npos);
}

TEST(TensorFlowHostile, FunctionsThatNestOrCallThemselves) {
  GraphWriter writer;
  writer.placeholder("x", {2}).node("y", "f0", {"x"});
  constexpr int kDeep = 3000;
  for (int i = 0; i < kDeep; ++i) {
    GraphWriter body;
    body.node("a", fmt::format("f{}", i + 1 == kDeep ? 0 : i + 1), {"arg"});
    writer.function(fmt::format("f{}", i), {"arg"}, {{"out", "a:out:0"}}, body);
  }
  EXPECT_NE(hostile_import(writer.graph()).find("nested more than"), std::string::npos);
  GraphWriter itself;
  GraphWriter body;
  body.node("a", "f", {"arg"});
  itself.placeholder("x", {2}).node("y", "f", {"x"}).function("f", {"arg"}, {{"out", "a:out:0"}}, body);
  EXPECT_NE(hostile_import(itself.graph()).find("calls itself"), std::string::npos);
}

TEST(TensorFlowHostile, ChainsAreNoRecursion) {
  GraphWriter writer;
  writer.placeholder("x", {2});
  std::string last = "x";
  for (int i = 0; i < 20000; ++i) {
    writer.node(fmt::format("n{}", i), "Relu", {last});
    last = fmt::format("n{}", i);
  }
  EXPECT_EQ(hostile_import(writer.graph()), "");
}

TEST(TensorFlowHostile, NestedConditions) {
  GraphWriter writer;
  writer.placeholder("x", {2});
  std::string last = "x";
  constexpr int kDeep = 2000;
  for (int i = 0; i < kDeep; ++i) {
    writer.placeholder(fmt::format("p{}", i), {}, kBoolType);
    writer.node(fmt::format("s{}", i), "Switch", {last, fmt::format("p{}", i)});
    last = fmt::format("s{}:1", i);
  }
  for (int i = kDeep - 1; i >= 0; --i) {
    writer.node(fmt::format("m{}", i), "Merge", {fmt::format("s{}:0", i), last});
    last = fmt::format("m{}", i);
  }
  EXPECT_NE(hostile_import(writer.graph()).find("nested more than"), std::string::npos);
}

TEST(TensorFlowHostile, NestedLoops) {
  GraphWriter writer;
  writer.placeholder("x", {2}).placeholder("p", {}, kBoolType);
  std::string last = "x";
  constexpr int kDeep = 300;
  const auto name = [](const char* what, int i) { return fmt::format("{}{}", what, i); };
  for (int i = 0; i < kDeep; ++i) {
    const Attribute frame = string_attr("frame_name", name("frame", i));
    writer.node(name("e", i), "Enter", {last}, {frame})
        .node(name("q", i), "Enter", {i == 0 ? "p" : name("q", i - 1)}, {frame});
    writer.node(name("m", i), "Merge", {name("e", i), name("n", i)})
        .node(name("c", i), "LoopCond", {name("q", i)});
    writer.node(name("s", i), "Switch", {name("m", i), name("c", i)})
        .node(name("o", i), "Exit", {name("s", i)});
    last = fmt::format("s{}:1", i);
  }
  for (int i = kDeep - 1; i >= 0; --i) {
    writer.node(name("n", i), "NextIteration", {last});
    last = name("o", i);
  }
  writer.node("y", "Neg", {last});
  EXPECT_NE(hostile_import(writer.graph()).find("nested more than"), std::string::npos);
}

TEST(TensorFlowHostile, SizesThatNobodyHas) {
  constexpr std::int64_t kHuge = std::int64_t{1} << 40;
  GraphWriter writer;
  writer.placeholder("x", {1, 8, 8, 1}).floats("w", {1, 1, 1, 1}, {1});
  writer.node("conv", "Conv2D", {"x", "w"},
              {string_attr("padding", "SAME"), ints_attr("strides", {1, kHuge, kHuge, 1})});
  writer.node("pool", "MaxPool", {"x"},
              {string_attr("padding", "VALID"), ints_attr("ksize", {1, kHuge, 1, 1}),
               ints_attr("strides", {1, 1, 1, 1})});
  writer.node("parts", "Unpack", {"x"}, {int_attr("num", kHuge), int_attr("axis", 0)});
  writer.node("split", "Split", {"zero", "x"}, {int_attr("num_split", kHuge)}).ints("zero", {}, {0});
  const std::string message = hostile_import(writer.graph());
  for (const char* node : {"'conv'", "'pool'", "'parts'", "'split'"})
    EXPECT_NE(message.find(node), std::string::npos) << node << "\n" << message;
}

}  // namespace
}  // namespace tenon::test
