#include "api/backends.hpp"
#include "api/contest.hpp"
#include "api/half_guard.hpp"
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
#include "quant/observed_values.hpp"
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

// The blobs of a plan's portable IR, which its weights share wherever they were not packed.
void add_portable_blobs(Plan& plan, const BlobStore& blobs) {
  for (const auto& [hash, blob] : blobs.blobs()) {
    plan.portable_hashes.push_back(hash.hex());
    plan.portable_blobs.push_back(Tensor::view_const(
        DataType::u8, {static_cast<std::int64_t>(blob.bytes.size())}, blob.bytes.data(), blob.owner));
  }
}

BlobStore portable_blobs(const Plan& plan) {
  BlobStore blobs;
  for (const Tensor& blob : plan.portable_blobs) {
    const auto owner = std::make_shared<const Tensor>(blob);
    static_cast<void>(blobs.add({blob.data(), blob.size_bytes()}, owner));
  }
  return blobs;
}

Graph read_portable(const PlanProfile& profile, const BlobStore& blobs) {
  TENON_REQUIRE(!profile.portable_ir.empty(),
                "the plan was saved without its portable section, it runs only where it was built");
  return in_context([&] { return parse(profile.portable_ir, builtin_ops(), &blobs, "portable IR"); },
                    [] { return std::string("reading the plan's portable section"); });
}

std::size_t timed_nodes(const Assignment& assignment) {
  std::size_t count = 0;
  for (const NodeChoice& node : assignment.nodes) {
    count += node.measured ? 1 : 0;
    for (const BodyChoice& body : node.bodies) count += timed_nodes(body.assignment);
  }
  return count;
}

// Makes a plan of optimized graphs, one per profile.
class Finisher {
 public:
  Finisher(const BuildOptions& options, BuildReport& report)
      : options_(options),
        report_(report),
        cache_(options.timing_cache.empty() ? TimingCache() : TimingCache::load(options.timing_cache)) {
    choosing_.accuracy = options.accuracy;
    choosing_.stored_types = options.half.types;
    choosing_.isa = isa();
    choosing_.threads = thread_count(options);
    choosing_.measure = options.measure && options.device == Device::cpu;
    choosing_.cache = &cache_;
    if (options.budget_s > 0) {
      choosing_.deadline = Clock::now() + std::chrono::duration_cast<Clock::duration>(
                                              std::chrono::duration<double>(options.budget_s));
    }
    if (options.progress) {
      choosing_.progress = [this](std::size_t done, std::size_t total) {
        options_.progress("timing tactics", done, total);
      };
    }
  }

  // `dim_names`: the dims of the inputs as the model names them.
  void add(const Graph& graph, const std::vector<PlanSymbol>& symbols, const std::vector<Dims>& dim_names,
           const HalfGuard& guard) {
    choosing_.profile = symbols;
    choosing_.keeps_f32 = [&](const Graph& at, NodeId node, DataType type) {
      return !guard.reason(at, node, type).empty();
    };
    if (plan_.profiles.empty()) report_.kept = guard.kept(graph);
    Graph chosen = graph;
    const Choice choice = choose(chosen, builtin_tactics(options_.device), builtin_steps(), choosing_);
    Contest contest = hold_contest(chosen, choice, choosing_, {symbols, choosing_.threads, choosing_.isa});
    PlanProfile& profile = contest.plan.profiles.front();
    for (std::size_t i = 0; i < dim_names.size(); ++i) profile.inputs.at(i).dim_names = dim_names[i];
    if (options_.portable) profile.portable_ir = print(graph, &portable_);
    report_.timed += timed_nodes(*contest.winner);
    for (const double ns : contest.ns) report_.network_ms.push_back(ns * 1e-6);
    if (plan_.profiles.empty()) {
      plan_ = std::move(contest.plan);
    } else {
      add_profiles(plan_, std::move(contest.plan));
    }
  }

  Plan finish() {
    plan_.producer = kProducer;
    add_portable_blobs(plan_, portable_);
    report_.cache_hits = cache_.hits();
    report_.cache_misses = cache_.misses();
    if (!options_.timing_cache.empty()) cache_.save(options_.timing_cache);
    return std::move(plan_);
  }

 private:
  const BuildOptions& options_;
  BuildReport& report_;
  TimingCache cache_;
  ChooseOptions choosing_;
  BlobStore portable_;
  Plan plan_;
};

// The dims of the inputs as the model names them.
std::vector<Dims> dim_names(const Graph& graph) {
  std::vector<Dims> names;
  for (const ValueId input : graph.inputs()) {
    const Type& type = graph.value(input).type;
    names.push_back(type.is_tensor() ? type.as_tensor().dims.value_or(Dims{}) : Dims{});
  }
  return names;
}

void check_int8(const Network& network, const BuildOptions& options) {
  TENON_REQUIRE(options.optimize, "an INT8 build takes the passes that a raw one leaves out");
  const std::string& calibrated = options.int8->table.graph;
  TENON_REQUIRE(calibrated.empty() || calibrated == quant::network_digest(network.graph()),
                "the calibration table is of another network{}",
                options.int8->table.network == network.name() ? " of the same name" : "");
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
  if (options.int8) check_int8(network, options);
  static_cast<void>(apply_profile(graph, profiles_of(options).front()));
  if (options.optimize) run_passes(graph, options, report != nullptr ? *report : local);
  return Network(std::move(graph));
}

Engine build(const Network& network, const BuildOptions& options, BuildReport* report) {
  const auto start = Clock::now();
  BuildReport local;
  BuildReport& out = report != nullptr ? *report : local;
  if (options.int8) check_int8(network, options);
  const std::vector<OptimizationProfile> profiles = profiles_of(options);
  const HalfGuard guard(network, options.half);
  Finisher finisher(options, out);
  for (std::size_t i = 0; i < profiles.size(); ++i) {
    const auto build_one = [&] {
      Graph graph = network.graph();
      const std::vector<PlanSymbol> symbols = apply_profile(graph, profiles[i]);
      guard.name_values(graph);
      if (options.optimize) run_passes(graph, options, out);
      if (options.taps) show_taps(graph);
      finisher.add(graph, symbols, dim_names(network.graph()), guard);
    };
    if (profiles.size() == 1) {
      build_one();
    } else {
      in_context(build_one, [&] { return fmt::format("building profile {}", i); });
    }
  }
  Plan plan = finisher.finish();
  out.seconds = seconds_since(start);
  log_info("built '{}' in {:.2f} s: {} rewrites, {} steps, {} candidates timed", plan.network, out.seconds,
           out.rewrites, plan.profiles.front().steps.size(), out.timed);
  return Engine::from_plan(std::move(plan));
}

Engine load_or_retune(const std::filesystem::path& path, const BuildOptions& options,
                      const LoadOptions& load) {
  Plan plan = load_plan(path);
  const auto needed = parse_isa(plan.isa);
  if (needed && isa_enabled(*needed)) return Engine::from_plan(std::move(plan), load);
  BuildReport report;
  Finisher finisher(options, report);
  const BlobStore blobs = portable_blobs(plan);
  for (const PlanProfile& profile : plan.profiles) {
    std::vector<Dims> names;
    for (const PlanTensor& input : profile.inputs) names.push_back(input.dim_names);
    const Network network(read_portable(profile, blobs));
    finisher.add(network.graph(), profile.symbols, names, HalfGuard(network, options.half));
  }
  return Engine::from_plan(finisher.finish(), load);
}

}  // namespace tenon
