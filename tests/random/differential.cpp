#include "random/differential.hpp"

#include "backends/ref/ref.hpp"
#include "ir/parser.hpp"
#include "ir/printer.hpp"
#include "ops/registry.hpp"
#include "passes/pipelines.hpp"

#include <tenon/builder.hpp>

#include <fmt/format.h>

#include <array>

namespace tenon::test {
namespace {

constexpr std::array<std::int64_t, 2> kBatches = {3, 1};

std::vector<Tensor> reference(const Graph& graph, const std::vector<Tensor>& inputs) {
  const std::vector<Data> data(inputs.begin(), inputs.end());
  std::vector<Tensor> outputs;
  for (const Data& result : ref::evaluate(graph, data)) outputs.push_back(result.tensor());
  return outputs;
}

std::string compare(const RandomGraph& random, const std::vector<Tensor>& expected,
                    const std::vector<Tensor>& found, const std::string& where) {
  if (expected.size() != found.size()) return fmt::format("{}: {} outputs", where, found.size());
  for (std::size_t i = 0; i < expected.size(); ++i) {
    const std::string text = difference(expected[i], found[i], random.outputs[i]);
    if (!text.empty()) return fmt::format("{}: output {}: {}", where, random.graph.output_names()[i], text);
  }
  return {};
}

std::vector<Tensor> run(const RandomGraph& random, const Engine& engine, const std::vector<Tensor>& inputs) {
  Context context = engine.create_context();
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    context.set_input(random.graph.value(random.graph.inputs()[i]).name, inputs[i]);
  }
  context.run();
  std::vector<Tensor> outputs;
  for (const std::string& name : random.graph.output_names()) outputs.push_back(context.output(name).clone());
  return outputs;
}

BuildOptions build_options(const RandomGraph& random, std::uint64_t seed) {
  BuildOptions options;
  options.threads = 1 + static_cast<int>(seed % 2);
  options.measure = false;
  options.accuracy = Accuracy::exact;  // what is known of a value's error is that of direct algorithms
  options.rule_order_seed = seed;
  for (const ValueId input : random.graph.inputs()) {
    const Value& value = random.graph.value(input);
    ShapeRange range;
    for (const Dim& dim : *value.type.as_tensor().dims) {
      range.min.push_back(dim.is_const() ? dim.value() : 1);
      range.opt.push_back(dim.is_const() ? dim.value() : 2);
      range.max.push_back(dim.is_const() ? dim.value() : kLargestBatch);
    }
    options.shapes.emplace(value.name, std::move(range));
  }
  return options;
}

}  // namespace

std::string check_text(const RandomGraph& random) {
  BlobStore blobs;
  const std::string text = print(random.graph, &blobs);
  const Graph read = parse(text, builtin_ops(), &blobs);
  if (!(read == random.graph)) return "the text reads back as another graph";
  BlobStore again;
  return print(read, &again) == text ? "" : "the text of what was read back is another one";
}

std::string check_passes(const RandomGraph& random, std::uint64_t seed) {
  Graph optimized = random.graph;
  PipelineOptions options;
  options.evaluator = [](const Op& op, std::span<const Data> inputs, std::size_t outputs) {
    return ref::evaluate(op, inputs, outputs);
  };
  options.rule_order_seed = seed;
  run_pipeline(optimized, default_pipeline(), options);
  Random source(seed);
  for (const std::int64_t batch : kBatches) {
    const std::vector<Tensor> inputs = random_inputs(random, batch, source);
    const std::string text = compare(random, reference(random.graph, inputs), reference(optimized, inputs),
                                     fmt::format("after the passes, N = {}", batch));
    if (!text.empty()) return text + "\n" + print(optimized);
  }
  return {};
}

std::string check_engines(const RandomGraph& random, std::uint64_t seed) {
  const Network network(random.graph);
  BuildOptions options = build_options(random, seed);
  options.optimize = false;
  const Engine raw = build(network, options);
  options.optimize = true;
  const Engine optimized = build(network, options);
  const Engine reloaded = Engine::deserialize(optimized.serialize());
  Random source(seed);
  for (const std::int64_t batch : kBatches) {
    const std::vector<Tensor> inputs = random_inputs(random, batch, source);
    const std::vector<Tensor> expected = reference(random.graph, inputs);
    const auto check = [&](const Engine& engine, const char* name) {
      const std::string text = compare(random, expected, run(random, engine, inputs),
                                       fmt::format("{} engine, N = {}", name, batch));
      return text.empty() ? text : text + "\n" + engine.dump();
    };
    for (const std::string& text :
         {check(raw, "raw"), check(optimized, "optimized"), check(reloaded, "reloaded")}) {
      if (!text.empty()) return text;
    }
  }
  return {};
}

std::string check_everything(const RandomGraph& random, std::uint64_t seed) {
  try {
    random.graph.verify();
    std::string text = check_text(random);
    if (text.empty()) text = check_passes(random, seed);
    if (text.empty()) text = check_engines(random, seed);
    return text;
  } catch (const std::exception& error) {
    return error.what();
  }
}

}  // namespace tenon::test
