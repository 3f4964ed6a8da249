#include "models/ways.hpp"

#include "backends/ref/ref.hpp"
#include "importers/format.hpp"
#include "support/paths.hpp"

#include <tenon/builder.hpp>

#include <memory>
#include <optional>
#include <set>
#include <string>

namespace tenon::test {
namespace {

Runner load_reference(const Network& network) {
  auto graph = std::make_shared<const Graph>(import_model(network.model, network.importing));
  graph->verify();
  return [graph](const NamedTensors& inputs) {
    std::vector<Data> operands;
    for (const ValueId id : graph->inputs()) operands.emplace_back(inputs.at(graph->value(id).name));
    std::vector<Data> results = ref::evaluate(*graph, operands);
    NamedTensors outputs;
    for (std::size_t i = 0; i < results.size(); ++i)
      outputs.emplace(graph->output_names()[i], results[i].tensor());
    return outputs;
  };
}

// The shapes at hand; a symbol that is some input's batch ranges from one to one more than that.
std::map<std::string, ShapeRange> profile(const tenon::Network& model, const NamedTensors& inputs) {
  std::set<std::string> batches;
  for (const TensorInfo& input : model.inputs()) {
    if (!input.dims.empty() && input.max[0] < 0) batches.insert(input.dims[0]);
  }
  std::map<std::string, ShapeRange> ranges;
  for (const TensorInfo& input : model.inputs()) {
    const Shape& shape = inputs.at(input.name).shape();
    ShapeRange range{shape, shape, shape};
    for (std::size_t axis = 0; axis < shape.size(); ++axis) {
      if (!batches.contains(input.dims[axis])) continue;
      range.min[axis] = 1;
      range.max[axis] = shape[axis] + 1;
    }
    ranges[input.name] = range;
  }
  return ranges;
}

// Builds when the first inputs show which shapes are wanted, and again when others come.
Runner load_engine(const Network& network, BuildOptions options, bool through_file) {
  auto model = std::make_shared<const tenon::Network>(tenon::Network::load(network.model, network.importing));
  struct State {
    BuildOptions options;
    std::map<std::string, Shape> shapes;
    std::optional<Engine> engine;
  };
  auto state = std::make_shared<State>();
  state->options = std::move(options);
  state->options.threads = 2;
  return [model, state, through_file](const NamedTensors& inputs) {
    std::map<std::string, Shape> shapes;
    for (const auto& [name, tensor] : inputs) shapes[name] = tensor.shape();
    if (!state->engine || shapes != state->shapes) {
      state->shapes = shapes;
      state->options.shapes = profile(*model, inputs);
      state->engine = build(*model, state->options);
      if (through_file) {
        const TempDir directory;
        state->engine->save(directory / "network.engine");
        state->engine = Engine::load(directory / "network.engine");
      }
    }
    Context context = state->engine->create_context();
    for (const auto& [name, tensor] : inputs) context.set_input(name, tensor);
    context.run();
    NamedTensors outputs;
    for (const TensorInfo& output : state->engine->outputs())
      outputs.emplace(output.name, context.output(output.name).clone());
    return outputs;
  };
}

Runner load_raw(const Network& network) {
  BuildOptions options;
  options.optimize = false;
  options.measure = false;
  return load_engine(network, options, false);
}

Runner load_optimized(const Network& network) { return load_engine(network, {}, false); }

Runner load_reloaded(const Network& network) {
  BuildOptions options;
  options.measure = false;
  return load_engine(network, options, true);
}

// Through the passes, then through an ONNX file and back.
Runner load_written(const Network& network) {
  auto model = std::make_shared<const tenon::Network>(tenon::Network::load(network.model, network.importing));
  return [model](const NamedTensors& inputs) {
    BuildOptions options;
    options.shapes = profile(*model, inputs);
    const TempDir directory;
    optimize(*model, options).save_onnx(directory / "network.onnx");
    const tenon::Network back = tenon::Network::load(directory / "network.onnx");
    options.optimize = false;
    options.measure = false;
    options.threads = 2;
    options.shapes = profile(back, inputs);
    Context context = build(back, options).create_context();
    for (const auto& [name, tensor] : inputs) context.set_input(name, tensor);
    context.run();
    NamedTensors outputs;
    for (const TensorInfo& output : context.engine().outputs())
      outputs.emplace(output.name, context.output(output.name).clone());
    return outputs;
  };
}

}  // namespace

Runner load_half(const Network& network, DataType type) {
  BuildOptions options;
  options.measure = false;
  options.half.types = {type};
  return load_engine(network, options, true);
}

std::vector<Way> ways() {
  return {{"reference", load_reference},
          {"raw", load_raw},
          {"optimized", load_optimized},
          {"reloaded", load_reloaded},
          {"written", load_written}};
}

}  // namespace tenon::test
