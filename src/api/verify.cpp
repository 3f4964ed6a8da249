#include "api/reduction_length.hpp"
#include "backends/ref/numeric.hpp"
#include "backends/ref/ref.hpp"
#include "base/check.hpp"
#include "base/context.hpp"
#include "base/text.hpp"
#include "ir/graph.hpp"

#include <tenon/io.hpp>
#include <tenon/verify.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>

namespace tenon {
namespace {

struct Tapped {
  std::string name;
  ValueId value;
  NodeId node;
};

using Tensors = std::map<std::string, Tensor>;

double epsilon(DataType dtype) {
  switch (dtype) {
    case DataType::f64:
    case DataType::c128: return 0x1p-52;
    case DataType::f32:
    case DataType::c64: return 0x1p-23;
    case DataType::f16: return 0x1p-10;
    case DataType::bf16: return 0x1p-7;
    case DataType::f8e4m3fn:
    case DataType::f8e4m3fnuz: return 0x1p-3;
    case DataType::f8e5m2:
    case DataType::f8e5m2fnuz: return 0x1p-2;
    default: return 0;
  }
}

// Taps what the nodes of the body compute; outputs of the graph are observable already.
std::vector<Tapped> tap_everything(Graph& graph) {
  std::vector<Tapped> tapped;
  std::set<std::string> names(graph.output_names().begin(), graph.output_names().end());
  std::map<ValueId, std::string> outputs;
  for (std::size_t i = 0; i < graph.outputs().size(); ++i)
    outputs.emplace(graph.outputs()[i], graph.output_names()[i]);
  graph.clear_taps();
  for (const NodeId node : graph.nodes(graph.body())) {
    const std::vector<ValueId> values = graph.node(node).outputs;
    for (const ValueId value : values) {
      if (!value.valid() || !graph.value(value).type.is_tensor() || graph.constant(value) != nullptr)
        continue;
      if (const auto output = outputs.find(value); output != outputs.end()) {
        tapped.push_back({output->second, value, node});
        continue;
      }
      std::string name = graph.value(value).name;
      if (name.empty()) name = fmt::format("value {}", value.value);
      while (!names.insert(name).second) name += "'";
      graph.add_tap(name, value);
      tapped.push_back({std::move(name), value, node});
    }
  }
  return tapped;
}

// Fills difference, index, expected, found and problem; true when they agree within result.allowed.
bool compare(const Tensor& expected, const Tensor& found, TapResult& result) {
  result.index = -1;
  result.difference = 0;
  result.problem.clear();
  if (expected.dtype() != found.dtype() || expected.shape() != found.shape()) {
    result.problem = fmt::format("{}[{}] instead of {}[{}]", name(found.dtype()), join(found.shape()),
                                 name(expected.dtype()), join(expected.shape()));
    return false;
  }
  if (expected.dtype() == DataType::string) {
    if (expected.identical(found)) return true;
    result.problem = "the strings differ";
    return false;
  }
  const std::vector<double> a = ref::to_doubles(expected);
  const std::vector<double> b = ref::to_doubles(found);
  for (std::size_t i = 0; i < a.size(); ++i) {
    const double x = a[i];
    const double y = b[i];
    if (x == y || (std::isnan(x) && std::isnan(y))) continue;
    const double difference = std::isfinite(x) && std::isfinite(y) ? std::abs(x - y) : HUGE_VAL;
    if (result.index >= 0 && difference <= result.difference) continue;
    result.difference = difference;
    result.index = static_cast<std::int64_t>(i);
    result.expected = x;
    result.found = y;
  }
  return result.difference <= result.allowed;
}

double largest(const Tensor& tensor) {
  if (tensor.dtype() == DataType::string) return 0;
  double most = 0;
  for (const double value : ref::to_doubles(tensor)) {
    if (std::isfinite(value)) most = std::max(most, std::abs(value));
  }
  return most;
}

class Verifier {
 public:
  Verifier(const Network& network, const VerifyOptions& options) : options_(options), network_(network) {
    taps_ = tap_everything(network_.graph());
    for (const Tapped& tap : taps_) names_.emplace(tap.value, tap.name);
    options_.build.taps = true;
    options_.build.accuracy = Accuracy::exact;
    choose_inputs();
    run_reference();
  }

