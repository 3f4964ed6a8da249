#include "api/backends.hpp"
#include "api/contest.hpp"
#include "api/half_guard.hpp"
#include "api/pipeline.hpp"
#include "api/precision_study.hpp"
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
#include <optional>

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

  // What is chosen from here on is chosen for these symbols.
  const ChooseOptions& choosing(const std::vector<PlanSymbol>& symbols, const HalfGuard& guard) {
    choosing_.profile = symbols;
    choosing_.keeps_f32 = [&](const Graph& at, NodeId node, DataType type) {
      return !guard.reason(at, node, type).empty();
    };
    return choosing_;
  }

  // `dim_names`: the dims of the inputs as the model names them.
  void add(const Graph& optimized, const std::vector<PlanSymbol>& symbols, const std::vector<Dims>& dim_names,
           const HalfGuard& guard) {
    Graph graph = optimized;
    const Choice choice =
        choose(graph, builtin_tactics(options_.device), builtin_steps(), choosing(symbols, guard));
    const std::vector<Entrant> entrants = entrants_of(graph, choice);
    Contest contest = hold(entrants, choosing_);
    if (choosing_.measure && !choosing_.stored_types.empty()) {
      // Portions and strips may make more of values in f32 than their steps alone told.
      Graph floats = optimized;
      ChooseOptions in_f32 = choosing_;
      in_f32.stored_types.clear();
      const Choice rival = choose(floats, builtin_tactics(options_.device), builtin_steps(), in_f32);
      const std::vector<Entrant> rivals = entrants_of(floats, rival);
      Contest won_in_f32 = hold(rivals, in_f32);
      if (is_beaten(contest, won_in_f32, choosing_))
        return add_winner(rivals, std::move(won_in_f32), optimized, dim_names, guard);
    }
    add_winner(entrants, std::move(contest), optimized, dim_names, guard);
  }

  // The fastest of an INT8 study's trials, for which choosing() has been asked; returns which.
  std::size_t add(const PrecisionStudy& study, const std::vector<Dims>& dim_names, const HalfGuard& guard) {
    const std::vector<PrecisionStudy::Trial>& trials = study.trials();
    std::vector<Entrant> entrants;
    for (const PrecisionStudy::Trial& trial : trials)
      entrants.push_back({trial.graph.get(), &trial.choice.best});
    if (trials[0].choice.runner_up) entrants.push_back({trials[0].graph.get(), &*trials[0].choice.runner_up});
    Contest contest = hold(entrants, choosing_);
    const std::size_t winner = contest.winner < trials.size() ? contest.winner : 0;
    PrecisionCosts costs = study.costs(winner);
    for (std::size_t i = 0; i < costs.trials.size() && i < contest.ns.size(); ++i)
      costs.trials[i].timed_ns = contest.ns[i == winner ? contest.winner : i];
    if (report_.costs.trials.empty()) report_.costs = costs;
    add_winner(entrants, std::move(contest), trials[winner].optimized, dim_names, guard);
    plan_.profiles.back().precision = std::move(costs);
    return winner;
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
  static std::vector<Entrant> entrants_of(const Graph& graph, const Choice& choice) {
    std::vector<Entrant> entrants{{&graph, &choice.best}};
    if (choice.runner_up) entrants.push_back({&graph, &*choice.runner_up});
    return entrants;
  }

  static Contest hold(const std::vector<Entrant>& entrants, const ChooseOptions& choosing) {
    return hold_contest(entrants, choosing, {choosing.profile, choosing.threads, choosing.isa});
  }

  void add_winner(const std::vector<Entrant>& entrants, Contest contest, const Graph& optimized,
                  const std::vector<Dims>& dim_names, const HalfGuard& guard) {
    if (plan_.profiles.empty()) report_.kept = guard.kept(optimized);
    PlanProfile& profile = contest.plan.profiles.front();
    for (std::size_t i = 0; i < dim_names.size(); ++i) profile.inputs.at(i).dim_names = dim_names[i];
    if (options_.portable) profile.portable_ir = print(optimized, &portable_);
    report_.timed += timed_nodes(*entrants[contest.winner].assignment);
    for (const double ns : contest.ns) report_.network_ms.push_back(ns * 1e-6);
    if (plan_.profiles.empty()) {
      plan_ = std::move(contest.plan);
    } else {
      add_profiles(plan_, std::move(contest.plan));
    }
  }

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

}  // namespace

