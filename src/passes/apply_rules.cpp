// rules: runs the rules it is given, for tests and experiments.
#include "passes/rule.hpp"

namespace tenon {
namespace {

struct ApplyRules {
  std::vector<std::string> names;

  static constexpr std::string_view kName = "rules";
  static constexpr std::string_view kSummary = "the named rewrite rules alone";
  static constexpr auto fields() { return std::make_tuple(field("names", &ApplyRules::names)); }
  bool run(Graph& graph, PassContext& context) const {
    return rewrite(graph, builtin_rules().named(names), context);
  }
};

}  // namespace

void register_pass_apply_rules(PassRegistry& registry) { registry.add(ApplyRules{}); }

}  // namespace tenon
