#include "api/pipeline.hpp"

#include "backends/ref/ref.hpp"
#include "passes/pipelines.hpp"

namespace tenon {

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
