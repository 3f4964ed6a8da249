#include "ir/parser.hpp"
#include "ops/registry.hpp"
#include "ops/unary.hpp"
#include "passes/rule.hpp"

#include <tenon/error.hpp>

#include <gtest/gtest.h>

#include <set>

namespace tenon::test {
namespace {

Graph chain() {
  return parse(R"(graph @g(%x: f32[2]) {
    %a = relu(%x) : f32[2] loc("a")
    %b = relu(%a) : f32[2] loc("b")
    return %b as "b"
  })",
               builtin_ops());
}

// relu ↔ abs for ever.
std::optional<Patch> flip(const Graph& graph, NodeId root, const RuleContext&) {
  const Node& node = graph.node(root);
  const auto* unary = node.op.as<op::Unary>();
  if (unary == nullptr) return std::nullopt;
  const PointwiseFn other = unary->fn == PointwiseFn::relu ? PointwiseFn::abs : PointwiseFn::relu;
  Patch patch(graph, root);
  patch.replace(node.outputs[0], patch.add(op::unary(other), {node.inputs[0]}));
  return patch;
}

TEST(Rewrite, EndsWhenRulesUndoEachOther) {
  Graph graph = chain();
  const Rule rule{"flip", "test", "", {"relu", "abs"}, flip};
  PassContext context;
  try {
    rewrite(graph, {&rule}, context);
    FAIL() << "it ended";
  } catch (const InternalError& error) {
    EXPECT_NE(error.message().find("do not come to an end; the last one was flip at"), std::string::npos);
  }
}

TEST(Rewrite, RespectsTheBudget) {
  Graph graph = chain();
  const Rule rule{"flip", "test", "", {"relu"}, flip};
  PassContext context({}, 0, 1);
  EXPECT_TRUE(rewrite(graph, {&rule}, context));
  EXPECT_EQ(context.rewrites(), 1u);
  EXPECT_EQ(context.last_rewrite(), "flip at 'a'");
  graph.verify();
}

TEST(Rewrite, UnchangedMeansUnchanged) {
  Graph graph = chain();
  const Rule rule{"flip", "test", "", {"conv"}, flip};
  PassContext context;
  const std::uint64_t version = graph.version();
  EXPECT_FALSE(rewrite(graph, {&rule}, context));
  EXPECT_EQ(graph.version(), version);
}

TEST(Rules, HaveNamesAndSummariesAndAPass) {
  std::set<std::string> groups;
  for (const Rule& rule : builtin_rules().all()) {
    EXPECT_FALSE(rule.summary.empty()) << rule.name;
    groups.emplace(rule.group);
    for (const std::string& root : rule.roots)
      EXPECT_NE(builtin_ops().find(root), nullptr) << rule.name << ": " << root;
  }
  EXPECT_EQ(groups, (std::set<std::string>{"absorb", "attention", "canonicalize", "drop_rounding", "fold",
                                           "fuse", "move_quantization", "pointwise", "projections",
                                           "quantize", "quantize_open", "weights"}));
  for (const std::string& name : builtin_passes().names())
    EXPECT_FALSE(builtin_passes().find(name)->summary().empty());
}

}  // namespace
}  // namespace tenon::test
