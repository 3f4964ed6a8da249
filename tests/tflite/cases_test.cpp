// TensorFlow Lite files that cover every operator (make_cases.py writes them), against values computed with
// numpy.
#include "importers/tflite/registry.hpp"
#include "support/format_cases.hpp"

#include <gtest/gtest.h>

namespace tenon::test {
namespace {

constexpr const char* kFolder = "TENON_TFLITE_CASES";

TEST(TfliteDocumentation, ListsEveryOperator) {
  std::set<std::string> known;
  for (const std::string_view name : tflite::registry().names()) known.emplace(name);
  EXPECT_EQ(documented_operations("tflite.md"), known);
}

class TfliteCases : public testing::Test {
 protected:
  void SetUp() override {
    cases_ = format_cases(kFolder);
    if (cases_.empty()) GTEST_SKIP() << kFolder << " names no folder: make_cases.py fills one";
  }
  std::vector<FormatCase> cases_;
};

TEST_F(TfliteCases, CoverEveryOperator) {
  std::set<std::string_view> covered;
  for (const std::string& code : covered_operations(kFolder)) {
    const tflite::Converter* converter = tflite::registry().find(std::stoi(code));
    ASSERT_NE(converter, nullptr) << code;
    covered.insert(converter->name);
  }
  for (const std::string_view name : tflite::registry().names()) EXPECT_TRUE(covered.contains(name)) << name;
}

TEST_F(TfliteCases, OnTheReferenceBackend) {
  for (const FormatCase& one : cases_) expect_reference_results(one);
}

TEST_F(TfliteCases, OptimizedAndReloaded) {
  for (const FormatCase& one : cases_) expect_engine_results(one);
}

}  // namespace
}  // namespace tenon::test
