// fold: computes what does not depend on the inputs.
#include "passes/rule.hpp"

namespace tenon {
namespace {

struct Fold {
  static constexpr std::string_view kName = "fold";
  static constexpr std::string_view kSummary = "computes what does not depend on the inputs";
  static constexpr auto fields() { return std::make_tuple(); }
  bool run(Graph& graph, PassContext& context) const {
    return rewrite(graph, builtin_rules().groups({"fold"}), context);
  }
};

}  // namespace

void register_pass_fold(PassRegistry& registry) { registry.add(Fold{}); }

}  // namespace tenon
