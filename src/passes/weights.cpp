// weights: weights that are stored as integers go into the operators that read them.
#include "passes/rule.hpp"

namespace tenon {
namespace {

struct Weights {
  static constexpr std::string_view kName = "weights";
  static constexpr std::string_view kSummary = "weights stored as integers into the operators that read them";
  static constexpr auto fields() { return std::make_tuple(); }
  bool run(Graph& graph, PassContext& context) const {
    return rewrite(graph, builtin_rules().groups({"weights"}), context);
  }
};

}  // namespace

void register_pass_weights(PassRegistry& registry) { registry.add(Weights{}); }

}  // namespace tenon
