#include "api/layer_losses.hpp"
#include "api/sample_sets.hpp"
#include "base/check.hpp"
#include "ir/graph.hpp"
#include "quant/bias_correction.hpp"
#include "quant/choose_calibrators.hpp"
#include "quant/equalize.hpp"
#include "quant/observed_values.hpp"
#include "quant/override.hpp"

#include <tenon/improve.hpp>

#include <algorithm>
#include <set>
#include <string>

namespace tenon {
namespace {

using Losses = std::vector<quant::LayerLoss>;

// Noise that the layer adds, relative to its result.
double relative_noise(const quant::LayerLoss& loss) { return loss.signal > 0 ? loss.noise / loss.signal : 0; }

class Improver {
 public:
  Improver(const Network& network, Samples& samples, const ImproveOptions& options)
      : options_(options),
        samples_(samples),
        few_(samples, options.samples),
        graph_(folded(network).graph()) {
    measuring_ = {options.threads, shapes_of(samples), options.progress};
    for (const char* text :
         {"min-max", "mse", "percentile:99.999", "percentile:99.99", "percentile:99.9", "entropy-2"})
      tried_.push_back(parse_calibration_rule(text));
    const auto found = std::find(tried_.begin(), tried_.end(), options.rule);
    if (found == tried_.end()) {
      tried_.push_back(options.rule);
    } else {
      std::rotate(tried_.begin(), found, found + 1);  // of equal ones the first is chosen
    }
  }

  Improvement run() {
    find_layers();
    calibrate_again();
    Losses losses = measure();
    std::vector<Improvement::Layer> report;
    for (std::size_t i = 0; i < layers_.size(); ++i)
      report.push_back({layers_[i].name, losses[i].sqnr_db(), 0, false, false});
    if (options_.equalize) equalize(losses, report);
    const Graph exact = graph_;
    round_weights(losses, report);
    if (options_.correct_bias) {
      graph_ = quant::correct_bias(graph_, layers_, losses);
      for (quant::LayerLoss& loss : losses) loss = loss.without_mean();
    }
    for (std::size_t i = 0; i < layers_.size(); ++i) report[i].after_db = losses[i].sqnr_db();
    table_.graph = quant::network_digest(graph_);
    return {Network(graph_), Network(exact), table_, options_.rule, rules_, std::move(report)};
  }

 private:
  void find_layers() {
    graph_.remove_dead_nodes();
    layers_ = layers_of(graph_);
  }

  std::vector<quant::Layer> layers_of(const Graph& graph) const {
    std::vector<quant::Layer> layers = quant::quantizable_layers(graph);
    std::erase_if(layers, [&](const quant::Layer& layer) {
      return quant::stays_float(options_.overrides, graph, graph.node(layer.node));
    });
    return layers;
  }

  void calibrate_again() {
    SamplesCalibrator data(samples_);
    CalibrateOptions calibrating;
    calibrating.rules = tried_;
    calibrating.shapes = measuring_.shapes;
    calibrating.threads = options_.threads;
    calibrating.progress = options_.progress;
    table_ = calibrate(Network(graph_), data, calibrating);
  }

  // What the layers lose by the calibrators' ranges; whose counts, is chosen first where that is asked for.
  Losses measure() {
    const LossMeter meter(graph_, layers_, measuring_);
    const auto by = [&](const CalibrationRule& rule, const std::map<std::string, CalibrationRule>& rules) {
      return meter.measure(grids_of(layers_, table_, {rule, rules, options_.scheme}), few_);
    };
    if (options_.choose_calibrators) {
      std::vector<Losses> losses;
      for (const CalibrationRule& rule : tried_) losses.push_back(by(rule, {}));
      rules_ = quant::choose_calibrators(layers_, tried_, losses);
    }
    return by(options_.rule, rules_);
  }

