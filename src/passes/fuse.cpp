// fuse: elementwise operators behind a convolution or product become its epilogue.
#include "passes/rule.hpp"

namespace tenon {
namespace {

struct Fuse {
  static constexpr std::string_view kName = "fuse";
  static constexpr std::string_view kSummary =
      "activations and residuals into the epilogues of convolutions and products";
  static constexpr auto fields() { return std::make_tuple(); }
  bool run(Graph& graph, PassContext& context) const {
    return rewrite(graph, builtin_rules().groups({"fuse"}), context);
  }
};

}  // namespace

void register_pass_fuse(PassRegistry& registry) { registry.add(Fuse{}); }

}  // namespace tenon