  VerifyReport report() {
    BuildReport built;
    const Engine engine = build(network_, options_.build, &built);
    VerifyReport report;
    report.rewrites = built.rewrites;
    const Tensors found = run(engine);
    for (const Tapped& tap : taps_) {
      report.taps.push_back(judge(tap, found));
      if (!report.taps.back().ok && !report.first) report.first = report.taps.size() - 1;
    }
    if (report.first && options_.bisect) report.culprit = bisect(engine, report);
    return report;
  }

 private:
  const Graph& graph() const { return network_.graph(); }

  void choose_inputs() {
    std::set<std::string> known;
    for (const TensorInfo& info : network_.inputs()) {
      known.insert(info.name);
      TENON_REQUIRE(info.is_tensor, "input {} is a {}: only networks of tensors can be verified",
                    quote(info.name), info.type);
      const auto given = options_.inputs.find(info.name);
      if (given == options_.inputs.end()) continue;
      options_.build.shapes.emplace(
          info.name, ShapeRange{given->second.shape(), given->second.shape(), given->second.shape()});
    }
    for (const auto& [name, tensor] : options_.inputs) {
      TENON_REQUIRE(known.count(name) != 0, "the network has no input {}", quote(name));
    }
    BuildOptions quick;
    quick.device = Device::reference;
    quick.shapes = options_.build.shapes;
    quick.values = options_.build.values;
    quick.optimize = false;
    quick.portable = false;
    std::uint64_t seed = options_.seed;
    const Engine shapes = build(network_, quick);
    for (const TensorInfo& info : shapes.inputs()) {
      const auto given = options_.inputs.find(info.name);
      inputs_.emplace(info.name, given != options_.inputs.end() ? given->second : random_input(info, seed++));
    }
  }

  void run_reference() {
    std::vector<Data> data;
    for (const ValueId input : graph().inputs()) data.emplace_back(inputs_.at(graph().value(input).name));
    std::set<ValueId> wanted;
    for (const Tapped& tap : taps_) wanted.insert(tap.value);
    for (std::size_t i = 0; i < data.size(); ++i) reference_[graph().inputs()[i]] = data[i];
    in_context(
        [&] {
          ref::evaluate(graph(), data, [&](ValueId id, const Data& value) {
            if (wanted.count(id) != 0) reference_[id] = value;
          });
        },
        [] { return std::string("running the reference backend"); });
    for (const Tapped& tap : taps_) {
      relative_error_[tap.value] = relative_error(tap);
      variance_[tap.value] = variance(tap);
    }
  }

  // What rounding to 16 bits adds, squared: some four standard deviations a node, of errors that do not
  // depend on each other, along the longest path.
  double variance(const Tapped& tap) const {
    double unit = 0;
    for (const DataType type : options_.build.half.types) unit = std::max(unit, epsilon(type) / 2);
    const Node& node = graph().node(tap.node);
    double inherited = 0;
    for (const ValueId input : node.inputs) {
      const auto found = input.valid() ? variance_.find(input) : variance_.end();
      if (found != variance_.end()) inherited = std::max(inherited, found->second);
    }
    double inside = 0;
    for (const RegionId region : node.regions) inside += static_cast<double>(graph().nodes(region).size());
    constexpr double kDeviations = 4;
    const double added = kDeviations * unit;
    return inherited + added * added * (1 + iterations(node) * inside);
  }

  double allowed(const Tapped& tap, double magnitude) const {
    const double relative = relative_error_.at(tap.value) + std::sqrt(variance_.at(tap.value));
    return options_.tolerance_factor * relative * magnitude + quantum(tap);
  }

