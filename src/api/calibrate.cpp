#include "api/batch_observer.hpp"
#include "backends/ref/numeric.hpp"
#include "base/check.hpp"
#include "base/clock.hpp"
#include "base/cpu_info.hpp"
#include "base/logging.hpp"
#include "base/text.hpp"
#include "base/thread_pool.hpp"
#include "ir/graph.hpp"
#include "quant/collector.hpp"
#include "quant/observed_values.hpp"

#include <tenon/calibrate.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <set>

namespace tenon {
namespace {

std::vector<CalibrationRule> chosen_rules(const CalibrateOptions& options) {
  std::vector<CalibrationRule> rules = options.rules;
  if (rules.empty()) {
    for (const char* text : {"entropy-2", "min-max", "percentile:99.9", "percentile:99.99",
                             "percentile:99.999", "mse", "legacy"})
      rules.push_back(parse_calibration_rule(text));
    if (options.mode == CalibrationMode::faithful) rules.push_back(parse_calibration_rule("moving-average"));
  }
  for (const CalibrationRule& rule : rules) {
    TENON_REQUIRE(rule.algorithm != CalibrationAlgorithm::entropy || rules.size() == 1,
                  "the calibrator entropy observes the fused network, the others do not: calibrate with it "
                  "alone");
    TENON_REQUIRE(
        rule.algorithm != CalibrationAlgorithm::moving_average || options.mode == CalibrationMode::faithful,
        "the moving average depends on the order of the batches: it takes the faithful mode");
  }
  return rules;
}

// As floats; `buffer` holds them where the tensor does not.
std::span<const float> floats(const Tensor& tensor, std::vector<float>& buffer) {
  if (tensor.dtype() == DataType::f32) return tensor.values<float>();
  buffer.clear();
  for (const double x : ref::to_doubles(tensor)) {
    buffer.push_back(std::abs(x) <= static_cast<double>(std::numeric_limits<float>::max())
                         ? static_cast<float>(x)
                         : (std::isnan(x) ? NAN : std::copysign(INFINITY, static_cast<float>(x > 0) - 0.5F)));
  }
  return buffer;
}

class Calibration {
 public:
  Calibration(const Network& network, Calibrator& calibrator, const CalibrateOptions& options,
              CalibrateReport& report)
      : network_(network), calibrator_(calibrator), options_(options), report_(report) {
    TENON_REQUIRE(options.shard_count >= 1 && options.shard < options.shard_count, "shard {} of {}",
                  options.shard, options.shard_count);
    TENON_REQUIRE(options.shard_count == 1 || options.mode == CalibrationMode::order_independent,
                  "the faithful mode depends on the order of the batches: it cannot be sharded");
    TENON_REQUIRE(options.threads >= 0 && options.threads <= 4096, "{} threads", options.threads);
    rules_ = chosen_rules(options);
    table_.network = network.name();
    table_.graph = quant::network_digest(network.graph());
    table_.mode = options.mode;
    table_.fused = rules_[0].algorithm == CalibrationAlgorithm::entropy;
    table_.batch_size = calibrator.batch_size();
    TENON_REQUIRE(table_.batch_size >= 1 && table_.batch_size <= 0xFFFFFFFF, "batches of {} samples",
                  table_.batch_size);
    table_.shard_count = options.shard_count;
    table_.shards = {options.shard};
    table_.finished = false;
  }

  CalibrationTable run() {
    if (take_cache()) return std::move(table_);
    if (options_.resume) read_state();
    observe_all();
    TENON_REQUIRE(table_.batches > 0, "there is no batch to calibrate with{}",
                  options_.shard_count > 1 ? " in this shard" : "");
    table_.finished = true;
    choose_ranges(table_, rules_);
    calibrator_.write_cache(make_calibration_cache(table_, rules_[0], options_.cache_header).to_text());
    return std::move(table_);
  }

