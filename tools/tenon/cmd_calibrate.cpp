// tenon calibrate: the ranges of a network's tensors, from representative inputs.
#include "arguments.hpp"
#include "calibration_data.hpp"
#include "program.hpp"
#include "progress_bar.hpp"
#include "table.hpp"

#include <tenon/io.hpp>
#include <tenon/report.hpp>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <charconv>
#include <memory>

namespace tenon::tool {
namespace {

struct Options {
  ModelArguments importing;
  BuildArguments build;
  InputArguments pictures;
  std::string model;
  std::vector<std::string> data;
  std::vector<std::string> calibrators;
  std::vector<std::string> merge;
  std::string table;
  std::string cache;
  std::string cache_header;
  std::string mode;
  std::string on_mismatch;
  std::string shard;
  std::string report;
  std::int64_t batch = 0;
  double state_interval = 10;
  bool resume = false;
  bool json = false;
};

// "2/3": the second of three.
std::pair<std::uint32_t, std::uint32_t> parse_shard(const std::string& text) {
  std::uint32_t index = 0;
  std::uint32_t count = 0;
  const char* const end = text.data() + text.size();
  const auto first = std::from_chars(text.data(), end, index);
  const bool slash = first.ec == std::errc() && first.ptr != end && *first.ptr == '/';
  const auto second = slash ? std::from_chars(first.ptr + 1, end, count) : first;
  if (!slash || second.ec != std::errc() || second.ptr != end || index < 1 || index > count ||
      count > 65536) {
    throw ModelError(fmt::format("--shard '{}': expected i/n, as in 1/3, 2/3 and 3/3", text));
  }
  return {index - 1, count};
}

CalibrateOptions calibrate_options(const Options& options) {
  CalibrateOptions result;
  for (const std::string& name : options.calibrators) result.rules.push_back(parse_calibration_rule(name));
  const bool moving = std::any_of(result.rules.begin(), result.rules.end(), [](const CalibrationRule& rule) {
    return rule.algorithm == CalibrationAlgorithm::moving_average;
  });
  if (options.mode == "faithful" || (options.mode.empty() && moving)) result.mode = CalibrationMode::faithful;
  const BuildOptions build = options.build.options();
  result.shapes = build.shapes;
  result.threads = build.threads;
  if (!options.shard.empty()) std::tie(result.shard, result.shard_count) = parse_shard(options.shard);
  result.state = (options.table.empty() ? options.cache : options.table) + ".partial";
  result.state_interval_s = options.state_interval;
  result.resume = options.resume;
  if (options.on_mismatch == "stop") result.on_mismatch = OnMismatch::stop;
  if (options.on_mismatch == "accept") result.on_mismatch = OnMismatch::accept;
  result.cache_header = options.cache_header;
  return result;
}

struct Outcome {
  CalibrationTable table;
  CalibrateReport report;
  std::size_t left_out = 0;
  std::vector<RangeFinding> f16;
  std::vector<RangeFinding> bf16;
};

nlohmann::ordered_json to_json(const std::vector<RangeFinding>& findings) {
  auto json = nlohmann::ordered_json::array();
  for (const RangeFinding& finding : findings) {
    json.push_back({{"tensor", finding.tensor},
                    {"verdict", finding.verdict == RangeVerdict::overflow ? "overflow" : "unsafe"},
                    {"reason", finding.reason},
                    {"nodes", finding.nodes}});
  }
  return json;
}

nlohmann::ordered_json to_json(const Outcome& outcome) {
  nlohmann::ordered_json json;
  json["network"] = outcome.table.network;
  json["graph"] = outcome.table.graph;
  json["batches"] = outcome.table.batches;
  json["from_cache"] = outcome.report.from_cache;
  if (!outcome.report.mismatch.empty()) json["mismatch"] = outcome.report.mismatch;
  json["resumed"] = outcome.report.resumed;
  json["left_out"] = outcome.left_out;
  json["running_s"] = outcome.report.running_s;
  json["observing_s"] = outcome.report.observing_s;
  json["tensors"] = nlohmann::ordered_json::array();
  for (const CalibratedTensor& tensor : outcome.table.tensors) {
    nlohmann::ordered_json entry = {{"name", tensor.name}, {"dtype", name(tensor.dtype)}};
    if (tensor.elements > 0) {
      entry["min"] = tensor.min;
      entry["max"] = tensor.max;
    }
    for (const TensorRange& range : tensor.ranges)
      entry["thresholds"][to_string(range.rule)] = range.threshold;
    json["tensors"].push_back(std::move(entry));
  }
  json["f16"] = to_json(outcome.f16);
  json["bf16"] = to_json(outcome.bf16);
  return json;
}

std::string findings_text(const char* type, const std::vector<RangeFinding>& findings) {
  constexpr std::size_t kShown = 5;
  if (findings.empty()) return fmt::format("{}: every tensor fits\n", type);
  std::string text = fmt::format("{}: the nodes around {} tensor{} have to stay in FP32\n", type,
                                 findings.size(), findings.size() == 1 ? "" : "s");
  for (std::size_t i = 0; i < std::min(findings.size(), kShown); ++i)
    text += fmt::format("  '{}': {}\n", findings[i].tensor, findings[i].reason);
  if (findings.size() > kShown)
    text += fmt::format("  and {} more (--json shows all)\n", findings.size() - kShown);
  return text;
}

std::string text_of(const Outcome& outcome, const Options& options) {
  const CalibrationTable& table = outcome.table;
  if (outcome.report.from_cache) {
    return fmt::format("{} scales taken from {}\n", table.tensors.size(), options.cache);
  }
  std::string text = fmt::format("{} batches, {} tensors", table.batches, table.tensors.size());
  if (outcome.report.running_s > 0) {
    text += fmt::format(": {:.2f} s running, {:.2f} s observing", outcome.report.running_s,
                        outcome.report.observing_s);
  }
  text += "\n";
  if (outcome.report.resumed > 0)
    text += fmt::format("{} of the batches were there already\n", outcome.report.resumed);
  if (outcome.left_out > 0)
    text += fmt::format("{} pictures do not fill a batch and are left out\n", outcome.left_out);
  if (!options.model.empty())
    text += findings_text("FP16", outcome.f16) + findings_text("BF16", outcome.bf16);
  return text;
}

// Tables of shards become one.
Outcome merge_tables(const Options& options, const CalibrateOptions& calibrating) {
  if (!options.data.empty() || !options.shard.empty() || options.resume)
    throw ModelError("--merge adds up finished tables: --calib, --shard and --resume have no place there");
  std::vector<CalibrationTable> tables;
  for (const std::string& file : options.merge) tables.push_back(CalibrationTable::load(file));
  Outcome outcome;
  outcome.table = merge(tables);
  if (!calibrating.rules.empty()) choose_ranges(outcome.table, calibrating.rules);
  if (!options.cache.empty()) {
    const auto& ranges = outcome.table.tensors.at(0).ranges;
    const CalibrationRule rule = !calibrating.rules.empty() ? calibrating.rules[0]
                                 : ranges.empty()           ? CalibrationRule()
                                                            : ranges[0].rule;
    save_text(make_calibration_cache(outcome.table, rule, options.cache_header).to_text(), options.cache);
  }
  return outcome;
}

Outcome calibrate_model(const Options& options, CalibrateOptions calibrating, const Network& network) {
  if (options.data.empty()) throw ModelError("--calib is missing: what is there to calibrate with?");
  CalibrationData data(options.data, options.pictures, network.inputs(), options.batch, options.cache);
  ProgressBar bar;
  calibrating.progress = bar.callback();
  Outcome outcome;
  outcome.table = calibrate(network, data, calibrating, &outcome.report);
  outcome.left_out = data.left_out();
  return outcome;
}

int run(const Options& options) {
  if (options.table.empty() && options.cache.empty())
    throw ModelError("say where the result goes: -o TABLE, --calib-cache FILE, or both");
  const CalibrateOptions calibrating = calibrate_options(options);
  Outcome outcome;
  std::optional<Network> network;
  if (!options.model.empty())
    network = load_network(options.model, options.pictures.import_options(options.importing));
  if (!options.merge.empty()) {
    outcome = merge_tables(options, calibrating);
  } else {
    if (!network) throw ModelError("MODEL is missing");
    outcome = calibrate_model(options, calibrating, *network);
  }
  if (network) {
    outcome.f16 = check_ranges(*network, outcome.table, DataType::f16);
    outcome.bf16 = check_ranges(*network, outcome.table, DataType::bf16);
  }
  if (!options.table.empty()) outcome.table.save(options.table);
  if (!options.report.empty()) {
    if (!network) throw ModelError("--report shows the network: MODEL is missing");
    QuantizationReport report = start_report(*network, outcome.table);
    if (!calibrating.rules.empty()) report.rule = calibrating.rules[0];
    save_text(to_html(report), options.report);
  }
  if (!outcome.report.mismatch.empty()) {
    fmt::print(stderr, "tenon: the calibration cache does not fit: {}\n", printable(outcome.report.mismatch));
  }
  if (options.json) {
    print_json(to_json(outcome));
  } else {
    print(text_of(outcome, options));
  }
  return kDone;
}

}  // namespace

void add_calibrate(Program& program) {
  auto options = std::make_shared<Options>();
  CLI::App& app = program.add("calibrate", "Find the range of every tensor from representative inputs",
                              [options] { return run(*options); });
  app.add_option("MODEL", options->model, "Model: ONNX, textual IR (*.ir), … (see tenon list formats)");
  app.add_option("--calib", options->data,
                 "[NAME=]PATH: a folder, a list of files, a picture, .npy or .npz; may be repeated")
      ->allow_extra_args(false);
  app.add_option("-o,--save", options->table,
                 "Table to write: what was observed, and every calibrator's ranges");
  app.add_option("--calib-cache", options->cache,
                 "TensorRT's calibration cache: taken when it exists and fits, else written");
  app.add_option(
         "--calibrator", options->calibrators,
         "entropy-2, entropy, min-max, moving-average, percentile[:P], mse or legacy[:QUANTILE[,CUTOFF]]; "
         "may be repeated, the cache is of the first (default: all but entropy, the cache of entropy-2)")
      ->allow_extra_args(false);
  app.add_option("--batch", options->batch, "Samples in a batch (default: the network's, else 1)")
      ->check(CLI::Range(1, 65536));
  app.add_option("--mode", options->mode,
                 "order-independent (default), or faithful: the first batch sets the range, as in TensorRT")
      ->check(CLI::IsMember({"order-independent", "faithful"}));
  app.add_option("--shard", options->shard, "i/n: only every n-th batch, from the i-th on");
  app.add_option("--merge", options->merge, "Tables of the shards, to become one; takes no --calib")
      ->expected(1, -1);
  app.add_flag("--resume", options->resume,
               "Go on from TABLE.partial, which an interrupted calibration left");
  app.add_option("--state-interval", options->state_interval, "Seconds between writes of it (default 10)")
      ->check(CLI::NonNegativeNumber);
  app.add_option("--on-mismatch", options->on_mismatch,
                 "When the cache does not fit: recalibrate (default), stop, or accept what is there")
      ->check(CLI::IsMember({"recalibrate", "stop", "accept"}));
  app.add_option("--cache-header", options->cache_header,
                 "First line of the cache to write, e.g. TRT-8602-EntropyCalibration2");
  app.add_option("--report", options->report,
                 "Write a page (HTML) with the histogram of every tensor and what each calibrator cuts off");
  options->importing.add_to(app);
  options->pictures.add_pictures(app);
  options->build.add_shapes(app);
  options->build.add_threads(app);
  app.add_flag("--json", options->json, "Report as JSON");
}

}  // namespace tenon::tool
