// pointwise: connected elementwise operators become one node that runs a small program on every element.
#include "passes/rule.hpp"

namespace tenon {
namespace {

struct GroupPointwise {
  static constexpr std::string_view kName = "pointwise";
  static constexpr std::string_view kSummary = "connected elementwise operators into one program";
  static constexpr auto fields() { return std::make_tuple(); }
  bool run(Graph& graph, PassContext& context) const {
    return rewrite(graph, builtin_rules().groups({"pointwise"}), context);
  }
};

}  // namespace

void register_pass_pointwise(PassRegistry& registry) { registry.add(GroupPointwise{}); }

}  // namespace tenon
