#include "importers/format.hpp"

#include "support/paths.hpp"

#include <tenon/error.hpp>

#include <gtest/gtest.h>

#include <fstream>

namespace tenon {
namespace {

bool starts_with_q(const std::filesystem::path&, std::string_view head) { return head.starts_with('q'); }

Graph nothing(const std::filesystem::path&, const ImportOptions&) { return Graph(); }

class Formats : public testing::Test {
 protected:
  Formats() {
    registry_.add({"fallback", {".f"}, {}, nullptr, nothing});
    registry_.add({"by name", {".x"}, {}, nullptr, nothing});
    registry_.add({"by content", {".x", ".q"}, {}, starts_with_q, nothing});
  }

  std::string_view found(std::string_view name, std::string_view content) {
    const auto path = directory_ / name;
    std::ofstream(path) << content;
    return registry_.find(path)->name;
  }

  test::TempDir directory_;
  FormatRegistry registry_;
};

TEST_F(Formats, AreJudgedByExtensionAndContent) {
  EXPECT_EQ(found("a.x", "abc"), "by name");
  EXPECT_EQ(found("a.X", "abc"), "by name");
  EXPECT_EQ(found("a.q", "qed"), "by content");
  EXPECT_EQ(found("a", "qed"), "by content");
  EXPECT_EQ(found("a.q", "abc"), "by content");
  EXPECT_EQ(found("a.f", "abc"), "fallback");
  EXPECT_EQ(found("a", "abc"), "fallback");
}

TEST_F(Formats, FindNoneForAnOrdinaryDirectory) {
  EXPECT_EQ(registry_.find(directory_.path()), nullptr);
  EXPECT_THROW(registry_.find(directory_ / "none"), ModelError);
}

std::string refusal(const ModelFormat& format, const ImportOptions& options) {
  try {
    check_options(format, options);
  } catch (const ModelError& error) {
    return error.message();
  }
  return {};
}

TEST(FormatOptions, AreRefusedWhereTheyMeanNothing) {
  const ModelFormat format{"X", {}, {ImportOption::mean, ImportOption::input_shapes}, nullptr, nothing};
  ImportOptions options;
  EXPECT_EQ(refusal(format, options), "");
  options.mean = "m";
  options.input_shapes["x"] = {-1, 3};
  EXPECT_EQ(refusal(format, options), "");
  options.input_shapes["x"] = {-2, 3};
  EXPECT_EQ(refusal(format, options), "the shape given for input 'x' has the dim -2");
  options.outputs = {"y"};
  EXPECT_EQ(refusal(format, options), "a model in the format X takes no choice of outputs");
}

}  // namespace
}  // namespace tenon
