#include "int8_arguments.hpp"

#include "calibration_data.hpp"
#include "program.hpp"
#include "progress_bar.hpp"

#include <tenon/io.hpp>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <fstream>
#include <sstream>

namespace tenon::tool {
namespace {

std::optional<std::string> text_of_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return std::nullopt;
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

// A cache, and no data that could stand in for it.
class CacheAlone final : public Calibrator {
 public:
  explicit CacheAlone(std::string text) : text_(std::move(text)) {}
  std::int64_t batch_size() const override { return 1; }
  std::optional<std::map<std::string, Tensor>> next_batch() override { return std::nullopt; }
  std::optional<std::string> read_cache() override { return text_; }

 private:
  std::string text_;
};

OnMismatch parse_on_mismatch(const std::string& text, OnMismatch otherwise) {
  if (text.empty()) return otherwise;
  return text == "stop" ? OnMismatch::stop : text == "accept" ? OnMismatch::accept : OnMismatch::recalibrate;
}

}  // namespace

void Int8Arguments::add_calibration(CLI::App& app) {
  const char* group = "Calibration";
  app.add_option(
         "--calib", data,
         "[NAME=]PATH: what to calibrate with: a folder, a list of files, a picture, .npy or .npz; may be "
         "repeated")
      ->allow_extra_args(false)
      ->group(group);
  app.add_option("--calibrator", calibrator,
                 fmt::format("What chooses ranges (see tenon calibrate; default: that of the cache, else {})",
                             to_string(Int8Options().rule)))
      ->group(group);
  app.add_option(
         "--calib-cache", cache,
         "TensorRT's calibration cache: taken when it exists and fits, else written after calibrating")
      ->group(group);
  app.add_option("--calib-table", table, "A table that tenon calibrate wrote, in place of --calib")
      ->group(group);
  app.add_option("--calib-batch", batch, "Samples in a batch of calibration (default: the network's, else 1)")
      ->check(CLI::Range(1, 65536))
      ->group(group);
  app.add_option(
         "--on-mismatch", on_mismatch,
         "When the cache does not fit: recalibrate (default), stop (default without --calib), or accept what "
         "is there")
      ->check(CLI::IsMember({"recalibrate", "stop", "accept"}))
      ->group(group);
}

void Int8Arguments::add_to(CLI::App& app) {
  const char* group = "INT8";
  app.add_flag("--int8", int8, "Run layers on 8-bit integers where that is faster, after calibration")
      ->group(group);
  app.add_flag("--int8-everywhere", everywhere, "Wherever possible, whatever it takes")->group(group);
  add_calibration(app);
  app.add_option(
         "--int8-scheme", scheme,
         "Activations: symmetric (i8, or u8 of what is never negative), asymmetric (u8) or fitted "
         "(default: asymmetric where one sign has less than half of the other's range, else symmetric)")
      ->check(CLI::IsMember({"fitted", "symmetric", "asymmetric"}))
      ->group(group);
  app.add_option("--layer-precision", layers,
                 "PATTERN=fp32 (also with --bf16 and --fp16) or PATTERN=int8: layers or tensors by name, * "
                 "and ? as in file names; may be "
                 "repeated, "
                 "the last that fits counts")
      ->allow_extra_args(false)
      ->group(group);
  app.add_flag("--strict-precision", strict, "Stop when a layer cannot be what --layer-precision asks for")
      ->group(group);
}

bool Int8Arguments::has_ranges() const { return !(data.empty() && cache.empty() && table.empty()); }

bool Int8Arguments::any() const {
  const bool shared = !table.empty() || !layers.empty();  // with --bf16 and --fp16
  return (shared && !half) || strict || everywhere ||
         !(data.empty() && calibrator.empty() && cache.empty() && scheme.empty());
}

void Int8Arguments::add_to(HalfOptions& options) const {
  options.overrides = overrides();
  if (!int8) {
    for (const PrecisionOverride& order : options.overrides) {
      if (order.precision != DataType::f32)
        throw ModelError(fmt::format("--layer-precision {}=int8 without --int8", order.pattern));
    }
  }
  if (!table.empty()) options.table = CalibrationTable::load(table);
}

CalibrationTable Int8Arguments::calibrated(const Network& network, const InputArguments& pictures,
                                           const CalibrationRule& rule, int threads, ProgressBar& bar) const {
  CalibrateOptions options;
  options.rules = {rule};
  if (rule.algorithm == CalibrationAlgorithm::moving_average) options.mode = CalibrationMode::faithful;
  options.threads = threads;
  options.progress = bar.callback();
  CalibrateReport report;
  CalibrationTable result;
  if (data.empty()) {
    const auto text = cache.empty() ? std::nullopt : text_of_file(cache);
    if (!text)
      throw ModelError("integers want ranges: --calib, --calib-table, or a --calib-cache that exists");
    CacheAlone alone(*text);
    options.on_mismatch = parse_on_mismatch(on_mismatch, OnMismatch::stop);
    result = calibrate(network, alone, options, &report);
  } else {
    CalibrationData samples(data, pictures, network.inputs(), batch, cache);
    options.on_mismatch = parse_on_mismatch(on_mismatch, OnMismatch::recalibrate);
    result = calibrate(network, samples, options, &report);
  }
  if (!report.mismatch.empty())
    fmt::print(stderr, "tenon: the calibration cache does not fit: {}\n", printable(report.mismatch));
  return result;
}

ActivationScheme Int8Arguments::activation_scheme() const {
  return scheme.empty() ? ActivationScheme::fitted : parse_activation_scheme(scheme);
}

Int8Use Int8Arguments::use() const {
  return everywhere ? Int8Use::wherever_possible : Int8Use::where_it_pays;
}

std::vector<PrecisionOverride> Int8Arguments::overrides() const {
  std::vector<PrecisionOverride> result;
  for (const std::string& text : layers)
    result.push_back(parse_precision_override(text, strict ? PrecisionMode::strict : PrecisionMode::prefer));
  return result;
}

std::optional<Int8Options> Int8Arguments::options(const Network& network, const InputArguments& pictures,
                                                  int threads, ProgressBar& bar) const {
  if (!int8) {
    if (any()) throw ModelError("options of INT8 without --int8");
    return std::nullopt;
  }
  if (!table.empty() && !(data.empty() && cache.empty()))
    throw ModelError("--calib-table stands in for --calib and --calib-cache: give one or the other");
  Int8Options result;
  if (!calibrator.empty()) {
    result.rule = parse_calibration_rule(calibrator);
  } else if (const auto text = cache.empty() ? std::nullopt : text_of_file(cache)) {
    try {
      result.rule = parse_calibration_cache(*text).rule;
    } catch (const ModelError&) {
      // calibrate() says what is wrong with it.
    }
  }
  result.scheme = activation_scheme();
  result.overrides = overrides();
  result.use = use();
  if (table.empty()) {
    result.table = calibrated(network, pictures, result.rule, threads, bar);
  } else {
    result.table = CalibrationTable::load(table);
  }
  return result;
}

}  // namespace tenon::tool
