// tenon quantize: a model with integers in place of floats, as an ONNX file.
#include "accuracy_arguments.hpp"
#include "arguments.hpp"
#include "program.hpp"
#include "progress_bar.hpp"
#include "table.hpp"

#include <tenon/error.hpp>
#include <tenon/quantize.hpp>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <memory>

namespace tenon::tool {
namespace {

struct Options {
  ModelArguments importing;
  InputArguments pictures;
  Int8Arguments ranges;
  AccuracyArguments accuracy;
  QuantizeOptions quantizing;
  std::string model;
  std::string output;
  std::string scheme = "static";
  bool all = false;
  bool json = false;
};

nlohmann::ordered_json to_json(const QuantizeReport& report, const Options& options) {
  nlohmann::ordered_json json;
  json["scheme"] = options.scheme;
  json["layers"] = nlohmann::ordered_json::array();
  for (const QuantizeReport::Layer& layer : report.layers) {
    nlohmann::ordered_json entry = {{"name", layer.name}, {"op", layer.op}, {"weights", layer.weights}};
    entry["sqnr_db"] =
        std::isfinite(layer.sqnr_db) ? nlohmann::ordered_json(layer.sqnr_db) : nlohmann::ordered_json();
    json["layers"].push_back(std::move(entry));
  }
  json["kept"] = nlohmann::ordered_json::array();
  for (const QuantizeReport::Kept& kept : report.kept)
    json["kept"].push_back({{"name", kept.name}, {"op", kept.op}, {"reason", kept.reason}});
  json["bytes"] = std::filesystem::file_size(options.output);
  return json;
}

std::string text_of(const QuantizeReport& report, const Options& options) {
  constexpr std::size_t kShown = 5;
  constexpr std::size_t kNameWidth = 48;
  std::string text = fmt::format("{} layer{} quantized, {} kept\n", report.layers.size(),
                                 report.layers.size() == 1 ? "" : "s", report.kept.size());
  std::vector<QuantizeReport::Layer> layers = report.layers;
  if (!options.all && layers.size() > kShown) {
    std::stable_sort(layers.begin(), layers.end(),
                     [](const auto& a, const auto& b) { return a.sqnr_db < b.sqnr_db; });
    layers.resize(kShown);
    text += "those whose weights lost most (--all shows all):\n";
  }
  Table table({"layer", "operator", "weights", "SQNR dB"}, {3});
  for (const QuantizeReport::Layer& layer : layers)
    table.add(
        {shorten(layer.name, kNameWidth), layer.op, layer.weights, fmt::format("{:.1f}", layer.sqnr_db)});
  if (!layers.empty()) text += table.text();
  for (std::size_t i = 0; i < report.kept.size() && (options.all || i < kShown); ++i)
    text +=
        fmt::format("kept '{}' ({}): {}\n", report.kept[i].name, report.kept[i].op, report.kept[i].reason);
  return text;
}

int run(Options options) {
  options.quantizing.scheme = parse_quantization_scheme(options.scheme);
  options.ranges.int8 = options.scheme.starts_with("static");
  const bool improves = options.accuracy.no_improve || options.accuracy.round_weights;
  if (!options.ranges.int8 && (options.ranges.any() || improves))
    throw ModelError(fmt::format("the scheme {} takes no calibration", options.scheme));
  if (options.ranges.int8) {
    options.ranges.scheme =
        options.quantizing.scheme == QuantizationScheme::static_asymmetric ? "asymmetric" : "symmetric";
    // So that improvement leaves them as they are, too.
    for (const std::string& pattern : options.quantizing.exclude)
      options.ranges.layers.push_back(pattern + "=fp32");
  }
  const Network network = load_network(options.model, options.pictures.import_options(options.importing));
  QuantizeReport report;
  const Network quantized = [&] {
    ProgressBar bar;
    AccuracyArguments::Prepared prepared =
        options.accuracy.prepare(network, options.ranges, options.pictures, 0, bar);
    options.quantizing.int8 = std::move(prepared.int8);
    options.quantizing.progress = bar.callback();
    return quantize(prepared.network, options.quantizing, &report);
  }();
  if (std::filesystem::path(options.output).extension() == ".ir") {
    quantized.save_text(options.output);
  } else {
    quantized.save_onnx(options.output);
  }
  if (options.json) {
    print_json(to_json(report, options));
  } else {
    print(text_of(report, options));
  }
  return kDone;
}

}  // namespace

void add_quantize(Program& program) {
  auto options = std::make_shared<Options>();
  CLI::App& app = program.add("quantize", "Write a model with integers in place of floats",
                              [options] { return run(*options); });
  app.add_option("MODEL", options->model, "Model: ONNX, textual IR (*.ir), … (see tenon list formats)")
      ->required();
  app.add_option("-o,--save", options->output, "ONNX file to write, or textual IR (*.ir)")->required();
  app.add_option("--scheme", options->scheme,
                 "static (default), static-asymmetric, dynamic-symmetric, dynamic-asymmetric, weights-int8 "
                 "or weights-int4");
  app.add_option("--block", options->quantizing.block,
                 "weights-int4: 16, 32 (default), 64, 128 or 256 weights share a scale");
  app.add_flag("--zero-points", options->quantizing.zero_points,
               "weights-int4: unsigned, with a zero point for each block");
  app.add_option(
         "--exclude", options->quantizing.exclude,
         "Nodes to leave as they are, by name; '*' and '?' stand for other characters; may be repeated")
      ->allow_extra_args(false);
  options->importing.add_to(app);
  options->pictures.add_pictures(app);
  options->ranges.add_calibration(app);
  options->accuracy.add_improvement(app);
  app.add_flag("--all", options->all, "Show every layer");
  app.add_flag("--json", options->json, "Report as JSON");
}

}  // namespace tenon::tool
