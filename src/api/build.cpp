#include "api/backends.hpp"
#include "api/contest.hpp"
#include "api/pipeline.hpp"
#include "api/profile.hpp"
#include "base/check.hpp"
#include "base/clock.hpp"
#include "base/context.hpp"
#include "base/cpu_info.hpp"
#include "base/logging.hpp"
#include "ir/blob_store.hpp"
#include "ir/parser.hpp"
#include "ir/printer.hpp"
#include "ops/registry.hpp"
#include "plan/plan_file.hpp"
#include "runtime/builtin_steps.hpp"
#include "tactics/choose.hpp"
#include "tactics/timing_cache.hpp"

#include <tenon/builder.hpp>

#include <fmt/format.h>

#include <chrono>

namespace tenon {
namespace {

constexpr std::string_view kProducer = "tenon " TENON_VERSION;

int thread_count(const BuildOptions& options) {
  TENON_REQUIRE(options.threads >= 0 && options.threads <= 4096, "{} threads", options.threads);
  return options.threads > 0 ? options.threads : cpu_info().usable_threads;
}

// The portable IR and its large constants, which the plan's weights share wherever they were not packed.
void add_portable(Plan& plan, const Graph& graph) {
  BlobStore blobs;
  plan.portable_ir = print(graph, &blobs);
  for (const auto& [hash, blob] : blobs.blobs()) {
    plan.portable_hashes.push_back(hash.hex());
    plan.portable_blobs.push_back(Tensor::view_const(
        DataType::u8, {static_cast<std::int64_t>(blob.bytes.size())}, blob.bytes.data(), blob.owner));
  }
}

Graph read_portable(const Plan& plan) {
  TENON_REQUIRE(!plan.portable_ir.empty(),
                "the plan was saved without its portable section, it runs only where it was built");
  BlobStore blobs;
  for (const Tensor& blob : plan.portable_blobs) {
    const auto owner = std::make_shared<const Tensor>(blob);
    static_cast<void>(blobs.add({blob.data(), blob.size_bytes()}, owner));
  }
  return in_context([&] { return parse(plan.portable_ir, builtin_ops(), &blobs, "portable IR"); },
                    [] { return std::string("reading the plan's portable section"); });
}

// From an optimized graph to a plan.
Plan finish(const Graph& graph, std::vector<PlanSymbol> profile, const BuildOptions& options,
            BuildReport& report) {
  TimingCache cache = options.timing_cache.empty() ? TimingCache() : TimingCache::load(options.timing_cache);
  ChooseOptions choosing;
  choosing.profile = profile;
  choosing.accuracy = options.accuracy;
  choosing.isa = isa();
  choosing.threads = thread_count(options);
  choosing.measure = options.measure && options.device == Device::cpu;
  choosing.cache = &cache;
  if (options.budget_s > 0) {
    choosing.deadline = Clock::now() + std::chrono::duration_cast<Clock::duration>(
                                           std::chrono::duration<double>(options.budget_s));
  }
  if (options.progress) {
    choosing.progress = [&](std::size_t done, std::size_t total) {
      options.progress("timing tactics", done, total);
    };
  }
  const TacticRegistry& tactics = builtin_tactics(options.device);
  Graph chosen = graph;
  const Choice choice = choose(chosen, tactics, builtin_steps(), choosing);
  Contest contest =
      hold_contest(chosen, choice, choosing, {std::move(profile), choosing.threads, choosing.isa});
  Plan plan = std::move(contest.plan);
  plan.producer = kProducer;
  if (options.portable) add_portable(plan, graph);
  report.cache_hits = cache.hits();
  report.cache_misses = cache.misses();
  for (const NodeChoice& node : contest.winner->nodes) report.timed += node.measured ? 1 : 0;
  for (const double ns : contest.ns) report.network_ms.push_back(ns * 1e-6);
  if (!options.timing_cache.empty()) cache.save(options.timing_cache);
  return plan;
}

// What is tapped becomes an output only after the passes, so that it does not change what they fuse.
void show_taps(Graph& graph) {
  const std::vector<Tap> taps = graph.taps();
  for (const Tap& tap : taps) graph.add_output(tap.name, tap.value);
  graph.clear_taps();
}

}  // namespace

Network optimize(const Network& network, const BuildOptions& options, BuildReport* report) {
  BuildReport local;
  Graph graph = network.graph();
  static_cast<void>(apply_shapes(graph, options.shapes));
  if (options.optimize) run_passes(graph, options, report != nullptr ? *report : local);
  return Network(std::move(graph));
}

Engine build(const Network& network, const BuildOptions& options, BuildReport* report) {
  const auto start = Clock::now();
  BuildReport local;
  BuildReport& out = report != nullptr ? *report : local;
  Graph graph = network.graph();
  std::vector<PlanSymbol> profile = apply_shapes(graph, options.shapes);
  if (options.optimize) run_passes(graph, options, out);
  if (options.taps) show_taps(graph);
  Plan plan = finish(graph, std::move(profile), options, out);
  out.seconds = seconds_since(start);
  log_info("built '{}' in {:.2f} s: {} rewrites, {} steps, {} candidates timed", plan.network, out.seconds,
           out.rewrites, plan.steps.size(), out.timed);
  return Engine::from_plan(std::move(plan));
}

Engine load_or_retune(const std::filesystem::path& path, const BuildOptions& options,
                      const LoadOptions& load) {
  Plan plan = load_plan(path);
  const auto needed = parse_isa(plan.isa);
  if (needed && isa_enabled(*needed)) return Engine::from_plan(std::move(plan), load);
  BuildReport report;
  return Engine::from_plan(finish(read_portable(plan), plan.symbols, options, report), load);
}

}  // namespace tenon
