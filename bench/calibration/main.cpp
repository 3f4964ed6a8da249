// tenon_calibration_bench MODEL: what observing adds to running.
//
// Runs the engine that calibration observes over the same batches in turn: alone, and inside of calibrate(),
// each time a new one. Prints the least time of a batch of each, and their ratio.
#include "api/observing_engine.hpp"
#include "base/clock.hpp"
#include "base/random.hpp"
#include "base/thread_pool.hpp"
#include "ir/graph.hpp"
#include "quant/followers.hpp"

#include <tenon/builder.hpp>
#include <tenon/io.hpp>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <limits>

namespace tenon::bench {
namespace {

struct Options {
  std::string model;
  std::string samples;
  std::int64_t batch = 1;
  std::vector<int> threads = {1};
  int rounds = 7;
  std::size_t batches = 200;
};

using Inputs = ObservingEngine::Inputs;

class Batches final : public Calibrator {
 public:
  Batches(const std::vector<Inputs>& batches, std::int64_t size) : batches_(batches), size_(size) {}
  std::int64_t batch_size() const override { return size_; }
  std::optional<Inputs> next_batch() override {
    if (next_ == batches_.size()) return std::nullopt;
    return batches_[next_++];
  }

 private:
  const std::vector<Inputs>& batches_;
  std::int64_t size_;
  std::size_t next_ = 0;
};

Shape shape_of(const TensorInfo& input, std::int64_t batch) {
  Shape shape;
  for (const std::string& dim : input.dims) {
    const bool fixed = std::all_of(dim.begin(), dim.end(), [](char c) { return c >= '0' && c <= '9'; });
    shape.push_back(fixed ? std::stoll(dim) : shape.empty() ? batch : 1);
  }
  return shape;
}

// Slices of the archive's arrays along the first axis; without one, numbers between -2 and 2.
std::vector<Inputs> make_batches(const Network& network, const Options& options) {
  std::map<std::string, Tensor> arrays;
  if (!options.samples.empty()) {
    for (auto& [name, tensor] : load_npz(options.samples)) arrays.emplace(name, std::move(tensor));
  }
  std::vector<Inputs> batches;
  Random random(1);
  for (std::size_t b = 0; b < options.batches; ++b) {
    Inputs inputs;
    for (const TensorInfo& input : network.inputs()) {
      const Shape shape = shape_of(input, options.batch);
      std::vector<float> values(static_cast<std::size_t>(element_count(shape)));
      if (const auto array = arrays.find(input.name); array != arrays.end()) {
        const auto from = array->second.values<float>();
        if ((b + 1) * values.size() > from.size()) return batches;
        std::copy_n(from.begin() + static_cast<std::ptrdiff_t>(b * values.size()), values.size(),
                    values.begin());
      } else {
        for (float& value : values) value = random.uniform(-2, 2);
      }
      inputs.emplace(input.name, Tensor::of<float>(shape, values));
    }
    batches.push_back(std::move(inputs));
  }
  return batches;
}

std::set<std::string> followers_of(const Network& network) {
  const std::vector<quant::ObservedValue> values = quant::observed_values(network.graph());
  const auto parts = quant::followers(network.graph(), values);
  std::set<std::string> names;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (parts[i].front().tensor != i) names.insert(values[i].name);
  }
  return names;
}

// Seconds of all batches.
double run_alone(const Network& network, const std::vector<Inputs>& batches, int threads) {
  ObservingEngine engine(network, {}, false, followers_of(network), std::make_shared<ThreadPool>(threads));
  double running = 0;
  for (const Inputs& inputs : batches) {
    const auto batch = engine.prepare(inputs);
    const auto start = Clock::now();
    engine.run(batch);
    running += seconds_since(start);
  }
  return running;
}

void measure(const Network& network, const std::vector<Inputs>& batches, const Options& options,
             int threads) {
  CalibrateOptions calibrating;
  calibrating.rules = {parse_calibration_rule("min-max")};
  calibrating.threads = threads;
  double alone = std::numeric_limits<double>::infinity();
  double observed = alone;
  for (int round = 0; round < options.rounds; ++round) {
    alone = std::min(alone, run_alone(network, batches, threads));
    Batches data(batches, options.batch);
    CalibrateReport report;
    static_cast<void>(calibrate(network, data, calibrating, &report));
    observed = std::min(observed, report.running_s + report.observing_s);
  }
  const double us = 1e6 / static_cast<double>(batches.size());
  fmt::print("{} batch {} threads {}: {:.1f} us alone, {:.1f} us observed, ratio {:.2f}\n", options.model,
             options.batch, threads, alone * us, observed * us, observed / alone);
}

}  // namespace
}  // namespace tenon::bench

int main(int argc, char** argv) {
  using namespace tenon;
  bench::Options options;
  CLI::App app("What observing adds to running");
  app.add_option("model", options.model)->required();
  app.add_option("--samples", options.samples, ".npz with an array per input, samples along the first axis");
  app.add_option("--batch", options.batch, "Samples in a batch");
  app.add_option("--threads", options.threads, "One line each");
  app.add_option("--rounds", options.rounds, "Turns, of which the fastest counts");
  app.add_option("--batches", options.batches, "Batches in a turn, at most");
  CLI11_PARSE(app, argc, argv);
  try {
    const Network network = Network::load(options.model);
    const std::vector<bench::Inputs> batches = bench::make_batches(network, options);
    for (const int threads : options.threads) bench::measure(network, batches, options, threads);
  } catch (const Error& error) {
    fmt::print(stderr, "{}\n", error.what());
    return 1;
  }
  return 0;
}
