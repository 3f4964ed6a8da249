// --int8: what a build on integers takes, and the calibration that goes before it.
#pragma once

#include "inputs.hpp"

#include <tenon/calibrate.hpp>

#include <optional>
#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace tenon::tool {

struct Int8Arguments {
  bool int8 = false;
  std::vector<std::string> data;
  std::string calibrator;
  std::string cache;
  std::string table;
  std::string on_mismatch;
  std::string scheme;
  std::vector<std::string> layers;
  std::int64_t batch = 0;
  bool strict = false;
  bool half = false;  // --bf16 or --fp16: then a table and --layer-precision are theirs too
  bool everywhere = false;

  void add_to(CLI::App& app);
  void add_calibration(CLI::App& app);  // those that find ranges
  bool has_ranges() const;              // whether samples, a cache or a table were given
  bool any() const;                     // whether one was given, but --int8

  // What layers in 16 bits take of these options.
  void add_to(HalfOptions& options) const;

  // Calibrates where no table is given and no cache fits. Nothing without --int8; ModelError when one of the
  // other options is there all the same and is of no use. Says on stderr why a cache was not taken.
  std::optional<Int8Options> options(const Network& network, const InputArguments& pictures, int threads,
                                     ProgressBar& bar) const;

  ActivationScheme activation_scheme() const;
  std::vector<PrecisionOverride> overrides() const;
  Int8Use use() const;

 private:
  CalibrationTable calibrated(const Network& network, const InputArguments& pictures,
                              const CalibrationRule& rule, int threads, ProgressBar& bar) const;
};

}  // namespace tenon::tool
