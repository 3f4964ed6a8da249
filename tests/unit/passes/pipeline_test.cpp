#include "passes/pipeline.hpp"

#include "ir/parser.hpp"
#include "ir/printer.hpp"
#include "ops/registry.hpp"
#include "passes/pipelines.hpp"
#include "support/evaluate.hpp"
#include "support/paths.hpp"

#include <tenon/error.hpp>

#include <gtest/gtest.h>

#include <filesystem>

namespace tenon::test {
namespace {

Graph small_network() {
  return parse(R"(graph @g(%x: f32[N,2,4,4]) {
    %w = constant {value=f32[2,2,1,1] [1, 2, 3, 4]} : f32[2,2,1,1]
    %v = constant {value=f32[2] [1, 2]} : f32[2]
    %a = conv(%x, %w) : f32[N,2,4,4] loc("conv_0")
    %b = batch_norm(%a, %v, %v, %v, %v) : f32[N,2,4,4] loc("bn_0")
    %c = relu(%b) : f32[N,2,4,4] loc("relu_0")
    %d = conv(%c, %w) : f32[N,2,4,4] loc("conv_1")
    %e = identity(%d) : f32[N,2,4,4] loc("identity")
    %f = add(%e, %x) : f32[N,2,4,4] loc("add_1")
    %g = tanh(%f) : f32[N,2,4,4] loc("tanh")
    %h = transpose(%g) {perm=[0,2,3,1]} : f32[N,4,4,2] loc("t_0")
    %i = neg(%h) : f32[N,4,4,2] loc("neg")
    %j = transpose(%i) {perm=[0,3,1,2]} : f32[N,2,4,4] loc("t_1")
    return %j as "y"
  })",
               builtin_ops());
}

// Adds a node that nothing uses, and keeps quiet about it.
struct Liar {
  static constexpr std::string_view kName = "liar", kSummary = "changes the graph and denies it";
  static constexpr auto fields() { return std::make_tuple(); }
  bool run(Graph& graph, PassContext&) const {
    graph.add_constant(Tensor(DataType::f32, {}));
    return false;
  }
};

// Changes the type of an input, but not of what depends on it.
struct Vandal {
  std::int64_t strength = 3;
  static constexpr std::string_view kName = "vandal", kSummary = "breaks types";
  static constexpr auto fields() { return std::make_tuple(field("strength", &Vandal::strength)); }
  bool run(Graph& graph, PassContext&) const {
    graph.set_input_type(graph.inputs()[0], Type::tensor(DataType::f32, {strength, 2, 4, 4}));
    return true;
  }
};

struct Thrower {
  static constexpr std::string_view kName = "thrower", kSummary = "throws";
  static constexpr auto fields() { return std::make_tuple(); }
  bool run(Graph&, PassContext&) const { throw ModelError("two lines\nof text"); }
};

const PassRegistry& bad_passes() {
  static const PassRegistry registry = [] {
    PassRegistry filled = builtin_passes();
    filled.add(Liar{});
    filled.add(Vandal{});
    filled.add(Thrower{});
    return filled;
  }();
  return registry;
}

PipelineOptions with_reference() {
  PipelineOptions options;
  options.evaluator = reference_evaluator();
  return options;
}

TEST(Pipeline, ReadsAndPrints) {
  const std::string text = "canonicalize,vandal{strength=7},rules{names=[\"fuse_epilogue\"]},dce";
  EXPECT_EQ(to_string(parse_pipeline(text, bad_passes())), text);
  EXPECT_EQ(to_string(parse_pipeline(" fold , vandal {strength=3}", bad_passes())), "fold,vandal");
  EXPECT_TRUE(parse_pipeline("").empty());
  EXPECT_FALSE(default_pipeline().empty());
}

TEST(Pipeline, RefusesWhatItDoesNotKnow) {
  const auto message = [](std::string_view text) -> std::string {
    try {
      parse_pipeline(text, bad_passes());
    } catch (const ModelError& error) {
      return error.what();
    }
    return "no error";
  };
  EXPECT_NE(message("fold,canonicalise")
                .find("column 6: there is no pass 'canonicalise' (did you mean 'canonicalize'?)"),
            std::string::npos);
  EXPECT_NE(message("vandal{strenght=1}").find("vandal has no field 'strenght' (did you mean 'strength'?)"),
            std::string::npos);
  EXPECT_NE(message("fold dce").find("expected the end"), std::string::npos);
  EXPECT_NE(message("fold,").find("expected a pass"), std::string::npos);
  Graph graph = small_network();
  EXPECT_THROW(run_pipeline(graph, parse_pipeline("rules{names=[\"no_such_rule\"]}"), {}), ModelError);
}

TEST(Pipeline, ReportsWhatWasDone) {
  Graph graph = small_network();
  const PipelineReport report = run_pipeline(graph, default_pipeline(), with_reference());
  ASSERT_EQ(report.passes.size(), default_pipeline().size());
  EXPECT_EQ(report.passes[0].name, "canonicalize");
  EXPECT_TRUE(report.passes[0].changed);
  std::size_t sum = 0;
  for (const auto& pass : report.passes) sum += pass.rewrites;
  EXPECT_EQ(sum, report.rewrites);
  EXPECT_EQ(report.last_rewrite, "fuse_epilogue at 'neg'") << print(graph);
}

