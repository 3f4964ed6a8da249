#include "unit/quant/observing.hpp"

#include <tenon/error.hpp>

#include <string>

namespace tenon::quant {
namespace {

CalibrationTable example(CalibrationMode mode) {
  CalibrationTable table = test::table_of({{-1.0F, 0.0F, 0.5F, 0.5F}, {3.25F, 1e-30F}}, mode);
  table.network = "a \"network\"";
  table.tensors[0].name = "conv 1:0 \"x\"\n";
  table.shard_count = 3;
  table.shards = {0, 2};
  const std::vector<CalibrationRule> rules = {parse_calibration_rule("entropy-2"),
                                              parse_calibration_rule("percentile:99.9")};
  choose_ranges(table, rules);
  CalibratedTensor known;  // as from a cache
  known.name = "known";
  known.dtype = DataType::f16;
  known.ranges = {TensorRange{rules[0], 2.0F, -2.0F, 2.0F}};
  table.tensors.push_back(known);
  return table;
}

std::string error_of(const std::string& text) {
  try {
    static_cast<void>(CalibrationTable::parse(text));
  } catch (const ModelError& error) {
    return error.what();
  }
  return "no error";
}

bool mentions(const std::string& error, const char* part) { return error.find(part) != std::string::npos; }

TEST(TableText, ReadsWhatItWrites) {
  for (const CalibrationMode mode : {CalibrationMode::faithful, CalibrationMode::order_independent}) {
    const CalibrationTable table = example(mode);
    const std::string text = table.to_text();
    const CalibrationTable again = CalibrationTable::parse(text);
    EXPECT_EQ(again.to_text(), text);
    EXPECT_EQ(again.tensors[0].name, table.tensors[0].name);
    EXPECT_EQ(again.tensors[0].histogram, table.tensors[0].histogram);
    EXPECT_EQ(again.tensors[0].average_max, table.tensors[0].average_max);
    ASSERT_NE(again.find("known"), nullptr);
    EXPECT_EQ(again.find("known")->range(parse_calibration_rule("entropy-2"))->threshold, 2.0F);
    EXPECT_EQ(again.find("known")->range(parse_calibration_rule("mse")), nullptr);
    EXPECT_EQ(again.find("unknown"), nullptr);
  }
}

TEST(TableText, IsReadable) {
  EXPECT_EQ(test::table_of({{-1.0F, 0.5F, 0.5F}}, CalibrationMode::order_independent).to_text(),
            "tenon calibration table 1\n"
            "network \"a network\"\n"
            "graph 00000000000000000000000000000000\n"
            "mode order-independent\n"
            "observed unfused\n"
            "batch-size 1\n"
            "batches 1\n"
            "shards 1 of 1\n"
            "finished yes\n"
            "tensor \"x\" f32\n"
            "elements 3\n"
            "extremes -1 0.5\n"
            "width 0.0009765625\n"
            "negative 1024:1\n"
            "positive 512:2\n");
}

TEST(TableText, NamesTheLineThatIsWrong) {
  const std::string good = example(CalibrationMode::faithful).to_text();
  EXPECT_EQ(error_of(good), "no error");
  const auto with = [&](const std::string& from, const std::string& to) {
    std::string text = good;
    const std::size_t at = text.find(from);
    EXPECT_NE(at, std::string::npos) << from;
    return error_of(text.replace(at, from.size(), to));
  };
  EXPECT_PRED2(mentions, error_of(""), "line 0: a table begins with");
  EXPECT_PRED2(mentions, with("table 1", "table 2"), "line 1: a table begins with");
  EXPECT_PRED2(mentions, with("graph 0", "graph g"), "line 3: expected 32 hexadecimal digits");
  EXPECT_PRED2(mentions, with("mode faithful", "mode fast"), "line 4: expected order-independent or");
  EXPECT_PRED2(mentions, with("batches 2", "batches two"), "line 7: expected a number");
  EXPECT_PRED2(mentions, with("shards 1 3 of 3", "shards 3 1 of 3"), "line 8: shards ascend");
  EXPECT_PRED2(mentions, with("shards 1 3 of 3", "shards 1 3 of 2"), "line 8: shards ascend");
  EXPECT_PRED2(mentions, with("f32", "i32"), "line 10: expected a floating-point type");
  EXPECT_PRED2(mentions, with("elements 6", "elements 7"), "the counts do not add up to 7");
  EXPECT_PRED2(mentions, with("extremes -1", "extremes nan"), "expected a finite number");
  EXPECT_PRED2(mentions, with("extremes -1 3.25", "extremes 4 3.25"), "smallest and the largest");
  EXPECT_PRED2(mentions, with("positive 0", "positive 2048"), "expected bins 0 to 2047");
  EXPECT_PRED2(mentions, with("entropy-2", "entropy-9"), "there is no calibrator 'entropy-9'");
  EXPECT_PRED2(mentions, error_of(good + "tensor \"known\" f32\nelements 0\n"), "is there twice");
}

TEST(TableText, EveryPrefixIsAnErrorOrATable) {
  const std::string good = example(CalibrationMode::faithful).to_text();
  for (std::size_t size = 0; size < good.size(); ++size) {
    try {
      static_cast<void>(CalibrationTable::parse(good.substr(0, size)));
    } catch (const ModelError&) {
    }
  }
}

}  // namespace
}  // namespace tenon::quant