Network optimize(const Network& network, const BuildOptions& options, BuildReport* report) {
  BuildReport local;
  Graph graph = network.graph();
  if (options.int8) check_int8(network, options);
  static_cast<void>(apply_profile(graph, profiles_of(options).front()));
  if (options.optimize) run_passes(graph, options, report != nullptr ? *report : local);
  return Network(std::move(graph));
}

namespace {

// Builds the network for one profile after the other.
class Builder {
 public:
  Builder(const Network& network, const BuildOptions& options, BuildReport& report)
      : network_(network),
        options_(options),
        report_(report),
        guard_(network, options.half),
        finisher_(options, report) {}

  void add(const OptimizationProfile& profile) {
    const bool timed = options_.int8 && options_.int8->use == Int8Use::where_it_pays && options_.measure &&
                       options_.device == Device::cpu && !options_.stop_after_rewrites;
    if (timed) {
      add_fastest(profile);
    } else {
      add_one(profile);
    }
  }

  Plan finish() { return finisher_.finish(); }

 private:
  void add_one(const OptimizationProfile& profile) {
    Graph graph = network_.graph();
    const std::vector<PlanSymbol> symbols = apply_profile(graph, profile);
    guard_.name_values(graph);
    if (options_.optimize) run_passes(graph, options_, report_);
    if (options_.taps) show_taps(graph);
    finisher_.add(graph, symbols, dim_names(network_.graph()), guard_);
  }

  // With the layers on integers for which that pays.
  void add_fastest(const OptimizationProfile& profile) {
    Graph placing = network_.graph();
    const std::vector<PlanSymbol> symbols = apply_profile(placing, profile);
    guard_.name_values(placing);
    run_passes_before_placement(placing, options_, report_);
    std::optional<Graph> exact;
    if (options_.int8->exact != nullptr) exact = exact_at_placement(profile);
    PrecisionStudy study(std::move(placing), exact ? &*exact : nullptr, options_,
                         finisher_.choosing(symbols, guard_));
    const std::size_t winner = finisher_.add(study, dim_names(network_.graph()), guard_);
    PrecisionStudy::Trial& taken = study.trials()[winner];
    if (!options_.dump_dir.empty()) dump(profile, taken.slower);
    report_.passes.insert(report_.passes.end(), taken.report.passes.begin(), taken.report.passes.end());
    report_.rewrites += taken.report.rewrites;
    report_.last_rewrite = taken.report.last_rewrite;
    if (report_.layers.empty()) report_.layers = std::move(taken.report.layers);
  }

  Graph exact_at_placement(const OptimizationProfile& profile) const {
    Graph graph = options_.int8->exact->graph();
    static_cast<void>(apply_profile(graph, profile));
    BuildReport report;
    run_passes_before_placement(graph, options_, report);
    return graph;
  }

  void dump(const OptimizationProfile& profile, const quant::Positions& slower) const {
    Graph graph = network_.graph();
    static_cast<void>(apply_profile(graph, profile));
    BuildReport report;
    run_passes(graph, options_, report, slower);
  }

  const Network& network_;
  const BuildOptions& options_;
  BuildReport& report_;
  const HalfGuard guard_;
  Finisher finisher_;
};

}  // namespace

Engine build(const Network& network, const BuildOptions& options, BuildReport* report) {
  const auto start = Clock::now();
  BuildReport local;
  BuildReport& out = report != nullptr ? *report : local;
  if (options.int8) check_int8(network, options);
  const std::vector<OptimizationProfile> profiles = profiles_of(options);
  Builder builder(network, options, out);
  for (std::size_t i = 0; i < profiles.size(); ++i) {
    if (profiles.size() == 1) {
      builder.add(profiles[i]);
    } else {
      in_context([&] { builder.add(profiles[i]); }, [&] { return fmt::format("building profile {}", i); });
    }
  }
  Plan plan = builder.finish();
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
