// quantize: operators between dequantize_linear and quantize_linear become operators of integers.
//
// First quantize_linear moves up and dequantize_linear down, as far as what lies between only moves elements.
// Then everything that ends in a quantize_linear is taken, and at last what is left of convolutions and
// products: those whose result stays f32.
#include "passes/rule.hpp"

namespace tenon {
namespace {

struct Quantize {
  static constexpr std::string_view kName = "quantize";
  static constexpr std::string_view kSummary = "quantized operators from dequantize, operator, quantize";
  static constexpr auto fields() { return std::make_tuple(); }
  bool run(Graph& graph, PassContext& context) const {
    bool changed = false;
    for (const std::string_view group : {"move_quantization", "quantize", "quantize_open", "drop_rounding"}) {
      while (rewrite(graph, builtin_rules().groups({group, "fold"}), context)) changed = true;
    }
    return changed;
  }
};

}  // namespace

void register_pass_quantize(PassRegistry& registry) { registry.add(Quantize{}); }

}  // namespace tenon
