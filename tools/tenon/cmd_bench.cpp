// tenon bench: latency, throughput, and where the time goes.
#include "arguments.hpp"
#include "inputs.hpp"
#include "program.hpp"
#include "progress_bar.hpp"
#include "table.hpp"

#include <tenon/io.hpp>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <barrier>
#include <chrono>
#include <cmath>
#include <exception>
#include <limits>
#include <memory>
#include <numeric>
#include <thread>

namespace tenon::tool {
namespace {

using Clock = std::chrono::steady_clock;

struct Options {
  ModelArguments importing;
  BuildArguments build;
  InputArguments inputs;
  ProfileArguments use_profile;
  std::string model;
  int contexts = 1;
  double duration = 3;
  double warmup = 0.2;
  std::uint64_t seed = 1;
  bool profile = false;
  bool json = false;
};

struct Latency {
  std::size_t count = 0;
  double min = 0, median = 0, mean = 0, p90 = 0, p99 = 0;  // ms
};

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

// The smallest time that at least `share` of all do not exceed.
double quantile(const std::vector<double>& sorted, double share) {
  const auto rank = static_cast<std::size_t>(std::ceil(share * static_cast<double>(sorted.size())));
  return sorted[std::clamp<std::size_t>(rank, 1, sorted.size()) - 1];
}

Latency summarize(std::vector<double> times) {
  std::sort(times.begin(), times.end());
  Latency latency;
  latency.count = times.size();
  latency.min = times.front();
  latency.median = quantile(times, 0.5);
  latency.mean = std::accumulate(times.begin(), times.end(), 0.0) / static_cast<double>(times.size());
  latency.p90 = quantile(times, 0.9);
  latency.p99 = quantile(times, 0.99);
  return latency;
}

// At least one run, then until the time is over.
std::vector<double> repeat(Context& context, double duration, ProgressBar& bar, const char* stage) {
  std::vector<double> times;
  const Clock::time_point start = Clock::now();
  do {
    const Clock::time_point before = Clock::now();
    context.run();
    times.push_back(seconds_since(before) * 1e3);
    bar.show(stage, static_cast<std::size_t>(std::min(seconds_since(start), duration) * 10),
             static_cast<std::size_t>(duration * 10));
  } while (seconds_since(start) < duration);
  return times;
}

struct Measured {
  Latency latency;
  double throughput = 0;  // inferences a second, of all contexts together
};

// Every context in a thread of its own, all at the same time.
Measured repeat_together(std::vector<Context>& contexts, double duration) {
  std::vector<std::vector<double>> times(contexts.size());
  std::vector<std::exception_ptr> errors(contexts.size());
  std::barrier line(static_cast<std::ptrdiff_t>(contexts.size()));
  const auto work = [&](std::size_t i) {
    line.arrive_and_wait();
    try {
      const Clock::time_point start = Clock::now();
      do {
        const Clock::time_point before = Clock::now();
        contexts[i].run();
        times[i].push_back(seconds_since(before) * 1e3);
      } while (seconds_since(start) < duration);
    } catch (...) {
      errors[i] = std::current_exception();
    }
  };
  std::vector<std::thread> others;
  for (std::size_t i = 1; i < contexts.size(); ++i) others.emplace_back(work, i);
  work(0);
  for (std::thread& other : others) other.join();
  Measured measured;
  std::vector<double> all;
  for (std::size_t i = 0; i < contexts.size(); ++i) {
    if (errors[i]) std::rethrow_exception(errors[i]);
    measured.throughput +=
        1e3 * static_cast<double>(times[i].size()) / std::accumulate(times[i].begin(), times[i].end(), 0.0);
    all.insert(all.end(), times[i].begin(), times[i].end());
  }
  measured.latency = summarize(std::move(all));
  return measured;
}

struct Layer {
  StepInfo info;
  double ms = 0;     // mean of an inference; of an If, a Loop or a Scan with the layers inside
  double share = 0;  // of all layers
};

std::vector<Layer> layers_of(const Engine& engine, const Context& context) {
  std::vector<Layer> layers;
  double total = 0;
  const auto times = context.step_times();
  const std::vector<StepInfo> steps = engine.steps(context.profile());
  std::uint64_t inferences = 0;  // that ran the layer of the network that layers inside belong to
  for (std::size_t i = 0; i < steps.size() && i < times.size(); ++i) {
    Layer layer{steps[i]};
    if (steps[i].depth == 0) inferences = times[i].runs;
    if (inferences > 0)
      layer.ms = static_cast<double>(times[i].total_ns) / static_cast<double>(inferences) * 1e-6;
    if (steps[i].depth == 0) total += layer.ms;
    layers.push_back(std::move(layer));
  }
  for (Layer& layer : layers) layer.share = total > 0 ? layer.ms / total : 0;
  return layers;
}

// What the inputs are bound to: files, else random tensors of the shapes and with the values asked for.
void set_inputs(const Options& options, const std::vector<TensorInfo>& infos,
                const std::map<std::string, Tensor>& files, Context& context) {
  const BuildOptions asked = options.build.options();
  std::uint64_t seed = options.seed;
  for (TensorInfo info : infos) {
    if (!info.is_tensor)
      throw ModelError(fmt::format("input '{}' is a {}, which bench cannot make up", info.name, info.type));
    const auto file = files.find(info.name);
    if (const auto shape = asked.shapes.find(info.name); shape != asked.shapes.end())
      info.opt = shape->second.opt;
    const auto values = asked.values.find(info.name);
    if (info.values && values != asked.values.end()) info.values->opt = values->second.opt;
    context.set_input(info.name, file != files.end() ? file->second : random_input(info, seed));
    ++seed;
  }
  const auto check_names = [&](const std::map<std::string, ShapeRange>& ranges, const char* option) {
    for (const auto& [name, range] : ranges) {
      const bool known = std::any_of(infos.begin(), infos.end(),
                                     [&, &wanted = name](const TensorInfo& i) { return i.name == wanted; });
      if (!known) throw ModelError(fmt::format("{}: the network has no input '{}'", option, name));
    }
  };
  check_names(asked.shapes, "--shapes");
  check_names(asked.values, "--values");
}

// What it takes to change to shapes: to new ones, and to some that the context has seen. Milliseconds.
struct ShapeChange {
  double unseen = 0, seen = 0;
};

ShapeChange time_shape_change(const Options& options, const Engine& engine,
                              const std::map<std::string, Tensor>& files, std::size_t profile) {
  constexpr int kRounds = 5;
  ShapeChange best{std::numeric_limits<double>::infinity(), std::numeric_limits<double>::infinity()};
  for (int round = 0; round < kRounds; ++round) {
    Context context = engine.create_context(profile);
    set_inputs(options, engine.profiles()[profile].inputs, files, context);
    for (double* ms : {&best.unseen, &best.seen}) {
      context.set_profile(profile);  // forgets which shapes it is prepared for
      const Clock::time_point start = Clock::now();
      context.prepare();
      *ms = std::min(*ms, seconds_since(start) * 1e3);
    }
  }
  return best;
}

void report_json(const Options& options, const Engine& engine, const Measured& measured,
                 const ShapeChange& change, const std::vector<Layer>& layers) {
  const Latency& latency = measured.latency;
  nlohmann::ordered_json json;
  json["model"] = options.model;
  json["contexts"] = options.contexts;
  json["threads"] = engine.info().threads;
  json["isa"] = engine.info().isa;
  json["latency_ms"] = {{"count", latency.count}, {"min", latency.min}, {"median", latency.median},
                        {"mean", latency.mean},   {"p90", latency.p90}, {"p99", latency.p99}};
  json["throughput_per_s"] = measured.throughput;
  json["shape_change_ms"] = {{"unseen", change.unseen}, {"seen", change.seen}};
  for (const Layer& layer : layers) {
    json["layers"].push_back({{"layer", layer.info.label},
                              {"depth", layer.info.depth},
                              {"op", layer.info.op},
                              {"tactic", layer.info.tactic},
                              {"problem", layer.info.problem},
                              {"ms", layer.ms},
                              {"share", layer.share}});
  }
  print_json(json);
}

int run(const Options& options) {
  ProgressBar bar;
  std::map<std::string, Tensor> files;
  BuildOptions build_options = options.build.options();
  // Threads that wait for each other's parts of a layer are worth less than contexts that do not.
  if (options.contexts > 1 && build_options.threads == 0) build_options.threads = 1;
  const Engine engine =
      open_engine(options.model, options.importing, options.build, options.inputs, build_options, bar, files);
  std::vector<Context> contexts;
  for (int i = 0; i < options.contexts; ++i) {
    contexts.push_back(
        options.use_profile.open(engine, [&](Context& context, const std::vector<TensorInfo>& infos) {
          set_inputs(options, infos, files, context);
        }));
    repeat(contexts.back(), options.warmup, bar, "warming up");
  }
  Context& context = contexts.front();
  Measured measured;
  if (options.contexts == 1) {
    measured.latency = summarize(repeat(context, options.duration, bar, "running"));
    measured.throughput = 1e3 / measured.latency.mean;
  } else {
    measured = repeat_together(contexts, options.duration);
  }
  const Latency& latency = measured.latency;
  std::vector<Layer> layers;
  if (options.profile) {
    // Apart from the latencies, which reading the clock between steps would raise.
    context.set_profiling(true);
    repeat(context, std::max(0.2, options.duration / 4), bar, "profiling");
    layers = layers_of(engine, context);
  }
  const ShapeChange change = time_shape_change(options, engine, files, context.profile());
  if (options.json) {
    report_json(options, engine, measured, change, layers);
    return kDone;
  }
  const std::string at_once =
      options.contexts > 1 ? fmt::format("{} contexts at once, ", options.contexts) : std::string();
  print(fmt::format("latency ms: min {}  median {}  mean {}  p90 {}  p99 {}  ({} runs, {}{} threads, {})\n",
                    ms_text(latency.min), ms_text(latency.median), ms_text(latency.mean),
                    ms_text(latency.p90), ms_text(latency.p99), latency.count, at_once, engine.info().threads,
                    engine.info().isa));
  print(fmt::format("throughput: {:.4g} inferences/s\n", measured.throughput));
  print(fmt::format("change of shapes ms: {} to unseen ones, {} to seen ones\n", ms_text(change.unseen),
                    ms_text(change.seen)));
  if (layers.empty()) return kDone;
  Table table({"layer", "operator", "tactic", "ms", "share"}, {3, 4});
  for (const Layer& layer : layers) {
    table.add({std::string(2 * layer.info.depth, ' ') + shorten(layer.info.label, 40),
               shorten(layer.info.op, 40), shorten(layer.info.tactic, 50), fmt::format("{:.4f}", layer.ms),
               fmt::format("{:.1f} %", layer.share * 100)});
  }
  print("\n" + table.text());
  return kDone;
}

}  // namespace

void add_bench(Program& program) {
  auto options = std::make_shared<Options>();
  CLI::App& app = program.add("bench", "Measure latency and throughput", [options] { return run(*options); });
  app.add_option("MODEL", options->model,
                 "Model: ONNX, textual IR (*.ir), … (see tenon list formats), or engine file")
      ->required();
  app.add_option("--duration", options->duration, "Seconds to measure for (default 3)")
      ->check(CLI::Range(0.0, 86400.0));
  app.add_option("--warmup", options->warmup, "Seconds to run before that (default 0.2)")
      ->check(CLI::Range(0.0, 86400.0));
  app.add_option("--contexts", options->contexts,
                 "Run that many at the same time, each in a thread of its own; a model is built for one "
                 "thread then, unless --threads says otherwise")
      ->check(CLI::Range(1, 4096));
  app.add_flag("--profile", options->profile, "Also report the time of every layer");
  app.add_option("--seed", options->seed, "Seed of the random inputs (default 1)");
  options->importing.add_to(app);
  options->inputs.add_to(app);
  options->build.add_shapes(app);
  options->use_profile.add_to(app);
  options->build.add_threads(app);
  options->build.add_device(app);
  options->build.add_accuracy(app);
  options->build.add_half(app);
  options->build.add_tuning(app);
  app.add_flag("--json", options->json, "Report as JSON");
}

}  // namespace tenon::tool
