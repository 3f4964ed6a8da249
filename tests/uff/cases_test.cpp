// UFF files that cover every operation (make_cases.py writes them), against values computed with numpy.
#include "importers/uff/registry.hpp"
#include "support/format_cases.hpp"

#include <gtest/gtest.h>

namespace tenon::test {
namespace {

constexpr const char* kFolder = "TENON_UFF_CASES";

TEST(UffDocumentation, ListsEveryOperation) {
  std::set<std::string> known = {"Input", "MarkOutput"};  // the importer's own
  for (const std::string& operation : uff::registry().names()) known.insert(operation);
  EXPECT_EQ(documented_operations("uff.md"), known);
}

class UffCases : public testing::Test {
 protected:
  void SetUp() override {
    cases_ = format_cases(kFolder);
    if (cases_.empty()) GTEST_SKIP() << kFolder << " names no folder: make_cases.py fills one";
  }
  std::vector<FormatCase> cases_;
};

TEST_F(UffCases, CoverEveryOperation) {
  const std::set<std::string> covered = covered_operations(kFolder);
  for (const std::string& operation : uff::registry().names())
    EXPECT_TRUE(covered.contains(operation)) << operation;
}

TEST_F(UffCases, OnTheReferenceBackend) {
  for (const FormatCase& one : cases_) expect_reference_results(one);
}

TEST_F(UffCases, OptimizedAndReloaded) {
  for (const FormatCase& one : cases_) expect_engine_results(one);
}

}  // namespace
}  // namespace tenon::test
