// tenon_tactic_bench MODEL...: is what `choose` takes the best that there is?
//
// Builds each model's assignment as `tenon build` does. Then, for every different problem, all candidates of
// all tactics with the chosen one's layouts, those included that the cost model did not let through, are
// measured together; the fastest of them then run beside the chosen one, and beside that one once more, until
// it is clear how far apart they are (duel.hpp). The second copy shows what a difference between two equal
// ones looks like. Layouts are a matter of the whole network and are not compared.
#include "api/backends.hpp"
#include "base/cpu_info.hpp"
#include "base/thread_pool.hpp"
#include "duel.hpp"
#include "runtime/builtin_steps.hpp"
#include "tactics/choose.hpp"
#include "tactics/offer.hpp"
#include "tactics/pricer.hpp"
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

constexpr std::size_t kFinalists = 3;
constexpr double kInReach = 1.3;  // who is slower than that times the fastest when all are measured is out

struct Options {
  std::vector<std::string> models;
  int threads = 1;
  double seconds = 0.5;
  double within = 0.05;
  double share = 0.95;
};

struct Tally {
  std::size_t problems = 0, good = 0;
  std::size_t uncertain = 0;  // seem to be behind, but the interval says that they need not be
  double chosen_ns = 0, best_ns = 0;
  std::vector<double> repeats;  // by how much the chosen one differs from itself
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

// What the build knew of a contender that it did not take.
std::string why_not(const NodeChoice& choice, const Contender& contender) {
  for (const Considered& other : choice.considered) {
    if (other.tactic != shown_name(contender)) continue;
    if (other.measured_ns > 0)
      return fmt::format("the build timed {:.1f} us, and {:.1f} us for its own", other.measured_ns / 1e3,
                         choice.ns / 1e3);
    return fmt::format("not timed: estimated at {:.1f} us, its own at {:.1f} us", other.estimate_ns / 1e3,
                       choice.candidate.estimate_ns / 1e3);
  }
  return "unknown to the build";
}

// The chosen one, the chosen one again, and its fastest rivals.
std::vector<Contender> finalists(const NodeChoice& choice, const std::vector<Contender>& all,
                                 const Tuner& tuner) {
  const std::vector<double> ns = tuner.measure(choice.problem, all);
  const double limit = *std::min_element(ns.begin(), ns.end()) * kInReach;
  std::vector<std::size_t> order;
  for (std::size_t i = 1; i < all.size(); ++i) {
    if (ns[i] <= limit) order.push_back(i);
  }
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return ns[a] < ns[b]; });
  order.resize(std::min(order.size(), kFinalists));
  std::vector<Contender> last{all[0], all[0]};
  for (const std::size_t i : order) last.push_back(all[i]);
  return last;
}

void judge(const NodeChoice& choice, const Options& options, const Tuner& tuner, ThreadPool& pool,
           Tally& tally) {
  if (choice.problem.has_unknown_dims() || !can_be_timed(*choice.tactic)) return;
  const std::vector<Contender> all = rivals(choice);
  if (all.size() < 2) return;
  const std::vector<Contender> last = finalists(choice, all, tuner);
  const Duel duel(choice.problem, last, builtin_steps(), pool, 1 + options.within, options.seconds);
  std::size_t best = 0;
  for (std::size_t i = 2; i < last.size(); ++i) {
    if (duel.ratio(best, i).median > 1) best = i;
  }
  // A rival has to be faster than both copies: what tells those apart is no matter of the tactic.
  const Ratio repeat = duel.ratio(0, 1);
  const Ratio behind = duel.ratio(repeat.median > 1 && best != 0 ? 1 : 0, best);
  const bool good = behind.median <= 1 + options.within;
  const bool certain = good || behind.low > 1 + options.within;
  ++tally.problems;
  tally.good += good ? 1 : 0;
  tally.uncertain += certain ? 0 : 1;
  tally.chosen_ns += duel.median_ns(0);
  tally.best_ns += duel.median_ns(best);
  tally.repeats.push_back(std::max(repeat.median, 1 / repeat.median) - 1);
  if (good) return;
  fmt::print("  {}{:.1f} % ({:.1f} to {:.1f}; the same again {:.1f})  {}\n", certain ? "" : "perhaps ",
             (behind.median - 1) * 100, (behind.low - 1) * 100, (behind.high - 1) * 100,
             (repeat.median - 1) * 100, choice.problem.key());
  fmt::print("    took {} ({:.1f} us), best of {} is {} ({:.1f} us): {}\n", shown_name(last[0]),
             duel.median_ns(0) / 1e3, all.size(), shown_name(last[best]), duel.median_ns(best) / 1e3,
             why_not(choice, last[best]));
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
      if (seen.insert(node.problem.key()).second) judge(node, options, tuner, pool, tally);
    }
    std::fflush(stdout);
  }
  if (tally.problems == 0) {
    fmt::print("no problem leaves a choice\n");
    return 0;
  }
  const std::size_t certain = tally.problems - tally.uncertain;
  const double share = certain == 0 ? 0 : static_cast<double>(tally.good) / static_cast<double>(certain);
  const auto apart = static_cast<std::size_t>(std::count_if(tally.repeats.begin(), tally.repeats.end(),
                                                            [&](double d) { return d > options.within; }));
  fmt::print(
      "{} of {} problems with a choice ({:.1f} %) within {:.0f} % of their best candidate; all together "
      "{:.1f} % above; {} more too noisy to tell\n",
      tally.good, certain, share * 100, options.within * 100, (tally.chosen_ns / tally.best_ns - 1) * 100,
      tally.uncertain);
  fmt::print(
      "the same tactic twice: {:.1f} % apart in the median, {:.1f} % at the 95th percentile, {} beyond "
      "{:.0f} %\n",
      quantile(tally.repeats, 0.5) * 100, quantile(tally.repeats, 0.95) * 100, apart, options.within * 100);
  const bool known =
      static_cast<double>(tally.uncertain) <= (1 - options.share) * static_cast<double>(tally.problems);
  return share >= options.share && known ? 0 : 1;
}

}  // namespace
}  // namespace tenon::bench

int main(int argc, char** argv) {
  tenon::bench::Options options;
  CLI::App app("Compares the tactics that a build takes with all others. Exit code 1 if too few are good.");
  app.add_option("MODEL", options.models, "ONNX files; symbolic dims become 1")->required();
  app.add_option("--threads", options.threads, "Threads (default 1)")->check(CLI::Range(1, 4096));
  app.add_option("--seconds", options.seconds, "At most, for each problem's fastest (default 0.5)")
      ->check(CLI::Range(0.01, 60.0));
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