 private:
  // True when the table holds the cache's ranges.
  bool take_cache() {
    const std::optional<std::string> text = calibrator_.read_cache();
    if (!text) return false;
    CalibrationCache cache;
    try {
      cache = parse_calibration_cache(*text);
      report_.mismatch = cache_mismatch(cache, network_, rules_[0]);
    } catch (const ModelError& error) {
      if (options_.on_mismatch != OnMismatch::recalibrate) throw;
      report_.mismatch = error.message();
    }
    if (!report_.mismatch.empty()) {
      TENON_REQUIRE(options_.on_mismatch != OnMismatch::stop, "the calibration cache does not fit: {}",
                    report_.mismatch);
      log_warning("the calibration cache does not fit: {}", report_.mismatch);
      if (options_.on_mismatch == OnMismatch::recalibrate) return false;
    }
    const std::map<std::string, float> scales(cache.scales.begin(), cache.scales.end());
    for (const quant::ObservedValue& value : quant::observed_values(network_.graph())) {
      const auto scale = scales.find(value.name);
      if (scale == scales.end()) continue;
      CalibratedTensor tensor;
      tensor.name = value.name;
      tensor.dtype = network_.graph().value(value.value).type.as_tensor().dtype;
      const float threshold = std::min(scale->second * 127.0F, std::numeric_limits<float>::max());
      tensor.ranges.push_back({rules_[0], threshold, -threshold, threshold});
      table_.tensors.push_back(std::move(tensor));
    }
    table_.finished = true;
    report_.from_cache = true;
    return true;
  }

  void read_state() {
    if (options_.state.empty() || !std::filesystem::exists(options_.state)) return;
    CalibrationTable state = CalibrationTable::load(options_.state);
    const auto demand = [&](bool same, const char* what) {
      TENON_REQUIRE(same, "cannot go on from {}: it is of another {}", quote(options_.state.string()), what);
    };
    demand(state.graph == table_.graph, "network");
    demand(state.mode == table_.mode, "mode");
    demand(state.fused == table_.fused, "calibrator");
    demand(state.batch_size == table_.batch_size, "batch size");
    demand(state.shards == table_.shards && state.shard_count == table_.shard_count, "shard");
    demand(!state.finished, "kind: a finished table");
    table_ = std::move(state);
    report_.resumed = table_.batches;
  }

  void observe_all() {
    const int threads = options_.threads > 0 ? options_.threads : cpu_info().usable_threads;
    const auto pool = std::make_shared<ThreadPool>(threads);
    std::vector<std::vector<quant::Clamped>> parts;  // of the tensors that are observed, in their order
    std::set<std::string> followers;
    if (!table_.fused && table_.mode != CalibrationMode::faithful) {
      const std::vector<quant::ObservedValue> values = quant::observed_values(network_.graph());
      parts = quant::followers(network_.graph(), values);
      for (std::size_t i = 0; i < parts.size(); ++i) {
        if (parts[i].front().tensor != i) followers.insert(values[i].name);
      }
    }
    ObservingEngine engine(network_, options_.shapes, table_.fused, std::move(followers), pool);
    KernelCounter counter(pool);
    std::optional<quant::Collector> collector;
    BatchObserver observer(engine, [&](std::uint64_t batch, const ObservedTensor& tensor,
                                       const Tensor& value) { count(*collector, batch, tensor, value); });
    const auto first = [&](const std::vector<ObservedTensor>& observed) {
      begin(observed);
      TENON_REQUIRE(parts.size() <= table_.tensors.size(), "the state has {} tensors, the network {}",
                    table_.tensors.size(), parts.size());
      collector.emplace(table_, std::move(parts), counter);
    };
    const std::uint64_t in_all = calibrator_.batch_count();
    auto saved = Clock::now();
    std::uint64_t left = table_.batches;  // observed by the run before
    for (std::uint64_t batch = 0;; ++batch) {
      const bool mine = batch % options_.shard_count == options_.shard;
      if (!mine || left > 0) {
        if (!calibrator_.skip_batch()) break;
        if (mine) --left;
        continue;
      }
      auto inputs = calibrator_.next_batch();
      if (!inputs) break;
      observer.add(batch, *inputs, first);
      ++table_.batches;
      if (options_.progress) options_.progress("calibrating", batch + 1, in_all);
      if (!options_.state.empty() && seconds_since(saved) >= options_.state_interval_s) {
        collector->flush();
        table_.save(options_.state);
        saved = Clock::now();
      }
    }
    if (collector) collector->flush();
    report_.running_s += observer.running_s();
    report_.observing_s += observer.observing_s();
    TENON_REQUIRE(left == 0, "there are fewer batches than the calibration had when it was interrupted");
  }

