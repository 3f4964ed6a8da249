#include "models/ways.hpp"

#include "backends/ref/ref.hpp"
#include "importers/onnx/import.hpp"

#include <memory>

namespace tenon::test {
namespace {

Runner load_raw(const Network& network) {
  auto graph = std::make_shared<const Graph>(import_onnx(network.model));
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

}  // namespace

std::vector<Way> ways() { return {{"raw", load_raw}}; }

}  // namespace tenon::test
