// tenon opt: runs passes on textual IR, for working on passes.
#include "arguments.hpp"
#include "program.hpp"
#include "progress_bar.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <memory>

namespace tenon::tool {
namespace {

struct Options {
  BuildArguments build;
  std::string file;
  std::string output;
  std::string dump_dir;
  std::string reproduce;
  std::string reproducer;
  std::size_t stop_after = 0;
  std::uint64_t seed = 0;
  bool json = false;
};

int run(const Options& options, bool stop) {
  BuildOptions build_options = options.build.options();
  if (stop) build_options.stop_after_rewrites = options.stop_after;
  build_options.rule_order_seed = options.seed;
  build_options.dump_dir = options.dump_dir;
  build_options.reproducer = options.reproducer;
  if (options.file.empty() == options.reproduce.empty()) {
    throw ModelError(
        "opt takes a FILE, or --reproduce with a file that a failing pass left (see tenon opt --help)");
  }
  const Network network =
      options.file.empty() ? load_reproducer(options.reproduce, build_options) : load_network(options.file);
  BuildReport report;
  ProgressBar bar;
  build_options.progress = bar.callback();
  const Network optimized = optimize(network, build_options, &report);
  if (!options.output.empty()) optimized.save_text(options.output);
  if (options.json) {
    nlohmann::ordered_json json;
    json["rewrites"] = report.rewrites;
    json["last_rewrite"] = report.last_rewrite;
    for (const BuildReport::Pass& pass : report.passes) {
      json["passes"].push_back({{"name", pass.name}, {"ms", pass.ms}, {"rewrites", pass.rewrites}});
    }
    print_json(json);
  } else if (options.output.empty()) {
    print(optimized.to_text() + "\n");
  }
  return kDone;
}

}  // namespace

void add_opt(Program& program) {
  auto options = std::make_shared<Options>();
  auto stop = std::make_shared<CLI::Option*>(nullptr);
  CLI::App& app =
      program.add("opt", "Run passes on textual IR", [=] { return run(*options, (*stop)->count() > 0); });
  app.add_option("FILE", options->file, "Textual IR (*.ir), or ONNX");
  options->build.add_pipeline(app);
  *stop = app.add_option("--stop-after-rewrites", options->stop_after,
                         "Stop after so many rewrites, for bisection");
  app.add_option("--rule-order-seed", options->seed,
                 "Try rewrite rules in a random order of this seed (0: as listed)");
  app.add_option("--dump-dir", options->dump_dir, "Write the IR after every pass into this directory");
  app.add_option("--reproducer", options->reproducer,
                 "Where a failing pass leaves the IR before it and the rest of the pipeline");
  app.add_option("--reproduce", options->reproduce,
                 "Run such a file again, with the passes and settings that it names");
  options->build.add_shapes(app);
  app.add_option("-o,--save", options->output, "Write the result to this file instead of standard output");
  app.add_flag("--json", options->json, "Report passes and rewrites as JSON");
}

}  // namespace tenon::tool
