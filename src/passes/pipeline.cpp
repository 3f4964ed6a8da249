#include "passes/pipeline.hpp"

#include "base/check.hpp"
#include "base/clock.hpp"
#include "base/text.hpp"
#include "ir/attribute_text.hpp"
#include "ir/printer.hpp"

#include <tenon/error.hpp>

#include <fmt/format.h>

#include <utility>

namespace tenon {
namespace {

void dump_graph(const PipelineOptions& options, std::size_t index, std::string_view name,
                const Graph& graph) {
  if (options.dump_dir.empty()) return;
  std::filesystem::create_directories(options.dump_dir);
  write_text(graph, options.dump_dir / fmt::format("{:02}-{}.ir", index, name));
}

// One pass and its clean-up; throws when it breaks a rule of the house.
PipelineReport::Entry run_pass(Graph& graph, const Pass& pass, PassContext& context, bool verify) {
  PipelineReport::Entry entry;
  entry.name = pass.name();
  const auto start = Clock::now();
  const std::size_t rewrites = context.rewrites();
  const std::uint64_t version = graph.version();
  entry.changed = pass.run(graph, context);
  TENON_CHECK(entry.changed || graph.version() == version,
              "the pass changed the graph, but says that it did not");
  entry.removed = graph.remove_dead_nodes();
  entry.rewrites = context.rewrites() - rewrites;
  if (verify && (entry.changed || entry.removed > 0)) graph.verify();
  entry.ms = 1e3 * seconds_since(start);
  return entry;
}

}  // namespace

Pipeline parse_pipeline(std::string_view text, const PassRegistry& registry) {
  Lexer lexer(text, "pipeline");
  Pipeline pipeline;
  if (lexer.at_end()) return pipeline;
  AttributeParser attributes(lexer);
  do {
    const Token name = lexer.expect(Token::Kind::identifier, "a pass");
    const Pass* pass = registry.find(name.text);
    if (pass == nullptr) {
      lexer.fail(name.offset, fmt::format("there is no pass {}{}", quote(name.text),
                                          did_you_mean(name.text, registry.names())));
    }
    const AttributeList options = attributes.parse();
    try {
      pipeline.push_back(pass->with_options(options));
    } catch (const ModelError& error) {
      lexer.fail(name.offset, error.message());
    }
  } while (lexer.accept(','));
  lexer.expect_end();
  return pipeline;
}

std::string to_string(const Pipeline& pipeline) {
  std::string text;
  for (const Pass& pass : pipeline) text += (text.empty() ? "" : ",") + pass.to_string();
  return text;
}

PipelineReport run_pipeline(Graph& graph, const Pipeline& pipeline, const PipelineOptions& options) {
  PassContext context(options.evaluator, options.rule_order_seed, options.stop_after_rewrites);
  PipelineReport report;
  dump_graph(options, 0, "input", graph);
  for (std::size_t i = 0; i < pipeline.size(); ++i) {
    const std::size_t rewrites_before = context.rewrites();
    if (options.before_pass) options.before_pass(pipeline[i], graph);
    std::optional<Graph> before;
    if (!options.reproducer.empty()) before = graph;
    try {
      report.passes.push_back(run_pass(graph, pipeline[i], context, options.verify));
    } catch (Error& error) {
      error.add_context(fmt::format("running the pass {}", quote(pipeline[i].name())));
      if (before) {
        std::optional<std::size_t> left;
        if (options.stop_after_rewrites) left = *options.stop_after_rewrites - rewrites_before;
        const Pipeline rest(pipeline.begin() + static_cast<std::ptrdiff_t>(i), pipeline.end());
        write_reproducer(options.reproducer,
                         {*std::move(before), to_string(rest), options.rule_order_seed, left},
                         error.message());
        error.add_context(fmt::format("optimizing (to run it again: tenon opt --reproduce {})",
                                      options.reproducer.string()));
      }
      throw;
    }
    dump_graph(options, i + 1, pipeline[i].name(), graph);
    if (options.after_pass) options.after_pass(i, pipeline[i], graph);
  }
  report.rewrites = context.rewrites();
  report.last_rewrite = context.last_rewrite();
  return report;
}

}  // namespace tenon
