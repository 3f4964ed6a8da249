#include "api/pipeline.hpp"

#include "backends/ref/ref.hpp"
#include "base/check.hpp"
#include "passes/pipelines.hpp"
#include "quant/observed_values.hpp"
#include "quant/place.hpp"

#include <algorithm>

namespace tenon {
namespace {

// Rounding goes where scales and offsets are in the weights already, and activations still nodes of their
// own.
constexpr std::string_view kPlacedBefore = "quantize";

void place_before_quantize(Graph& graph, const Int8Options& int8, const Pipeline& pipeline,
                           PipelineOptions& run, BuildReport& report) {
  const bool there = std::any_of(pipeline.begin(), pipeline.end(),
                                 [](const Pass& pass) { return pass.name() == kPlacedBefore; });
  TENON_REQUIRE(there, "an INT8 build needs the pass {} in its pipeline", kPlacedBefore);
  quant::name_observed_values(graph);
  run.before_pass = [&int8, &report, ranges = quant::ranges_of(int8.table, int8.rule, int8.rules),
                     done = false](const Pass& pass, Graph& at) mutable {
    if (done || pass.name() != kPlacedBefore) return;
    done = true;
    std::vector<LayerPrecision> layers = quant::place(at, ranges, int8.scheme, int8.overrides);
    if (report.layers.empty()) report.layers = std::move(layers);
  };
}

}  // namespace

void run_passes(Graph& graph, const BuildOptions& options, BuildReport& report) {
  PipelineOptions run;
  run.evaluator = [](const Op& op, std::span<const Data> inputs, std::size_t outputs) {
    return ref::evaluate(op, inputs, outputs);
  };
  run.rule_order_seed = options.rule_order_seed;
  run.stop_after_rewrites = options.stop_after_rewrites;
  run.dump_dir = options.dump_dir;
  run.reproducer = options.reproducer;
  const Pipeline pipeline = options.pipeline.empty() ? default_pipeline() : parse_pipeline(options.pipeline);
  if (options.int8) place_before_quantize(graph, *options.int8, pipeline, run, report);
  if (options.progress) {
    run.after_pass = [&](std::size_t index, const Pass& pass, const Graph&) {
      options.progress("optimizing: " + std::string(pass.name()), index + 1, pipeline.size());
    };
  }
  const PipelineReport ran = run_pipeline(graph, pipeline, run);
  for (const PipelineReport::Entry& pass : ran.passes)
    report.passes.push_back({pass.name, pass.ms, pass.rewrites});
  report.rewrites += ran.rewrites;
  report.last_rewrite = ran.last_rewrite;
}

}  // namespace tenon
