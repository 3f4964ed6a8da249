#include "unit/quant/observing.hpp"

#include <tenon/calibrate.hpp>
#include <tenon/error.hpp>

#include <bit>
#include <string>

namespace tenon::quant {
namespace {

std::string complaint(const std::string& text) {
  try {
    static_cast<void>(parse_calibration_cache(text));
  } catch (const ModelError& error) {
    return error.what();
  }
  return "no error";
}

TEST(CalibrationCache, ReadsWhatTensorRtWrote) {
  const std::string text =
      "TRT-8204-EntropyCalibration2\n"
      "inputT0: 3f4014c9\n"
      "(Unnamed Layer* 0) [PluginV2DynamicExt]_output_0: 3f4014c9\n"
      "input_1:0: 3c010a14\n"
      "(Unnamed Layer* 64) [Shuffle]_output: 0\n";
  const CalibrationCache cache = parse_calibration_cache(text);
  EXPECT_EQ(cache.rule.algorithm, CalibrationAlgorithm::entropy2);
  ASSERT_EQ(cache.scales.size(), 4U);
  EXPECT_EQ(cache.scales[1].first, "(Unnamed Layer* 0) [PluginV2DynamicExt]_output_0");
  EXPECT_EQ(cache.scales[2].first, "input_1:0");
  EXPECT_EQ(std::bit_cast<std::uint32_t>(cache.scales[2].second), 0x3c010a14U);
  EXPECT_EQ(cache.scales[3].second, 0.0F);
  EXPECT_EQ(cache.to_text(), text);
}

TEST(CalibrationCache, KnowsEveryHeader) {
  const auto rule = [](const std::string& header) {
    return to_string(parse_calibration_cache(header + "\nx: 3f800000\n").rule);
  };
  EXPECT_EQ(rule("TRT-5100-EntropyCalibration"), "entropy");
  EXPECT_EQ(rule("TRT-100300-EntropyCalibration2"), "entropy-2");
  EXPECT_EQ(rule("TRT-7103-MinMaxCalibration"), "min-max");
  EXPECT_EQ(rule("TRT-8602-LegacyCalibration"), "legacy:0.999999,1");
  EXPECT_EQ(rule("1"), "entropy");
  EXPECT_EQ(rule("03ff00000000000003feffffde7210be9"), "legacy:0.999999,1");
  EXPECT_EQ(rule("03fe00000000000003fec000000000000"), "legacy:0.875,0.5");
  EXPECT_EQ(rule("TRT-8602-EntropyCalibration2\r"), "entropy-2") << "line ends of Windows";
}

TEST(CalibrationCache, NamesTheLineThatIsWrong) {
  const auto says = [](const std::string& text, const std::string& part) {
    EXPECT_NE(complaint(text).find(part), std::string::npos) << complaint(text);
  };
  const std::string head = "TRT-8602-EntropyCalibration2\n";
  says("", "line 1: expected \"TRT-<version>-<algorithm>\"");
  says("TRT--EntropyCalibration2\n", "line 1");
  says("TRT-86x-EntropyCalibration2\n", "line 1");
  says("TRT-\n", "line 1");
  says("TRT-8602-OtherCalibration\n", "line 1");
  says("EntropyCalibration2\n", "line 1");
  says("0\n", "line 1");
  says("07ff00000000000003feffffde7210be9\n", "line 1");  // a cutoff of infinity
  says(head + "x 3f800000\n", "line 2: expected \"<tensor>: <scale>\"");
  says(head + ": 3f800000\n", "line 2: expected \"<tensor>: <scale>\"");
  says(head + "x: \n", "line 2: expected a scale");
  says(head + "x: 3f8000000\n", "line 2: expected a scale");
  says(head + "x: 3F800000\n", "line 2: expected a scale");
  says(head + "x: 0x3f8000\n", "line 2: expected a scale");
  says(head + "x: -1\n", "line 2: expected a scale");
  says(head + "x: 3f800000\ny: 7f800000\n", "line 3: expected the bits of a positive number");
  says(head + "y: 7fc00000\n", "line 2: expected the bits of a positive number");
  says(head + "y: bf800000\n", "line 2: expected the bits of a positive number");
  says(head + "x: 1\nx: 2\n", "line 3: expected every tensor once");
}

TEST(CalibrationCache, IsMadeOfATable) {
  CalibrationTable table = test::table_of({{-127.0F, 1.0F}}, CalibrationMode::order_independent);
  CalibratedTensor zeros = test::observed({{0.0F}}, CalibrationMode::order_independent);
  zeros.name = "zeros: all";
  table.tensors.push_back(zeros);
  const std::vector<CalibrationRule> rules = {parse_calibration_rule("min-max")};
  choose_ranges(table, rules);
  const CalibrationCache cache = make_calibration_cache(table, rules[0]);
  EXPECT_EQ(cache.to_text(), "TRT-101401-MinMaxCalibration\nx: 3f800000\nzeros: all: 0\n");
  EXPECT_EQ(parse_calibration_cache(cache.to_text()).scales, cache.scales);
  EXPECT_EQ(make_calibration_cache(table, rules[0], "TRT-8602-EntropyCalibration2").to_text(),
            "TRT-8602-EntropyCalibration2\nx: 3f800000\nzeros: all: 0\n");
  EXPECT_THROW(static_cast<void>(make_calibration_cache(table, parse_calibration_rule("mse"))), ModelError);
  EXPECT_THROW(static_cast<void>(make_calibration_cache(table, rules[0], "TRT-1-Other")), ModelError);
  table.tensors[0].name = "a\nb";
  EXPECT_THROW(static_cast<void>(make_calibration_cache(table, rules[0]).to_text()), ModelError);
}

}  // namespace
}  // namespace tenon::quant
