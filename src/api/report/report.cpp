#include "base/text.hpp"
#include "ir/graph.hpp"

#include <tenon/report.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <set>
#include <string_view>

namespace tenon {

// page.cpp, made of page.html, style.css and script.js.
extern const std::string_view kReportPage;

namespace {

constexpr std::string_view kPlaceOfData = "@TENON_REPORT_DATA@";
constexpr std::size_t kBinsTogether = 4;  // as fine as a screen shows

// JSON that may stand inside of a script element: no '<', no control characters, and UTF-8 throughout.
class Json {
 public:
  void text(std::string_view text) {
    out_ += '"';
    for (std::size_t i = 0; i < text.size();) {
      const auto c = static_cast<unsigned char>(text[i]);
      const std::size_t length = sequence_length(text.substr(i));
      if (length == 0) {
        out_ += "\\ufffd";
        ++i;
      } else if (length == 1 &&
                 (c < 0x20 || c == 0x7f || c == '"' || c == '\\' || c == '<' || c == '>' || c == '&')) {
        out_ += fmt::format("\\u{:04x}", c);
        ++i;
      } else {
        out_ += text.substr(i, length);
        i += length;
      }
    }
    out_ += '"';
  }
  void number(double x) {
    out_ += std::isfinite(x) ? fmt::format("{:.7g}", x) : std::isinf(x) && x > 0 ? "\"inf\"" : "null";
  }
  void count(std::uint64_t n) { out_ += fmt::format("{}", n); }
  void null() { out_ += "null"; }
  void key(std::string_view name) {
    separate();
    text(name);
    out_ += ':';
  }
  // Around and between the elements of an array or object.
  void open(char bracket) { out_ += bracket; }
  void close(char bracket) { out_ += bracket; }
  void separate() {
    if (out_.back() != '[' && out_.back() != '{') out_ += ',';
  }
  std::string take() { return std::move(out_); }

 private:
  // Bytes of the character that begins here; 0: none of UTF-8 does.
  static std::size_t sequence_length(std::string_view text) {
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    const unsigned char first = byte(0);
    if (first < 0x80) return 1;
    const std::size_t length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
    if (first < 0xc2 || first > 0xf4 || text.size() < length) return 0;
    for (std::size_t i = 1; i < length; ++i) {
      if ((byte(i) & 0xc0) != 0x80) return 0;
    }
    const bool overlong = (first == 0xe0 && byte(1) < 0xa0) || (first == 0xf0 && byte(1) < 0x90);
    const bool surrogate = first == 0xed && byte(1) >= 0xa0;
    const bool beyond = first == 0xf4 && byte(1) >= 0x90;
    return overlong || surrogate || beyond ? 0 : length;
  }

  std::string out_;
};

template <class Range, class Write>
void array(Json& json, const Range& range, Write write) {
  json.open('[');
  for (const auto& element : range) {
    json.separate();
    write(element);
  }
  json.close(']');
}

// Without the empty bins at the end.
void write_counts(Json& json, const std::vector<std::uint64_t>& bins) {
  std::vector<std::uint64_t> groups(bins.size() / kBinsTogether);
  for (std::size_t i = 0; i < bins.size(); ++i) groups[i / kBinsTogether] += bins[i];
  while (!groups.empty() && groups.back() == 0) groups.pop_back();
  array(json, groups, [&](std::uint64_t count) { json.count(count); });
}

class Page {
 public:
  explicit Page(const QuantizationReport& report) : report_(report) {
    for (const CalibratedTensor& tensor : report.table.tensors) {
      for (const TensorRange& range : tensor.ranges) rule_index(range.rule);
    }
    for (const LayerPrecision& layer : report.layers) precisions_.emplace(layer.tensor, &layer);
    for (const LayerSensitivity& layer : report.sensitivity) losses_.emplace(layer.tensor, &layer);
  }

  std::string data() {
    json_.open('{');
    json_.key("network");
    json_.text(report_.network);
    json_.key("facts");
    array(json_, facts(), [&](const auto& fact) {
      json_.open('[');
      json_.text(fact.first);
      json_.separate();
      json_.text(fact.second);
      json_.close(']');
    });
    json_.key("rules");
    array(json_, rules_, [&](const CalibrationRule& rule) { json_.text(to_string(rule)); });
    json_.key("tensors");
    array(json_, report_.table.tensors, [&](const CalibratedTensor& tensor) { write(tensor); });
    json_.key("nodes");
    array(json_, report_.nodes, [&](const QuantizationReport::Node& node) { write(node); });
    json_.key("measure");
    json_.text(report_.measure);
    json_.key("reference");
    report_.reference == 0 ? json_.null() : json_.number(report_.reference);
    json_.key("trials");
    array(json_, report_.trials, [&](const QuantizationReport::Trial& trial) { write(trial); });
    json_.close('}');
    return json_.take();
  }

 private:
  std::vector<std::pair<std::string, std::string>> facts() const {
    auto all = report_.facts;
    const auto on_integers =
        std::count_if(report_.layers.begin(), report_.layers.end(),
                      [](const LayerPrecision& layer) { return layer.precision != DataType::f32; });
    if (!report_.layers.empty())
      all.emplace_back("Layers on integers", fmt::format("{} of {}", on_integers, report_.layers.size()));
    const CalibrationTable& table = report_.table;
    if (table.batches > 0)
      all.emplace_back("Calibrated with", fmt::format("{} × {}", table.batches, table.batch_size));
    all.emplace_back("Tensors", fmt::format("{}", table.tensors.size()));
    all.emplace_back("Calibrator", to_string(report_.rule));
    if (table.batches > 0)
      all.emplace_back("Mode", table.mode == CalibrationMode::faithful ? "faithful" : "order-independent");
    return all;
  }