  // Keeps the links whose second layer loses less; the first one's weights keep their integers.
  void equalize(Losses& losses, std::vector<Improvement::Layer>& report) {
    const std::vector<quant::Link> links = quant::find_links(graph_, layers_);
    if (links.empty()) return;
    std::vector<std::vector<float>> factors = factors_of(links);
    const Graph before = graph_;
    const std::vector<quant::Layer> layers_before = layers_;
    graph_ = quant::equalize(before, layers_before, links, factors);
    find_layers();
    calibrate_again();
    const Losses after = measure();
    for (std::size_t i = 0; i < links.size(); ++i) {
      const std::size_t second = links[i].second;
      report[second].equalized = relative_noise(after[second]) < relative_noise(losses[second]);
      if (!report[second].equalized) factors[i].clear();
    }
    graph_ = quant::equalize(before, layers_before, links, factors);
    find_layers();
    calibrate_again();
    losses = measure();
  }

  // Relative noise that bias correction does not take away.
  double remaining_noise(const quant::LayerLoss& loss) const {
    return relative_noise(options_.correct_bias ? loss.without_mean() : loss);
  }

  // Keeps the rounding of layers that lose less by it, against the weights as they were.
  void round_weights(Losses& losses, std::vector<Improvement::Layer>& report) {
    std::vector<std::size_t> which;
    std::vector<quant::Layer> layers;
    for (std::size_t i = 0; i < layers_.size(); ++i) {
      if (layers_[i].inputs > options_.round_inputs) continue;
      which.push_back(i);
      layers.push_back(layers_[i]);
    }
    if (layers.empty()) return;
    const auto grids = grids_of(layers, table_, {options_.rule, rules_, options_.scheme});
    const Graph rounded =
        quant::round_weights_by(graph_, layers, collect_moments(graph_, layers, grids, samples_, measuring_));
    const Losses after = LossMeter(graph_, layers, measuring_, &rounded).measure(grids, few_);
    std::set<std::string> kept;
    for (std::size_t i = 0; i < layers.size(); ++i) {
      quant::LayerLoss& loss = losses[which[i]];
      if (!(remaining_noise(after[i]) < remaining_noise(loss))) continue;
      report[which[i]].rounded = true;
      loss = after[i];
      kept.insert(layers[i].name);
    }
    graph_ = quant::with_parameters_of(graph_, rounded, kept);
    find_layers();
  }

  std::vector<std::vector<float>> factors_of(const std::vector<quant::Link>& links) {
    const Engine engine =
        build_simply(Network(quant::with_channel_maxima(graph_, layers_, links)), measuring_);
    std::vector<std::vector<float>> maxima(links.size());
    run_samples(engine, few_, measuring_, "measuring channels", [&](Context& context, const Samples::Batch&) {
      for (std::size_t i = 0; i < links.size(); ++i) {
        const Tensor found = context.output(quant::maximum_name(i));
        const auto values = found.values<float>();
        maxima[i].resize(values.size());
        for (std::size_t c = 0; c < values.size(); ++c) maxima[i][c] = std::max(maxima[i][c], values[c]);
      }
    });
    std::vector<std::vector<float>> factors;
    for (std::size_t i = 0; i < links.size(); ++i) {
      const quant::Layer& second = layers_[links[i].second];
      factors.push_back(quant::equalizing_factors(maxima[i], quant::input_channel_maxima(graph_, second),
                                                  quant::is_depthwise(second)));
    }
    return factors;
  }

  const ImproveOptions& options_;
  Samples& samples_;
  FirstSamples few_;
  Graph graph_;
  MeasureOptions measuring_;
  std::vector<CalibrationRule> tried_;
  std::vector<quant::Layer> layers_;
  CalibrationTable table_;
  std::map<std::string, CalibrationRule> rules_;
};

}  // namespace

Improvement improve(const Network& network, Samples& samples, const ImproveOptions& options) {
  return Improver(network, samples, options).run();
}

}  // namespace tenon
