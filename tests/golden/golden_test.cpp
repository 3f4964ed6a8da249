// Golden tests of passes: NAME.ir holds graphs split by lines "// -----", and a line "// pipeline: …";
// NAME.out.ir holds exactly what comes out. After a wanted change: tenon_golden_tests --update, then read the
// difference.
//
// Every pair is also evaluated on the reference backend: the graph before and after must compute the same.
#include "backends/ref/ref.hpp"
#include "base/random.hpp"
#include "base/text.hpp"
#include "ir/parser.hpp"
#include "ir/printer.hpp"
#include "ops/registry.hpp"
#include "passes/pipeline.hpp"
#include "support/paths.hpp"

#include <tenon/error.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <limits>
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

Evaluator evaluator() {
  return [](const Op& op, std::span<const Data> inputs, std::size_t outputs) {
    return ref::evaluate(op, inputs, outputs);
  };
}

// Symbols take the value 2, or what is nearest in their range.
Tensor random_input(Random& random, const TensorType& type, const SymbolRanges& ranges) {
  SymbolValues values;
  Shape shape;
  for (const Dim& dim : *type.dims) {
    for (const std::string& symbol : dim.symbols()) {
      const auto range = ranges.find(symbol);
      values[symbol] =
          range == ranges.end() ? 2 : std::clamp<std::int64_t>(2, range->second.min, range->second.max);
    }
    shape.push_back(dim.eval(values).value());
  }
  Tensor tensor(type.dtype, shape);
  switch (type.dtype) {
    case DataType::f32:
      for (float& value : tensor.mutable_values<float>()) value = random.uniform(-2, 2);
      break;
    case DataType::i64:
      for (std::int64_t& value : tensor.mutable_values<std::int64_t>()) value = random.between(0, 1);
      break;
    case DataType::boolean:
      for (bool& value : tensor.mutable_values<bool>()) value = random.one_in(2);
      break;
    default: ADD_FAILURE() << "no random values of " << name(type.dtype);
  }
  return tensor;
}

// Rewriting reorders sums and products of at most some dozens of terms.
constexpr float kReorderings = 64;

void expect_close(const Tensor& a, const Tensor& b) {
  ASSERT_EQ(a.dtype(), b.dtype());
  ASSERT_EQ(a.shape(), b.shape());
  if (a.dtype() != DataType::f32) {
    EXPECT_TRUE(a.identical(b));
    return;
  }
  float largest = 1;
  for (const float value : a.values<float>()) {
    if (std::isfinite(value)) largest = std::max(largest, std::fabs(value));
  }
  const float tolerance = kReorderings * std::numeric_limits<float>::epsilon() * largest;
  for (std::size_t i = 0; i < a.values<float>().size(); ++i) {
    const float x = a.values<float>()[i];
    const float y = b.values<float>()[i];
    if (x == y || (std::isnan(x) && std::isnan(y))) continue;
    ASSERT_LE(std::fabs(x - y), tolerance) << "element " << i << ": " << x << " became " << y;
  }
}

void expect_same_results(const Graph& before, const Graph& after) {
  Random random(1);
  std::vector<Data> inputs;
  for (const ValueId input : before.inputs()) {
    const TensorType& type = before.type(input).as_tensor();
    if (!type.dims) return;
    for (const Dim& dim : *type.dims) {
      if (dim.is_unknown()) return;
    }
    inputs.emplace_back(random_input(random, type, before.symbol_ranges()));
  }
  const auto expected = ref::evaluate(before, inputs);
  const auto found = ref::evaluate(after, inputs);
  ASSERT_EQ(expected.size(), found.size());
  for (std::size_t i = 0; i < expected.size(); ++i) {
    SCOPED_TRACE("output " + before.output_names()[i]);
    expect_close(expected[i].tensor(), found[i].tensor());
  }
}

std::string run_section(const std::string& section, const std::string& pipeline, const std::string& source) {
  const Graph before = parse(section, builtin_ops(), nullptr, source);
  Graph after = before;
  PipelineOptions options;
  options.evaluator = evaluator();
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

TEST(GoldenFiles, ThereIsOneForEveryRule) {
  for (const std::string& name : golden_names()) EXPECT_NE(name, "");
  EXPECT_GT(golden_names().size(), 10u);
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
