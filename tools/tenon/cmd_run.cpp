// tenon run: one inference, from files to files.
#include "arguments.hpp"
#include "inputs.hpp"
#include "output_files.hpp"
#include "program.hpp"
#include "progress_bar.hpp"
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
  InputArguments inputs;
  ProfileArguments profile;
  std::string model;
  std::string output_dir;
  bool json = false;
};

int run(const Options& options) {
  BuildOptions build_options = options.build.options();
  // One run does not pay for measuring.
  build_options.measure = build_options.measure && !build_options.timing_cache.empty();
  std::map<std::string, Tensor> tensors;
  ProgressBar bar;
  const Engine engine = open_engine(options.model, options.importing, options.build, options.inputs,
                                    build_options, bar, tensors);
  Context context = options.profile.open(engine, [&](Context& target, const std::vector<TensorInfo>& infos) {
    for (const TensorInfo& info : infos) {
      if (!info.is_tensor)
        throw ModelError(fmt::format("input '{}' is a {}, which files cannot give", info.name, info.type));
      const auto tensor = tensors.find(info.name);
      if (tensor == tensors.end()) {
        throw ModelError(fmt::format("input '{}' ({}) is missing: give --input {}=FILE", info.name,
                                     tensor_text(info), info.name));
      }
      target.set_input(info.name, tensor->second);
    }
  });
  context.run();
  std::vector<std::pair<std::string, Data>> outputs;
  for (const TensorInfo& info : engine.outputs()) outputs.emplace_back(info.name, context.value(info.name));
  const auto paths = write_outputs(options.output_dir, outputs);

  nlohmann::ordered_json json;
  std::string text;
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    const auto& [output, data] = outputs[i];
    nlohmann::ordered_json entry{{"name", output}, {"file", paths[i].string()}};
    if (data.is_tensor()) {
      const Tensor& tensor = data.tensor();
      entry["dtype"] = name(tensor.dtype());
      entry["shape"] = tensor.shape();
      text += fmt::format("{}: {} {}\n", paths[i].string(), name(tensor.dtype()), shape_text(tensor.shape()));
    } else {
      entry["type"] = engine.outputs()[i].type;
      text += fmt::format("{}: {}\n", paths[i].string(), engine.outputs()[i].type);
    }
    json["outputs"].push_back(std::move(entry));
  }
  if (options.json) {
    print_json(json);
  } else {
    print(text);
  }
  return kDone;
}

}  // namespace

void add_run(Program& program) {
  auto options = std::make_shared<Options>();
  CLI::App& app = program.add("run", "Run a model or an engine once", [options] { return run(*options); });
  app.add_option("MODEL", options->model,
                 "Model: ONNX, textual IR (*.ir), … (see tenon list formats), or engine file")
      ->required();
  app.add_option(
         "--output-dir", options->output_dir,
         "Directory for one file per output, named after it: .npy, or .json for strings, sequences and "
         "maps (other characters than letters, digits, "
         "'.', '_' and '-' "
         "become '_')")
      ->required();
  options->importing.add_to(app);
  options->inputs.add_to(app);
  options->build.add_shapes(app);
  options->profile.add_to(app);
  options->build.add_threads(app);
  options->build.add_device(app);
  options->build.add_accuracy(app);
  options->build.add_half(app);
  options->build.add_tuning(app);
  options->build.add_pipeline(app);
  app.add_flag("--json", options->json, "Report as JSON");
}

}  // namespace tenon::tool