  void count(quant::Collector& collector, std::uint64_t batch, const ObservedTensor& tensor,
             const Tensor& value) {
    const std::size_t place = place_of(tensor);
    if (place == table_.tensors.size() || !collector.wants(place)) return;
    const std::span<const float> values = floats(value, buffer_);
    if (!collector.add(place, values)) refuse(tensor, values, value.shape(), batch);
  }

  // In the table: mostly as in the engine. The table's size for a tensor that it does not have.
  std::size_t place_of(const ObservedTensor& tensor) const {
    const std::size_t none = table_.tensors.size();
    if (tensor.place < none && table_.tensors[tensor.place].name == tensor.name) return tensor.place;
    const auto found = places_.find(tensor.name);
    return found == places_.end() ? none : found->second;
  }

  // One entry in the table for each tensor of the first engine.
  void begin(const std::vector<ObservedTensor>& observed) {
    if (table_.tensors.empty()) {
      for (const ObservedTensor& tensor : observed) {
        table_.tensors.emplace_back();
        table_.tensors.back().name = tensor.name;
        table_.tensors.back().dtype = tensor.dtype;
      }
    }
    for (std::size_t i = 0; i < table_.tensors.size(); ++i) places_.emplace(table_.tensors[i].name, i);
  }

  // Names the first element that is not finite.
  [[noreturn]] static void refuse(const ObservedTensor& tensor, std::span<const float> values,
                                  const Shape& shape, std::uint64_t batch) {
    std::int64_t element = std::numeric_limits<std::int64_t>::max();
    float bad = 0;
    for (std::size_t i = 0; i < values.size(); ++i) {
      if (std::isfinite(values[i])) continue;
      const std::int64_t place = tensor.element(static_cast<std::int64_t>(i), shape);
      if (place < element) bad = values[i];
      element = std::min(element, place);
    }
    throw ModelError(fmt::format(
        "{} {}{} is {} at element {} in batch {}", tensor.input ? "input" : "tensor", quote(tensor.name),
        tensor.location.empty() ? "" : fmt::format(" (of {})", quote(tensor.location)), bad, element, batch));
  }

  const Network& network_;
  Calibrator& calibrator_;
  const CalibrateOptions& options_;
  CalibrateReport& report_;
  std::vector<CalibrationRule> rules_;
  CalibrationTable table_;
  std::map<std::string, std::size_t> places_;
  std::vector<float> buffer_;
};

// "'a', 'b' and 3 more"
std::string list_some(const std::vector<std::string>& names) {
  constexpr std::size_t kMost = 10;
  std::string text;
  for (std::size_t i = 0; i < std::min(names.size(), kMost); ++i)
    text += fmt::format("{}{}", i > 0 ? ", " : "", quote(names[i]));
  if (names.size() > kMost) text += fmt::format(" and {} more", names.size() - kMost);
  return text;
}

}  // namespace

CalibrationTable calibrate(const Network& network, Calibrator& calibrator, const CalibrateOptions& options,
                           CalibrateReport* report) {
  CalibrateReport local;
  CalibrationTable table =
      Calibration(network, calibrator, options, report != nullptr ? *report : local).run();
  if (!options.state.empty()) {
    std::error_code ignored;
    std::filesystem::remove(options.state, ignored);
  }
  return table;
}

std::string cache_mismatch(const CalibrationCache& cache, const Network& network,
                           const CalibrationRule& rule) {
  if (cache.rule.algorithm != rule.algorithm) {
    return fmt::format("it was made by {}, asked for is {}", to_string(cache.rule), to_string(rule));
  }
  std::set<std::string> has;
  for (const quant::ObservedValue& value : quant::observed_values(network.graph())) has.insert(value.name);
  std::vector<std::string> unknown;
  for (const auto& [name, scale] : cache.scales) {
    if (has.erase(name) == 0) unknown.push_back(name);
  }
  const std::vector<std::string> missing(has.begin(), has.end());
  std::string text;
  if (!unknown.empty()) text = fmt::format("the network has no tensor {}", list_some(unknown));
  if (!missing.empty() && rule.algorithm != CalibrationAlgorithm::entropy)
    text += fmt::format("{}the cache has no scale for {}", text.empty() ? "" : "; ", list_some(missing));
  return text;
}

}  // namespace tenon
