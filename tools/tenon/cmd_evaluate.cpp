// tenon evaluate: how many answers are right, and how far they lie from another engine's.
#include "arguments.hpp"
#include "evaluation_data.hpp"
#include "program.hpp"
#include "progress_bar.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <memory>

namespace tenon::tool {
namespace {

struct Options {
  ModelArguments importing;
  BuildArguments build;
  InputArguments pictures;
  std::string model;
  std::string reference;
  std::vector<std::string> data;
  std::string scores;
  std::int64_t batch = 0;
  std::optional<double> max_drop;
  std::optional<double> min_cosine;
  bool json = false;
};

bool is_number(const std::string& dim) {
  return !dim.empty() && std::all_of(dim.begin(), dim.end(), [](char c) { return c >= '0' && c <= '9'; });
}

// Where batches are free and nothing is said of shapes, up to `batch` samples.
void free_batch(const std::vector<TensorInfo>& inputs, std::int64_t batch, BuildOptions& options) {
  if (!options.shapes.empty() || !options.profiles.empty() || batch <= 1) return;
  for (const TensorInfo& info : inputs) {
    if (info.dims.empty() || is_number(info.dims[0])) continue;
    ShapeRange range{info.min, info.max, info.max};
    for (std::size_t i = 0; i < info.dims.size(); ++i) {
      if (i > 0 && !is_number(info.dims[i])) return;
    }
    range.min[0] = 1;
    range.opt[0] = range.max[0] = batch;
    options.shapes.emplace(info.name, std::move(range));
  }
}

Engine open(const std::string& path, const Options& options, ProgressBar& bar) {
  BuildOptions build_options = options.build.options();
  // Evaluating does not pay for measuring.
  build_options.measure = build_options.measure && !build_options.timing_cache.empty();
  const ImportOptions importing = options.pictures.import_options(options.importing);
  if (file_kind(path) == FileKind::engine) return open_engine(path, {}, options.build, build_options, bar);
  const Network network = load_network(path, importing);
  free_batch(network.inputs(), options.batch, build_options);
  build_options.portable = false;
  build_options.progress = bar.callback();
  return build(network, build_options);
}

// What the engine misses of what is asked for; empty: nothing.
std::string shortfall(const Options& options, const Evaluation& evaluation) {
  std::string text;
  if (options.max_drop) {
    if (evaluation.labelled == 0) throw ModelError("--max-drop wants samples with labels");
    const double drop =
        100 * static_cast<double>(evaluation.net_loss()) / static_cast<double>(evaluation.labelled);
    if (drop > *options.max_drop)
      text += fmt::format("top-1 is {:.2f} points below the reference, allowed are {}\n", drop,
                          *options.max_drop);
  }
  if (options.min_cosine && evaluation.cosine() < *options.min_cosine)
    text += fmt::format("the cosine is {:.6f}, asked for is {}\n", evaluation.cosine(), *options.min_cosine);
  return text;
}

int run(const Options& options) {
  if (options.reference.empty() && (options.max_drop || options.min_cosine))
    throw ModelError("--max-drop and --min-cosine compare with a --reference");
  ProgressBar bar;
  const Engine engine = open(options.model, options, bar);
  const bool compared = !options.reference.empty();
  const Engine reference = compared ? open(options.reference, options, bar) : engine;
  EvaluationData data(options.data, options.pictures, reference.inputs(), options.batch);
  EvaluateOptions evaluating;
  evaluating.scores = options.scores;
  evaluating.progress = bar.callback();
  Evaluator evaluator(reference, data, evaluating);
  const Evaluation evaluation = compared ? evaluator.evaluate(engine) : evaluator.reference();
  const std::string missed = shortfall(options, evaluation);
  if (options.json) {
    print_json(to_json(evaluation));
  } else {
    print(text_of(evaluation, compared));
  }
  if (missed.empty()) return kDone;
  throw ModelError(missed.substr(0, missed.size() - 1));
}

}  // namespace

void add_evaluate(Program& program) {
  auto options = std::make_shared<Options>();
  CLI::App& app = program.add("evaluate", "Count right answers, and compare them with another engine's",
                              [options] { return run(*options); });
  app.add_option("MODEL", options->model,
                 "Model: ONNX, textual IR (*.ir), … (see tenon list formats), or engine file")
      ->required();
  app.add_option(
         "--eval", options->data,
         "[NAME=]PATH: a list of files (a line each, with a blank and the label behind the path where it is "
         "known), a folder, a picture, .npy or .npz; may be repeated")
      ->required()
      ->allow_extra_args(false);
  app.add_option("--reference", options->reference, "Model or engine file to compare with");
  app.add_option("--scores", options->scores,
                 "Output that holds scores of classes (default: the only one that may)");
  app.add_option("--batch", options->batch, "Samples in a batch (default: the network's, else 1)")
      ->check(CLI::Range(1, 65536));
  app.add_option(
      "--max-drop", options->max_drop,
      "Fail when top-1 is more than so many points (0.5: half a percent of the samples) below the reference");
  app.add_option("--min-cosine", options->min_cosine,
                 "Fail when the mean cosine between the answers is lower, for any output");
  options->importing.add_to(app);
  options->pictures.add_pictures(app);
  options->build.add_shapes(app);
  options->build.add_threads(app);
  options->build.add_accuracy(app);
  options->build.add_half(app);
  options->build.add_tuning(app);
  options->build.add_pipeline(app);
  app.add_flag("--json", options->json, "Report as JSON");
}

}  // namespace tenon::tool
