#include "api/pipeline.hpp"
#include "base/check.hpp"
#include "base/text.hpp"
#include "quant/place.hpp"
#include "quant/schemes.hpp"

#include <tenon/quantize.hpp>

#include <array>
#include <string>

namespace tenon {
namespace {

constexpr std::array<std::string_view, 6> kSchemes = {
    "static", "static-asymmetric", "dynamic-symmetric", "dynamic-asymmetric", "weights-int8", "weights-int4"};

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

std::string_view to_string(QuantizationScheme scheme) noexcept {
  return kSchemes.at(static_cast<std::size_t>(scheme));
}

QuantizationScheme parse_quantization_scheme(std::string_view text) {
  for (std::size_t i = 0; i < kSchemes.size(); ++i) {
    if (kSchemes[i] == text) return static_cast<QuantizationScheme>(i);
  }
  const std::vector<std::string> names(kSchemes.begin(), kSchemes.end());
  detail::fail_require(
      fmt::format("there is no quantization scheme {}: expected {}", quote(text), join(names)));
}

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
