#include "api/pipeline.hpp"

#include "backends/ref/ref.hpp"
#include "base/check.hpp"
#include "passes/pipelines.hpp"
#include "quant/observed_values.hpp"

#include <algorithm>

namespace tenon {
namespace {

// Rounding goes where scales and offsets are in the weights already, and activations still nodes of their
// own.
constexpr std::string_view kPlacedBefore = "quantize";

Pipeline pipeline_of(const BuildOptions& options) {
  return options.pipeline.empty() ? default_pipeline() : parse_pipeline(options.pipeline);
}

// The pass before which rounding is placed.
Pipeline::const_iterator placement_in(const Pipeline& pipeline) {
  const auto at = std::find_if(pipeline.begin(), pipeline.end(),
                               [](const Pass& pass) { return pass.name() == kPlacedBefore; });
  TENON_REQUIRE(at != pipeline.end(), "an INT8 build needs the pass {} in its pipeline", kPlacedBefore);
  return at;
}

std::vector<LayerPrecision> place(Graph& graph, const Int8Options& int8, const quant::Positions& slower) {
  const quant::Ranges ranges = quant::ranges_of(int8.table, int8.rule, int8.rules);
  return quant::place(graph, ranges, int8.scheme, int8.overrides, slower);
}

void place_before_quantize(Graph& graph, const Int8Options& int8, const Pipeline& pipeline,
                           const quant::Positions& slower, PipelineOptions& run, BuildReport& report) {
  static_cast<void>(placement_in(pipeline));
  quant::name_observed_values(graph);
  run.before_pass = [&int8, &report, &slower, done = false](const Pass& pass, Graph& at) mutable {
    if (done || pass.name() != kPlacedBefore) return;
    done = true;
    std::vector<LayerPrecision> layers = place(at, int8, slower);
    if (report.layers.empty()) report.layers = std::move(layers);
  };
}

PipelineOptions options_of(const BuildOptions& options) {
  PipelineOptions run;
  run.evaluator = [](const Op& op, std::span<const Data> inputs, std::size_t outputs) {
    return ref::evaluate(op, inputs, outputs);
  };
  run.rule_order_seed = options.rule_order_seed;
  run.reproducer = options.reproducer;
  return run;
}

void add_to(BuildReport& report, const PipelineReport& ran) {
  for (const PipelineReport::Entry& pass : ran.passes)
    report.passes.push_back({pass.name, pass.ms, pass.rewrites});
  report.rewrites += ran.rewrites;
  report.last_rewrite = ran.last_rewrite;
}

}  // namespace

void run_passes_before_placement(Graph& graph, const BuildOptions& options, BuildReport& report) {
  const Pipeline pipeline = pipeline_of(options);
  quant::name_observed_values(graph);
  add_to(report,
         run_pipeline(graph, Pipeline(pipeline.begin(), placement_in(pipeline)), options_of(options)));
}

void place_and_finish(Graph& graph, const BuildOptions& options, const quant::Positions& slower,
                      BuildReport& report, const std::function<void(Graph&)>& placed) {
  const Pipeline pipeline = pipeline_of(options);
  report.layers = place(graph, *options.int8, slower);
  if (placed) placed(graph);
  add_to(report, run_pipeline(graph, Pipeline(placement_in(pipeline), pipeline.end()), options_of(options)));
}

void run_passes(Graph& graph, const BuildOptions& options, BuildReport& report,
                const quant::Positions& slower) {
  PipelineOptions run = options_of(options);
  run.stop_after_rewrites = options.stop_after_rewrites;
  run.dump_dir = options.dump_dir;
  const Pipeline pipeline = pipeline_of(options);
  if (options.int8) place_before_quantize(graph, *options.int8, pipeline, slower, run, report);
  if (options.progress) {
    run.after_pass = [&](std::size_t index, const Pass& pass, const Graph&) {
      options.progress("optimizing: " + std::string(pass.name()), index + 1, pipeline.size());
    };
  }
  add_to(report, run_pipeline(graph, pipeline, run));
}

void show_taps(Graph& graph) {
  const std::vector<Tap> taps = graph.taps();
  for (const Tap& tap : taps) graph.add_output(tap.name, tap.value);
  graph.clear_taps();
}

}  // namespace tenon
