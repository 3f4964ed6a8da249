#include "api/pipeline.hpp"
#include "quant/place.hpp"
#include "quant/schemes.hpp"

#include <tenon/quantize.hpp>

namespace tenon {
namespace {

// What changes weights comes first: their scales are to be those of the weights that remain.
constexpr const char* kBefore = "canonicalize,cse,absorb,cse";
constexpr const char* kAfter = "cse,dce";

void run(Graph& graph, const char* pipeline, const QuantizeOptions& options) {
  BuildOptions build;
  build.pipeline = pipeline;
  build.progress = options.progress;
  BuildReport ignored;
  run_passes(graph, build, ignored);
}

}  // namespace

Network quantize(const Network& network, const QuantizeOptions& options, QuantizeReport* report) {
  QuantizeReport local;
  QuantizeReport& out = report != nullptr ? *report : local;
  out = {};
  Graph graph = network.graph();
  graph.clear_taps();
  quant::name_observed_values(graph);
  run(graph, kBefore, options);
  switch (options.scheme) {
    case QuantizationScheme::static_symmetric:
    case QuantizationScheme::static_asymmetric: quant::quantize_statically(graph, options, out); break;
    case QuantizationScheme::weights_int8:
    case QuantizationScheme::weights_int4: quant::quantize_weights(graph, options, out); break;
    case QuantizationScheme::dynamic_symmetric:
    case QuantizationScheme::dynamic_asymmetric: quant::quantize_dynamically(graph, options, out); break;
  }
  run(graph, kAfter, options);
  return Network(std::move(graph));
}

}  // namespace tenon