  // epsilon × length, added up along the longest path.
  double relative_error(const Tapped& tap) const {
    const Node& node = graph().node(tap.node);
    double inherited = 0;
    std::vector<Shape> shapes;
    for (const ValueId input : node.inputs) {
      shapes.emplace_back();
      if (!input.valid()) continue;
      if (const auto found = relative_error_.find(input); found != relative_error_.end()) {
        inherited = std::max(inherited, found->second);
      }
      if (const std::optional<Data> data = operand(input, {})) {
        if (data->is_tensor()) shapes.back() = data->tensor().shape();
      }
    }
    const auto output = reference_.find(tap.value);
    TENON_REQUIRE(output != reference_.end() && output->second.is_tensor(),
                  "the reference backend gave no value for {}", quote(tap.name));
    const Tensor& tensor = output->second.tensor();
    return inherited + epsilon(tensor.dtype()) * terms(node, shapes, tensor.shape());
  }

  double terms(const Node& node, std::span<const Shape> inputs, const Shape& output) const {
    double inside = 0;
    for (const RegionId region : node.regions) inside = std::max(inside, region_terms(region));
    return 8 + reduction_length(node.op, inputs, output) + iterations(node) * inside;
  }

  // All nodes of a region one after the other. Nothing inside is tapped, so its shapes come from the types.
  double region_terms(RegionId region) const {
    double sum = 0;
    for (const NodeId id : graph().nodes(region)) {
      const Node& node = graph().node(id);
      std::vector<Shape> inputs;
      for (const ValueId input : node.inputs) inputs.push_back(known_shape(input));
      sum += terms(node, inputs, node.outputs.empty() ? Shape{} : known_shape(node.outputs[0]));
    }
    return sum;
  }

  // A dimension that is known only when the region runs counts as 1.
  Shape known_shape(ValueId id) const {
    Shape shape;
    if (!id.valid() || !graph().value(id).type.is_tensor()) return shape;
    const auto& dims = graph().value(id).type.as_tensor().dims;
    if (!dims) return shape;
    for (const Dim& dim : *dims) shape.push_back(dim.is_const() ? dim.value() : 1);
    return shape;
  }

  // Of a loop with a trip count that is known; 1 for a branch and where only the run can tell.
  double iterations(const Node& node) const {
    if (node.op.name() != "loop" || node.inputs.empty() || !node.inputs[0].valid()) return 1;
    const std::optional<Data> count = operand(node.inputs[0], {});
    if (!count || !count->is_tensor() || count->tensor().elements() != 1) return 1;
    constexpr double kBelievable = 1e6;  // larger ones mean "until the condition fails"
    const auto trips = static_cast<double>(count->tensor().values<std::int64_t>()[0]);
    return trips < kBelievable ? std::max(1.0, trips) : 1;
  }

  // What the engine has for a value, else what the reference backend has; nothing for what neither shows.
  std::optional<Data> operand(ValueId id, const Tensors& found) const {
    if (const Tensor* constant = graph().constant(id)) return Data(*constant);
    if (const auto name = names_.find(id); name != names_.end()) {
      if (const auto tensor = found.find(name->second); tensor != found.end()) return Data(tensor->second);
    }
    if (const auto data = reference_.find(id); data != reference_.end()) return data->second;
    return std::nullopt;
  }

  // What a value may be off where it is rounded to integers: two right answers before rounding may lie on
  // either side of a half, and rewrites round a product of integers once where its parts are rounded several
  // times.
  double quantum(const Tapped& tap) const {
    const Node& node = graph().node(tap.node);
    const std::string_view op = node.op.name();
    if (op == "quantize_linear" || op == "qlinear_conv" || op == "qlinear_matmul")
      return is_integer(reference_.at(tap.value).tensor().dtype()) ? 1 : 0;
    if (op != "dequantize_linear" || graph().constant(node.inputs[0]) != nullptr) return 0;
    const std::optional<Data> scale = operand(node.inputs[1], {});
    return scale && scale->is_tensor() ? largest(scale->tensor()) : 0;
  }

