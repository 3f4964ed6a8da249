// attention: attention as one operator, which reads heads side by side; transposes that become idle on the
// way go. projections: what it reads in one operand.
#include "passes/rule.hpp"

namespace tenon {
namespace {

struct FindAttention {
  static constexpr std::string_view kName = "attention";
  static constexpr std::string_view kSummary = "attention from its parts, without the transposes around it";
  static constexpr auto fields() { return std::make_tuple(); }
  bool run(Graph& graph, PassContext& context) const {
    return rewrite(graph, builtin_rules().groups({"attention", "canonicalize", "fold"}), context);
  }
};

struct MergeProjections {
  static constexpr std::string_view kName = "projections";
  static constexpr std::string_view kSummary = "queries, keys and values of attention side by side";
  static constexpr auto fields() { return std::make_tuple(); }
  bool run(Graph& graph, PassContext& context) const {
    return rewrite(graph, builtin_rules().groups({"projections", "canonicalize", "fold"}), context);
  }
};

}  // namespace

void register_pass_attention(PassRegistry& registry) {
  registry.add(FindAttention{});
  registry.add(MergeProjections{});
}

}  // namespace tenon
