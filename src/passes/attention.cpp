// attention: attention as one operator, with what lies around it. Transposes that become idle on the way go.
#include "passes/rule.hpp"

namespace tenon {
namespace {

struct FindAttention {
  static constexpr std::string_view kName = "attention";
  static constexpr std::string_view kSummary =
      "attention from its parts; merges its projections and drops the transposes around it";
  static constexpr auto fields() { return std::make_tuple(); }
  bool run(Graph& graph, PassContext& context) const {
    return rewrite(graph, builtin_rules().groups({"attention", "canonicalize", "fold"}), context);
  }
};

}  // namespace

void register_pass_attention(PassRegistry& registry) { registry.add(FindAttention{}); }

}  // namespace tenon