  std::size_t rule_index(const CalibrationRule& rule) {
    const auto found = std::find(rules_.begin(), rules_.end(), rule);
    if (found != rules_.end()) return static_cast<std::size_t>(found - rules_.begin());
    rules_.push_back(rule);
    return rules_.size() - 1;
  }

  void write(const CalibratedTensor& tensor) {
    const auto own = report_.rules.find(tensor.name);
    json_.open('{');
    json_.key("name");
    json_.text(tensor.name);
    json_.key("dtype");
    json_.text(tenon::name(tensor.dtype));
    json_.key("elements");
    json_.count(tensor.elements);
    json_.key("min");
    json_.number(static_cast<double>(tensor.min));
    json_.key("max");
    json_.number(static_cast<double>(tensor.max));
    json_.key("width");
    const bool zeros = tensor.histogram.width == 0;
    json_.number(zeros ? 1
                       : static_cast<double>(tensor.histogram.width) * static_cast<double>(kBinsTogether));
    json_.key("negative");
    write_counts(json_, tensor.histogram.negative);
    json_.key("positive");
    write_counts(json_, tensor.histogram.positive);
    json_.key("used");
    json_.count(rule_index(own == report_.rules.end() ? report_.rule : own->second));
    json_.key("ranges");
    array(json_, tensor.ranges, [&](const TensorRange& range) {
      json_.open('{');
      json_.key("rule");
      json_.count(rule_index(range.rule));
      json_.key("threshold");
      json_.number(static_cast<double>(range.threshold));
      json_.key("low");
      json_.number(static_cast<double>(range.low));
      json_.key("high");
      json_.number(static_cast<double>(range.high));
      json_.close('}');
    });
    json_.close('}');
  }

  void write(const QuantizationReport::Node& node) {
    const auto layer = precisions_.find(node.tensor);
    const auto loss = losses_.find(node.tensor);
    const bool known = layer != precisions_.end();
    json_.open('{');
    json_.key("location");
    json_.text(node.location);
    json_.key("op");
    json_.text(node.op);
    json_.key("tensor");
    json_.text(node.tensor);
    json_.key("sources");
    array(json_, node.sources, [&](std::size_t source) { json_.count(source); });
    json_.key("precision");
    json_.text(!known ? "" : layer->second->precision == DataType::f32 ? "fp32" : "int8");
    json_.key("why");
    json_.text(known ? layer->second->reason : "");
    json_.key("sqnr");
    loss == losses_.end() ? json_.null() : json_.number(loss->second->sqnr_db);
    json_.key("divergence");
    loss == losses_.end() || !loss->second->alone ? json_.null() : json_.number(loss->second->divergence);
    json_.close('}');
  }

  void write(const QuantizationReport::Trial& trial) {
    json_.open('{');
    json_.key("layers");
    json_.count(trial.int8_layers);
    json_.key("accuracy");
    json_.number(trial.accuracy);
    json_.key("change");
    json_.text(trial.change);
    json_.close('}');
  }

  const QuantizationReport& report_;
  std::vector<CalibrationRule> rules_;
  std::map<std::string, const LayerPrecision*> precisions_;  // by the tensor that the layer computes
  std::map<std::string, const LayerSensitivity*> losses_;
  Json json_;
};

std::vector<QuantizationReport::Node> nodes_of(const Graph& graph) {
  std::vector<QuantizationReport::Node> nodes;
  std::map<NodeId, std::size_t> places;
  for (const NodeId id : graph.nodes(graph.body())) {
    const Node& node = graph.node(id);
    const bool constant = !node.outputs.empty() && graph.constant(node.outputs[0]) != nullptr;
    if (constant) continue;
    QuantizationReport::Node shown;
    shown.location = node.location;
    shown.op = node.op.name();
    for (const ValueId output : node.outputs) {
      if (output.valid() && shown.tensor.empty()) shown.tensor = graph.value(output).name;
    }
    std::set<std::size_t> sources;
    for (const ValueId input : node.inputs) {
      if (!input.valid()) continue;
      const auto place = places.find(graph.value(input).producer);
      if (place != places.end()) sources.insert(place->second);
    }
    shown.sources.assign(sources.begin(), sources.end());
    places.emplace(id, nodes.size());
    nodes.push_back(std::move(shown));
  }
  return nodes;
}

}  // namespace

QuantizationReport start_report(const Network& network, const CalibrationTable& table) {
  QuantizationReport report;
  report.network = network.name();
  report.table = table;
  report.nodes = nodes_of(network.graph());
  const bool observed = std::any_of(table.tensors.begin(), table.tensors.end(),
                                    [](const CalibratedTensor& tensor) { return tensor.elements > 0; });
  if (!observed) return report;
  std::vector<CalibrationRule> rules;
  const auto add = [&](const CalibrationRule& rule) {
    if (std::find(rules.begin(), rules.end(), rule) == rules.end()) rules.push_back(rule);
  };
  for (const CalibratedTensor& tensor : table.tensors) {
    for (const TensorRange& range : tensor.ranges) add(range.rule);
  }
  if (!table.fused) {
    for (const char* text : {"entropy-2", "min-max", "percentile:99.9", "percentile:99.99",
                             "percentile:99.999", "mse", "legacy"})
      add(parse_calibration_rule(text));
    if (table.mode == CalibrationMode::faithful) add(parse_calibration_rule("moving-average"));
  }
  choose_ranges(report.table, rules);
  return report;
}

std::string to_html(const QuantizationReport& report) {
  std::string page(kReportPage);
  const std::size_t place = page.find(kPlaceOfData);
  page.replace(place, kPlaceOfData.size(), Page(report).data());
  return page;
}

}  // namespace tenon
