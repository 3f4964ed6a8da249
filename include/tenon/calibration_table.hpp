// What calibration leaves behind: for every tensor what was observed, and the ranges that calibrators chose.
#pragma once

#include <tenon/data_type.hpp>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace tenon {

// How what was observed becomes a range. docs/quantization.md has the procedures and their sources.
enum class CalibrationAlgorithm : std::uint8_t {
  entropy,         // smallest KL divergence, as NVIDIA published it in 2017; observes the fused network
  entropy2,        // smallest KL divergence as TensorRT's EntropyCalibration2 finds it
  min_max,         // everything that was seen
  moving_average,  // of each batch's extremes
  percentile,      // all but a fraction of the values
  mse,             // smallest mean squared error
  legacy,          // a quantile, and a regression over the histogram's tail
};

struct CalibrationRule {
  CalibrationAlgorithm algorithm = CalibrationAlgorithm::entropy2;
  double percentile = 99.99;   // in (0, 100]
  double quantile = 0.999999;  // of `legacy`, in (0, 1]
  double cutoff = 1;           // of `legacy`, in (0, 1]; 1: the quantile alone

  // Parameters of other algorithms do not count.
  friend bool operator==(const CalibrationRule& a, const CalibrationRule& b) noexcept;
};

// "entropy", "entropy-2", "min-max", "moving-average", "percentile:99.99", "mse", "legacy:0.999999,1"; and
// back, where parameters may be left out. ModelError that lists the names.
std::string to_string(const CalibrationRule& rule);
CalibrationRule parse_calibration_rule(std::string_view text);

enum class CalibrationMode : std::uint8_t {
  // Bins have power-of-two widths and counts are exact: neither the order of the batches nor how they were
  // spread over runs and machines changes the table.
  order_independent,
  // As TensorRT: the first batch sets the range, which then doubles as needed. Batches in another order give
  // another table.
  faithful,
};

// The range that one rule chose for one tensor.
struct TensorRange {
  CalibrationRule rule;
  float threshold = 0;  // symmetric: [-threshold, threshold] maps to [-127, 127]
  float low = 0;        // asymmetric: low <= 0 <= high
  float high = 0;

  float scale() const noexcept { return threshold / 127.0F; }  // of int8; 0: only zeros were seen
};

// Counts of |x| by sign: bin i counts i · width <= |x| < (i + 1) · width, zeros in positive[0].
struct TensorHistogram {
  static constexpr std::size_t kBins = 2048;

  float width = 0;  // 0: nothing but zeros so far
  std::vector<std::uint64_t> negative = std::vector<std::uint64_t>(kBins);
  std::vector<std::uint64_t> positive = std::vector<std::uint64_t>(kBins);

  bool operator==(const TensorHistogram&) const = default;
};

struct CalibratedTensor {
  std::string name;
  DataType dtype = DataType::f32;
  // Observed; without elements the rest means nothing, and the ranges come from a TensorRT cache.
  std::uint64_t elements = 0;
  float min = 0;
  float max = 0;
  float average_min = 0;  // moving averages of the batches' extremes; faithful mode only
  float average_max = 0;
  TensorHistogram histogram;
  // Chosen.
  std::vector<TensorRange> ranges;

  const TensorRange* range(const CalibrationRule& rule) const noexcept;  // null when that rule did not choose
};

struct CalibrationTable {
  std::string network;  // its name
  std::string graph;    // content hash of the network, 32 hexadecimal digits
  CalibrationMode mode = CalibrationMode::order_independent;
  bool fused = false;  // observed after fusion
  std::int64_t batch_size = 1;
  std::uint64_t batches = 0;
  std::uint32_t shard_count = 1;
  std::vector<std::uint32_t> shards = {0};  // those in here, ascending; batch b is of shard b % shard_count
  bool finished = true;                     // false: a state to resume from
  std::vector<CalibratedTensor> tensors;    // in the order of the network

  const CalibratedTensor* find(std::string_view tensor) const noexcept;  // linear; null when unknown

  // The text format of docs/quantization.md. Reading is strict: ModelError with the line.
  static CalibrationTable parse(std::string_view text);
  static CalibrationTable load(const std::filesystem::path& path);
  std::string to_text() const;
  void save(const std::filesystem::path& path) const;  // replaces the file as a whole
};

// Chooses the range of every observed tensor anew, by each of the rules. ModelError for moving_average over a
// table that is not faithful.
void choose_ranges(CalibrationTable& table, std::span<const CalibrationRule> rules);

// The sum of shards of one calibration, in any order: exactly the table that one run over all batches gives
// once every shard is there. Ranges are chosen by the first table's rules. ModelError when the tables are of
// different networks or calibrations, when one is unfinished, of the faithful mode, or there twice.
CalibrationTable merge(std::span<const CalibrationTable> tables);

}  // namespace tenon
