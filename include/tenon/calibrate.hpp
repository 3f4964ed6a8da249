// Calibration: runs a network over representative inputs and notes the range of every tensor.
//
// Observed are the network's inputs and every floating-point tensor that it computes outside of control flow,
// in FP32 by exact kernels that are chosen without measuring: the table depends on the network, the data and
// the instruction set (by a bin at most), not on the number of threads nor on the machine's speed. Memory
// does not grow with the number of batches.
#pragma once

#include <tenon/builder.hpp>
#include <tenon/calibration_table.hpp>

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tenon {

// Where calibration gets its data from, and where its cache lies. Called from the calibrating thread only.
class Calibrator {
 public:
  virtual ~Calibrator() = default;

  // Samples in a batch; written into the table.
  virtual std::int64_t batch_size() const = 0;
  // Every input of the network by name; nothing when there are no more batches. Batches may differ in shape
  // (the last one may be smaller).
  virtual std::optional<std::map<std::string, Tensor>> next_batch() = 0;
  // Passes over a batch that another shard observes, or that an interrupted run has observed. False when
  // there is none.
  virtual bool skip_batch() { return next_batch().has_value(); }
  // Batches in all, for progress; 0: unknown.
  virtual std::uint64_t batch_count() const { return 0; }

  // The text of a calibration cache (parse_calibration_cache() says which formats), asked for first: where it
  // fits, nothing is observed. And what to keep for the next time.
  virtual std::optional<std::string> read_cache() { return std::nullopt; }
  virtual void write_cache(std::string_view text) { static_cast<void>(text); }
};

// TensorRT's calibration cache: a scale per tensor by one algorithm.
struct CalibrationCache {
  // "TRT-8602-EntropyCalibration2"; the old headers "1" and that of the legacy calibrator as they are.
  std::string header;
  CalibrationRule rule;  // that the header names
  std::vector<std::pair<std::string, float>> scales;

  std::string to_text() const;
};

// Line 1 is TRT-<version>-<algorithm>, "1" (EntropyCalibration of TensorRT 3 and 4), or "0" and the bits of
// the legacy calibrator's cutoff and quantile; then a line "<tensor>: <bits of the scale in hexadecimal>"
// each. ModelError with the line for everything else: a scale that is negative, infinite or NaN, a name that
// is there twice.
CalibrationCache parse_calibration_cache(std::string_view text);

// The scales that `rule` chose. `header` overrides what names the rule (EntropyCalibration2,
// EntropyCalibration, MinMaxCalibration, LegacyCalibration as in TensorRT; PercentileCalibration,
// MseCalibration, MovingAverageCalibration, which TensorRT does not know). ModelError when the rule chose for
// no tensor.
CalibrationCache make_calibration_cache(const CalibrationTable& table, const CalibrationRule& rule,
                                        std::string_view header = {});

// Why the cache cannot stand for a calibration of the network by `rule`: another algorithm, tensors that one
// side has and the other has not (at most ten are named). Empty when it can.
std::string cache_mismatch(const CalibrationCache& cache, const Network& network,
                           const CalibrationRule& rule);

// What to do with a cache that does not fit: ignore it and observe, throw ModelError, or take the scales that
// there are.
enum class OnMismatch : std::uint8_t { recalibrate, stop, accept };

struct CalibrateOptions {
  // All of them choose from the same observation; the cache is of the first. Empty: every rule but `entropy`,
  // and moving_average in the faithful mode only. `entropy` observes the fused network, so it goes alone.
  std::vector<CalibrationRule> rules;
  CalibrationMode mode = CalibrationMode::order_independent;
  std::map<std::string, ShapeRange> shapes;  // empty: an engine for each shape that occurs
  std::uint32_t shard = 0;                   // observes batches shard, shard + shard_count, …
  std::uint32_t shard_count = 1;
  int threads = 0;              // 0: all cores this process may use
  std::filesystem::path state;  // written now and then, removed at the end; empty: none
  double state_interval_s = 10;
  bool resume = false;  // go on from `state` where it exists
  OnMismatch on_mismatch = OnMismatch::recalibrate;
  std::string cache_header;  // for write_cache(); empty: by the first rule
  ProgressFn progress;
};

struct CalibrateReport {
  bool from_cache = false;
  std::string mismatch;       // why the cache was not taken
  std::uint64_t resumed = 0;  // batches that an earlier run had observed
  double running_s = 0;       // the network
  double observing_s = 0;
};

// The table, with the ranges of every rule; with those of the cache alone where that was taken. ModelError
// when there is no batch, when a tensor holds a NaN or an infinity (names tensor, batch and element), or when
// the state is of another calibration.
CalibrationTable calibrate(const Network& network, Calibrator& calibrator,
                           const CalibrateOptions& options = {}, CalibrateReport* report = nullptr);

enum class RangeVerdict : std::uint8_t { overflow, unsafe };

// A tensor that a 16-bit type cannot be trusted with.
struct RangeFinding {
  std::string tensor;
  std::vector<std::string> nodes;  // locations of the nodes that have to stay in FP32: producer and users
  RangeVerdict verdict = RangeVerdict::overflow;
  std::string reason;
};

// Judges f16 or bf16 by what was observed. overflow: max |x| is above the type's largest number. unsafe: it
// is above a quarter of that, all of the tensor lies below the type's normal numbers, or integers are read
// from the tensor and it reaches beyond those that the type holds exactly. ModelError when the table is not
// of this network.
std::vector<RangeFinding> check_ranges(const Network& network, const CalibrationTable& table, DataType type);

}  // namespace tenon
