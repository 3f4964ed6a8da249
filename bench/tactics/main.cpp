// tenon_tactic_bench MODEL...: is what `choose` takes the best that there is?
//
// Builds each model's assignment as `tenon build` does. Then, for every different problem, all candidates of
// all tactics with the chosen one's layouts, those included that the cost model did not let through, are
// measured together, and the chosen one is compared with the fastest. Layouts are a matter of the whole
// network and are not compared.
#include "api/backends.hpp"
#include "base/cpu_info.hpp"
#include "base/thread_pool.hpp"
#include "runtime/builtin_steps.hpp"
#include "tactics/choose.hpp"
#include "tactics/offer.hpp"
#include "tactics/timing_cache.hpp"
#include "tactics/tuner.hpp"

#include <tenon/builder.hpp>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <set>

namespace tenon::bench {
namespace {

struct Options {
  std::vector<std::string> models;
  int threads = 1;
  int repeats = 3;
  double within = 0.05;
  double share = 0.95;
};

struct Tally {
  std::size_t problems = 0, good = 0;
  double chosen_ns = 0, best_ns = 0;
};

// The contenders with the layouts of the chosen one, which comes first.
std::vector<Contender> rivals(const NodeChoice& choice) {
  std::vector<Contender> all{{choice.tactic, choice.candidate}};
  const std::string layouts = layout_key(choice.candidate), name = cache_name(all[0]);
  for (const Contender& other : offer_for(choice.problem, builtin_tactics(Device::cpu)).contenders) {
    if (layout_key(other.candidate) == layouts && cache_name(other) != name) all.push_back(other);
  }
  return all;
}

void judge(const NodeChoice& choice, const Options& options, const Tuner& tuner, Tally& tally) {
  if (choice.problem.has_unknown_dims()) return;
  const std::vector<Contender> contenders = rivals(choice);
  if (contenders.size() < 2) return;
  std::vector<double> ns = tuner.measure(choice.problem, contenders);
  for (int i = 1; i < options.repeats; ++i) {
    const std::vector<double> again = tuner.measure(choice.problem, contenders);
    std::transform(ns.begin(), ns.end(), again.begin(), ns.begin(),
                   [](double a, double b) { return std::min(a, b); });
  }
  const auto best = static_cast<std::size_t>(std::min_element(ns.begin(), ns.end()) - ns.begin());
  const double behind = ns[0] / ns[best] - 1;
  ++tally.problems;
  tally.good += behind <= options.within ? 1 : 0;
  tally.chosen_ns += ns[0];
  tally.best_ns += ns[best];
  if (behind <= options.within) return;
  fmt::print("  {:5.1f} %  {}\n           took {} ({:.1f} us), best of {} is {} ({:.1f} us)\n", behind * 100,
             choice.problem.key(), shown_name(contenders[0]), ns[0] / 1e3, contenders.size(),
             shown_name(contenders[best]), ns[best] / 1e3);
}

int run(const Options& options) {
  ThreadPool pool(options.threads);
  const Tuner tuner(builtin_steps(), pool);
  Tally tally;
  std::set<std::string> seen;
  for (const std::string& model : options.models) {
    Graph graph = optimize(Network::load(model)).graph();
    TimingCache cache;
    ChooseOptions choosing;
    choosing.isa = isa();
    choosing.threads = options.threads;
    choosing.cache = &cache;
    const Choice choice = choose(graph, builtin_tactics(Device::cpu), builtin_steps(), choosing);
    fmt::print("{}\n", model);
    for (const NodeChoice& node : choice.best.nodes) {
      if (seen.insert(node.problem.key()).second) judge(node, options, tuner, tally);
    }
    std::fflush(stdout);
  }
  const double share =
      tally.problems == 0 ? 1 : static_cast<double>(tally.good) / static_cast<double>(tally.problems);
  fmt::print(
      "{} of {} problems with a choice ({:.1f} %) within {:.0f} % of their best candidate; all together "
      "{:.1f} "
      "% above\n",
      tally.good, tally.problems, share * 100, options.within * 100,
      tally.best_ns > 0 ? (tally.chosen_ns / tally.best_ns - 1) * 100 : 0);
  return share >= options.share ? 0 : 1;
}

}  // namespace
}  // namespace tenon::bench

int main(int argc, char** argv) {
  tenon::bench::Options options;
  CLI::App app("Compares the tactics that a build takes with all others. Exit code 1 if too few are good.");
  app.add_option("MODEL", options.models, "ONNX files; symbolic dims become 1")->required();
  app.add_option("--threads", options.threads, "Threads (default 1)")->check(CLI::Range(1, 4096));
  app.add_option("--repeats", options.repeats, "Measurements of each problem (default 3)")
      ->check(CLI::Range(1, 100));
  app.add_option("--within", options.within, "How far behind the best is good (default 0.05)");
  app.add_option("--share", options.share, "How many must be good (default 0.95)");
  CLI11_PARSE(app, argc, argv);
  try {
    return tenon::bench::run(options);
  } catch (const std::exception& error) {
    fmt::print(stderr, "{}\n", error.what());
    return 1;
  }
}
