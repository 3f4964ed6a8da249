// canonicalize: one form for what can be written in several, and nothing that does nothing. Folds constants
// on the way, since shapes decide what is a no-op.
#include "passes/rule.hpp"

namespace tenon {
namespace {

struct Canonicalize {
  static constexpr std::string_view kName = "canonicalize";
  static constexpr std::string_view kSummary =
      "one form for equal things; removes no-ops and folds constants";
  static constexpr auto fields() { return std::make_tuple(); }
  bool run(Graph& graph, PassContext& context) const {
    return rewrite(graph, builtin_rules().groups({"canonicalize", "fold"}), context);
  }
};

}  // namespace

void register_pass_canonicalize(PassRegistry& registry) { registry.add(Canonicalize{}); }

}  // namespace tenon
