// dce: removes what neither an output nor a tap needs. (The pipeline does so after every pass; this is for
// use by itself.)
#include "passes/pass.hpp"

namespace tenon {
namespace {

struct RemoveDead {
  static constexpr std::string_view kName = "dce";
  static constexpr std::string_view kSummary = "removes what neither an output nor a tap needs";
  static constexpr auto fields() { return std::make_tuple(); }
  bool run(Graph& graph, [[maybe_unused]] PassContext& context) const {
    return graph.remove_dead_nodes() > 0;
  }
};

}  // namespace

void register_pass_dce(PassRegistry& registry) { registry.add(RemoveDead{}); }

}  // namespace tenon