  Tensors run(const Engine& engine) const {
    Context context = engine.create_context();
    for (const auto& [name, tensor] : inputs_) context.set_input(name, tensor);
    context.run();
    Tensors outputs;
    for (const TensorInfo& info : engine.outputs())
      outputs.emplace(info.name, context.output(info.name).clone());
    return outputs;
  }

  TapResult judge(const Tapped& tap, const Tensors& found) const {
    const Node& node = graph().node(tap.node);
    const Tensor& expected = reference_.at(tap.value).tensor();
    TapResult result;
    result.name = tap.name;
    result.location = node.location;
    result.op = std::string(node.op.name());
    result.dtype = expected.dtype();
    result.shape = expected.shape();
    result.allowed = allowed(tap, largest(expected));
    const auto tensor = found.find(tap.name);
    if (tensor == found.end()) {
      result.problem = "the engine does not show it";
      result.ok = false;
      return result;
    }
    if (!node.op.traits().deterministic) return result;
    if (compare(expected, tensor->second, result)) return result;
    result.ok = result.inherited = right_for_own_operands(tap, found, tensor->second, result);
    return result;
  }

  bool right_for_own_operands(const Tapped& tap, const Tensors& found, const Tensor& tensor,
                              const TapResult& global) const {
    const Node& node = graph().node(tap.node);
    if (!node.regions.empty()) return false;
    std::vector<Data> operands;
    for (const ValueId input : node.inputs) {
      std::optional<Data> data = input.valid() ? operand(input, found) : Data();
      if (!data) return false;
      operands.push_back(std::move(*data));
    }
    const std::vector<Data> results = ref::evaluate(node.op, operands, node.outputs.size());
    const auto position =
        std::find(node.outputs.begin(), node.outputs.end(), tap.value) - node.outputs.begin();
    const Data& expected = results.at(static_cast<std::size_t>(position));
    if (!expected.is_tensor()) return false;
    TapResult local;
    local.allowed = std::max(global.allowed, allowed(tap, largest(expected.tensor())));
    return compare(expected.tensor(), tensor, local);
  }

  bool differs(std::size_t rewrites, BuildReport& built) const {
    BuildOptions options = options_.build;
    options.stop_after_rewrites = rewrites;
    options.measure = false;
    const Tensors found = run(build(network_, options, &built));
    return std::any_of(taps_.begin(), taps_.end(), [&](const Tapped& tap) { return !judge(tap, found).ok; });
  }

  std::optional<VerifyReport::Culprit> bisect(const Engine& engine, const VerifyReport& report) const {
    BuildReport built;
    if (differs(0, built)) return tactic_culprit(engine, report.taps[*report.first]);
    if (!differs(report.rewrites, built)) return std::nullopt;
    std::size_t good = 0;
    std::size_t bad = report.rewrites;
    while (bad - good > 1) {
      const std::size_t middle = good + (bad - good) / 2;
      (differs(middle, built) ? bad : good) = middle;
    }
    VerifyReport::Culprit culprit;
    culprit.rewrite = bad;
    BuildReport last;
    static_cast<void>(differs(bad, last));
    for (const BuildReport::Pass& pass : last.passes) {
      if (pass.rewrites > 0) culprit.pass = pass.name;
    }
    culprit.description = last.last_rewrite;
    return culprit;
  }

  static std::optional<VerifyReport::Culprit> tactic_culprit(const Engine& engine, const TapResult& tap) {
    VerifyReport::Culprit culprit;
    for (const StepInfo& step : engine.steps()) {
      if (!tap.location.empty() && step.label.find(tap.location) != std::string::npos)
        culprit.description = step.tactic;
    }
    return culprit;
  }

  VerifyOptions options_;
  Network network_;
  std::vector<Tapped> taps_;
  std::map<ValueId, std::string> names_;
  Tensors inputs_;
  std::map<ValueId, Data> reference_;
  std::map<ValueId, double> relative_error_;
  std::map<ValueId, double> variance_;
};

}  // namespace

VerifyReport verify(const Network& network, const VerifyOptions& options) {
  return Verifier(network, options).report();
}

}  // namespace tenon
