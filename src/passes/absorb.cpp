// absorb: scales, offsets and padding go into the weights, bias and fields of the convolution or product
// beside them.
#include "passes/rule.hpp"

namespace tenon {
namespace {

struct Absorb {
  static constexpr std::string_view kName = "absorb";
  static constexpr std::string_view kSummary =
      "batch norm, scales, offsets and padding into convolutions and products";
  static constexpr auto fields() { return std::make_tuple(); }
  bool run(Graph& graph, PassContext& context) const {
    return rewrite(graph, builtin_rules().groups({"absorb", "fold"}), context);
  }
};

}  // namespace

void register_pass_absorb(PassRegistry& registry) { registry.add(Absorb{}); }

}  // namespace tenon
