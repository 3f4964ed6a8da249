#include "precision_table.hpp"

#include "program.hpp"
#include "table.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace tenon::tool {
namespace {

constexpr std::size_t kNameWidth = 60;

bool on_integers(const LayerCost& layer) { return layer.precision != DataType::f32; }

std::string us_text(double ns) { return ns == 0 ? "-" : fmt::format("{:.1f}", ns * 1e-3); }

std::string ms_or_dash(double ns) { return ns > 0 ? ms_text(ns * 1e-6) : "-"; }

std::string layers_text(const PrecisionCosts& costs, const std::string& filter) {
  Table table({"Layer", "runs on", "T_float", "T_int8", "T_quant", "T_dequant", "profit"}, {2, 3, 4, 5, 6});
  LayerCost sum;
  double profit = 0;
  bool estimated = false, ordered = false, any = false;
  for (const LayerCost& layer : costs.layers) {
    if (layer.layer.find(filter) == std::string::npos) continue;
    any = true;
    estimated = estimated || !layer.measured;
    ordered = ordered || layer.ordered;
    table.add({shorten(printable(layer.layer), kNameWidth),
               std::string(name(layer.precision)) + (layer.ordered ? "!" : ""),
               (layer.measured ? "" : "~") + us_text(layer.float_ns),
               (layer.measured ? "" : "~") + us_text(layer.integer_ns), us_text(layer.quantize_ns),
               us_text(layer.dequantize_ns), us_text(layer.profit_ns())});
    sum.float_ns += layer.float_ns;
    if (!on_integers(layer)) continue;
    sum.integer_ns += layer.integer_ns;
    sum.quantize_ns += layer.quantize_ns;
    sum.dequantize_ns += layer.dequantize_ns;
    profit += layer.profit_ns();
  }
  if (!any) return "";
  table.add({"all; on integers those that run so", "", us_text(sum.float_ns), us_text(sum.integer_ns),
             us_text(sum.quantize_ns), us_text(sum.dequantize_ns), us_text(profit)});
  std::string text = table.text() + "times in µs";
  if (estimated) text += "; ~: of the cost model";
  if (ordered) text += "; !: as --layer-precision asks";
  return text + "\n";
}

std::string trials_text(const PrecisionCosts& costs) {
  Table table({"Network", "expected ms", "timed ms", ""}, {1, 2});
  for (const PrecisionTrial& trial : costs.trials)
    table.add({trial.name, ms_or_dash(trial.expected_ns), ms_or_dash(trial.timed_ns),
               trial.chosen ? "chosen" : ""});
  return table.text();
}

}  // namespace

std::string text_of(const PrecisionCosts& costs, const std::string& filter) {
  std::string text = layers_text(costs, filter);
  if (filter.empty() && !costs.trials.empty()) text += (text.empty() ? "" : "\n") + trials_text(costs);
  return text;
}

nlohmann::ordered_json to_json(const PrecisionCosts& costs) {
  nlohmann::ordered_json json = {{"layers", nlohmann::ordered_json::array()},
                                 {"networks", nlohmann::ordered_json::array()}};
  for (const LayerCost& layer : costs.layers) {
    json["layers"].push_back({{"layer", layer.layer},
                              {"precision", name(layer.precision)},
                              {"float_us", layer.float_ns * 1e-3},
                              {"int8_us", layer.integer_ns * 1e-3},
                              {"quantize_us", layer.quantize_ns * 1e-3},
                              {"dequantize_us", layer.dequantize_ns * 1e-3},
                              {"profit_us", layer.profit_ns() * 1e-3},
                              {"measured", layer.measured},
                              {"ordered", layer.ordered}});
  }
  for (const PrecisionTrial& trial : costs.trials) {
    json["networks"].push_back({{"name", trial.name},
                                {"expected_ms", trial.expected_ns * 1e-6},
                                {"timed_ms", trial.timed_ns * 1e-6},
                                {"chosen", trial.chosen}});
  }
  return json;
}

}  // namespace tenon::tool
