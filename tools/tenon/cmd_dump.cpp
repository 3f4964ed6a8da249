// tenon dump: a model as textual IR, or as ONNX.
#include "arguments.hpp"
#include "program.hpp"
#include "table.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <memory>

namespace tenon::tool {
namespace {

struct Options {
  ModelArguments importing;
  BuildArguments build;
  std::string model;
  std::string output;
  std::string onnx;
  bool optimized = false;
  bool json = false;
};

nlohmann::ordered_json to_json(const std::vector<TensorInfo>& infos) {
  auto json = nlohmann::ordered_json::array();
  for (const TensorInfo& info : infos)
    json.push_back({{"name", info.name}, {"dtype", name(info.dtype)}, {"dims", info.dims}});
  return json;
}

int run(const Options& options) {
  Network network = load_network(options.model, options.importing.options());
  if (options.optimized) network = optimize(network, options.build.options());
  if (!options.output.empty()) network.save_text(options.output);
  if (!options.onnx.empty()) network.save_onnx(options.onnx);
  if (options.json) {
    nlohmann::ordered_json json;
    json["name"] = network.name();
    json["inputs"] = to_json(network.inputs());
    json["outputs"] = to_json(network.outputs());
    json["ops"] = op_counts(network);
    print_json(json);
  } else if (options.output.empty() && options.onnx.empty()) {
    print(network.to_text() + "\n");
  }
  return kDone;
}

}  // namespace

void add_dump(Program& program) {
  auto options = std::make_shared<Options>();
  CLI::App& app = program.add("dump", "Show a model as textual IR", [options] { return run(*options); });
  app.add_option("MODEL", options->model, "Model: ONNX, textual IR (*.ir), … (see tenon list formats)")
      ->required();
  app.add_option("-o,--save", options->output,
                 "Write it to this file, with large constants in a second file of the name plus .blob, so "
                 "that tenon opt, build "
                 "and run can read it");
  app.add_option("--onnx", options->onnx,
                 "Write it to this file as an ONNX model that answers the same; above 1 GiB its constants "
                 "go to a second file of the name plus .data");
  app.add_flag("--optimized", options->optimized, "After the passes of a build");
  options->build.add_pipeline(app);
  options->importing.add_to(app);
  options->importing.add_mean(app);
  options->build.add_shapes(app);
  app.add_flag("--json", options->json, "Name, inputs, outputs and operator counts as JSON");
}

}  // namespace tenon::tool