TEST(Pipeline, CatchesAPassThatDeniesItsChanges) {
  Graph graph = small_network();
  try {
    run_pipeline(graph, parse_pipeline("liar", bad_passes()), {});
    FAIL() << "not noticed";
  } catch (const InternalError& error) {
    EXPECT_NE(error.message().find("says that it did not"), std::string::npos);
    EXPECT_EQ(error.context(), std::vector<std::string>{"running the pass 'liar'"});
  }
}

TEST(Pipeline, VerifiesAfterEveryPassAndLeavesAReproducer) {
  const TempDir dir;
  Graph graph = small_network();
  PipelineOptions options = with_reference();
  options.reproducer = dir / "failure.ir";
  options.rule_order_seed = 77;
  options.stop_after_rewrites = 1000;
  EXPECT_THROW(run_pipeline(graph, parse_pipeline("cse,vandal{strength=9},fuse", bad_passes()), options),
               InternalError);

  const Reproducer reproducer = read_reproducer(options.reproducer, builtin_ops());
  Graph expected = small_network();
  run_pipeline(expected, parse_pipeline("cse"), with_reference());
  EXPECT_TRUE(reproducer.graph == expected);
  EXPECT_EQ(reproducer.pipeline, "vandal{strength=9},fuse");
  EXPECT_EQ(reproducer.rule_order_seed, 77u);
  EXPECT_EQ(reproducer.stop_after_rewrites, 1000u);
  Graph again = reproducer.graph;
  EXPECT_THROW(run_pipeline(again, parse_pipeline(reproducer.pipeline, bad_passes()), {}), InternalError);
}

TEST(Pipeline, ReproducersCarryAnyMessage) {
  const TempDir dir;
  Graph graph = small_network();
  PipelineOptions options;
  options.reproducer = dir / "failure.ir";
  EXPECT_THROW(run_pipeline(graph, parse_pipeline("thrower", bad_passes()), options), ModelError);
  EXPECT_EQ(read_reproducer(options.reproducer, builtin_ops()).pipeline, "thrower");
  write_text(graph, dir / "plain.ir", "// only a comment\n");
  EXPECT_THROW(read_reproducer(dir / "plain.ir", builtin_ops()), ModelError);
}

TEST(Pipeline, StopsAfterAGivenNumberOfRewrites) {
  Graph full = small_network();
  const std::size_t total = run_pipeline(full, default_pipeline(), with_reference()).rewrites;
  ASSERT_GT(total, 6u);
  for (std::size_t n = 0; n <= total; ++n) {
    SCOPED_TRACE("after " + std::to_string(n) + " rewrites");
    Graph graph = small_network();
    PipelineOptions options = with_reference();
    options.stop_after_rewrites = n;
    const PipelineReport report = run_pipeline(graph, default_pipeline(), options);
    EXPECT_EQ(report.rewrites, n);
    expect_same_results(small_network(), graph);
    EXPECT_EQ(graph == full, n == total);
  }
}

TEST(Pipeline, DumpsTheGraphAfterEveryPass) {
  const TempDir dir;
  Graph graph = small_network();
  PipelineOptions options = with_reference();
  options.dump_dir = dir / "dump";
  std::size_t calls = 0;
  options.after_pass = [&](std::size_t index, const Pass&, const Graph&) { EXPECT_EQ(index, calls++); };
  run_pipeline(graph, parse_pipeline("canonicalize,fuse"), options);
  EXPECT_EQ(calls, 2u);
  EXPECT_TRUE(read_text(dir / "dump" / "00-input.ir", builtin_ops()) == small_network());
  EXPECT_TRUE(std::filesystem::exists(dir / "dump" / "01-canonicalize.ir"));
  EXPECT_TRUE(read_text(dir / "dump" / "02-fuse.ir", builtin_ops()) == graph);
}

TEST(Pipeline, AnyOrderOfRulesGivesTheSameResults) {
  // TENON_TEST_SEED=random draws seeds that differ from run to run, as CI does.
  const std::uint64_t first = seed_from_environment(1);
  for (std::uint64_t seed = first; seed < first + 24; ++seed) {
    SCOPED_TRACE("rule order seed " + std::to_string(seed));
    Graph graph = small_network();
    PipelineOptions options = with_reference();
    options.rule_order_seed = seed;
    run_pipeline(graph, default_pipeline(), options);
    expect_same_results(small_network(), graph);
    Graph again = small_network();
    run_pipeline(again, default_pipeline(), options);
    EXPECT_TRUE(graph == again) << "not the same from run to run";
  }
}

TEST(Pipeline, TapsDoNotChangeWhatIsFused) {
  Graph plain = small_network();
  Graph watched = small_network();
  std::vector<ValueId> values;
  for (const NodeId id : watched.all_nodes()) values.push_back(watched.node(id).outputs[0]);
  for (const ValueId id : values) watched.add_tap("tap_" + std::to_string(id.value), id);
  run_pipeline(plain, default_pipeline(), with_reference());
  run_pipeline(watched, default_pipeline(), with_reference());
  EXPECT_EQ(watched.taps().size(), values.size());
  watched.clear_taps();
  watched.remove_dead_nodes();
  EXPECT_EQ(print(watched), print(plain));
}

}  // namespace
}  // namespace tenon::test
