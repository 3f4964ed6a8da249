// Golden tests of passes: NAME.ir holds graphs split by lines "// -----", and a line "// pipeline: …";
// NAME.out.ir holds exactly what comes out. After a wanted change: tenon_golden_tests --update, then read the
// difference.
//
// Every pair is also evaluated on the reference backend: the graph before and after must compute the same.
#include "base/text.hpp"
#include "ir/parser.hpp"
#include "ir/printer.hpp"
#include "ops/registry.hpp"
#include "passes/pipeline.hpp"
#include "passes/rule.hpp"
#include "support/evaluate.hpp"
#include "support/paths.hpp"

#include <tenon/error.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace tenon::test {
namespace {

bool update_expected = false;

constexpr std::string_view kSeparator = "// -----\n";
constexpr std::string_view kPipelineLine = "// pipeline: ";

std::string read_file(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

std::vector<std::string> sections(std::string text) {
  std::vector<std::string> result;
  for (std::size_t at = 0;;) {
    const std::size_t end = text.find(kSeparator, at);
    result.push_back(text.substr(at, end == std::string::npos ? end : end - at));
    if (end == std::string::npos) return result;
    at = end + kSeparator.size();
  }
}

std::string leading_comments(const std::string& section) {
  std::string comments;
  std::istringstream lines(section);
  for (std::string line; std::getline(lines, line) && line.substr(0, 2) == "//";) comments += line + '\n';
  return comments;
}

std::string run_section(const std::string& section, const std::string& pipeline, const std::string& source) {
  const Graph before = parse(section, builtin_ops(), nullptr, source);
  Graph after = before;
  PipelineOptions options;
  options.evaluator = reference_evaluator();
  run_pipeline(after, parse_pipeline(pipeline), options);
  expect_same_results(before, after);
  return leading_comments(section) + print(after);
}

class Golden : public testing::TestWithParam<std::string> {};

TEST_P(Golden, GivesExactlyTheExpectedText) {
  const auto path = test_path("golden/" + GetParam() + ".ir");
  const auto expected_path = test_path("golden/" + GetParam() + ".out.ir");
  std::string pipeline;
  std::string result;
  for (const std::string& section : sections(read_file(path))) {
    const std::string comments = leading_comments(section);
    if (const std::size_t at = comments.find(kPipelineLine); at != std::string::npos) {
      const std::size_t start = at + kPipelineLine.size();
      pipeline = comments.substr(start, comments.find('\n', start) - start);
    }
    ASSERT_FALSE(pipeline.empty()) << path << " has no line '" << kPipelineLine << "'";
    if (!result.empty()) result += kSeparator;
    result += run_section(section, pipeline, path.filename().string());
  }
  if (update_expected) {
    std::ofstream(expected_path, std::ios::binary | std::ios::trunc) << result;
    return;
  }
  EXPECT_EQ(read_file(expected_path), result) << "run tenon_golden_tests --update if the new text is right";
}

std::vector<std::string> golden_names() {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(test_path("golden"))) {
    const std::string name = entry.path().filename().string();
    const bool output = name.size() > 7 && name.substr(name.size() - 7) == ".out.ir";
    if (entry.path().extension() == ".ir" && !output) names.push_back(entry.path().stem().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

INSTANTIATE_TEST_SUITE_P(Passes, Golden, testing::ValuesIn(golden_names()),
                         [](const testing::TestParamInfo<std::string>& test) { return test.param; });

TEST(GoldenFiles, EveryRuleHasOne) {
  std::string pipelines;
  for (const std::string& name : golden_names())
    pipelines += leading_comments(read_file(test_path("golden/" + name + ".ir")));
  for (const Rule& rule : builtin_rules().all()) {
    const bool named = pipelines.find(quote_literal(rule.name)) != std::string::npos;
    const bool by_group = rule.group == "fold" || rule.name == "lower_batch_norm" || rule.group == "fuse" ||
                          rule.group == "pointwise" || rule.group == "move_quantization" ||
                          rule.group == "quantize" || rule.group == "quantize_open" ||
                          rule.group == "drop_rounding";
    EXPECT_TRUE(named || by_group) << rule.name;
  }
}

}  // namespace
}  // namespace tenon::test

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  for (int i = 1; i < argc; ++i) {
    if (std::string_view(argv[i]) == "--update") tenon::test::update_expected = true;
  }
  return RUN_ALL_TESTS();
}
