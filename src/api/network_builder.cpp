#include "api/network_state.hpp"
#include "base/check.hpp"
#include "base/context.hpp"
#include "base/text.hpp"
#include "ops/registry.hpp"

#include <algorithm>
#include <limits>

namespace tenon {
namespace {

void require_free(const Type& type) {
  if (!type.is_tensor()) return require_free(type.element());
  const TensorType& tensor = type.as_tensor();
  TENON_REQUIRE(tensor.quant.scheme == Quantization::Scheme::none, "the type {} names values of a graph",
                type.to_string());
  TENON_REQUIRE(tensor.layout.is_plain(), "the type {} has a layout: values of a network are row-major",
                type.to_string());
  if (!tensor.dims) return;
  for (const Dim& dim : *tensor.dims) {
    TENON_REQUIRE(!dim.is_const() || dim.value() >= 0, "the type {} has a negative dim: open dims have names",
                  type.to_string());
  }
}

AttributeValue to_attribute_value(const FieldValue& field, const AttributeValue* kind) {
  if (const auto* text = field.get_if<std::string>(); text != nullptr && kind != nullptr) {
    if (std::holds_alternative<Type>(*kind)) return parse_free_type(*text);
    if (std::holds_alternative<PointwiseProgram>(*kind)) {
      PointwiseProgram program = PointwiseProgram::parse(*text);
      if (!program.empty()) program.verify();
      return program;
    }
  }
  return std::visit([](const auto& value) { return AttributeValue(value); }, field.variant());
}

const NetworkValue::State& state_of(const std::shared_ptr<NetworkValue::State>& state) {
  TENON_REQUIRE(state != nullptr, "the value is absent");
  return *state;
}

}  // namespace

AttributeList to_attributes(const Fields& fields, std::span<const FieldInfo> infos) {
  AttributeList attributes;
  for (const NamedField& field : fields) {
    TENON_REQUIRE(find(attributes, field.name) == nullptr, "the field {} is given twice", quote(field.name));
    const auto info =
        std::find_if(infos.begin(), infos.end(), [&](const FieldInfo& i) { return i.name == field.name; });
    attributes.push_back(
        {field.name,
         in_context(
             [&] { return to_attribute_value(field.value, info == infos.end() ? nullptr : &info->zero); },
             [&] { return fmt::format("reading the field {}", quote(field.name)); })});
  }
  return attributes;
}

Type parse_free_type(std::string_view text) {
  Type type = Type::parse(text);
  require_free(type);
  return type;
}

// --- handles ---

const std::string& NetworkValue::name() const { return state_of(state_).graph.value(ValueId{id_}).name; }

std::string NetworkValue::type() const { return state_of(state_).graph.value(ValueId{id_}).type.to_string(); }

DataType NetworkValue::dtype() const {
  return state_of(state_).graph.value(ValueId{id_}).type.as_tensor().dtype;
}

bool NetworkValue::has_rank() const {
  return state_of(state_).graph.value(ValueId{id_}).type.as_tensor().dims.has_value();
}

SymbolicDims NetworkValue::dims() const {
  const auto& dims = state_of(state_).graph.value(ValueId{id_}).type.as_tensor().dims;
  TENON_REQUIRE(dims.has_value(), "the rank of the value is known only after running");
  SymbolicDims texts;
  for (const Dim& dim : *dims) texts.emplace_back(dim.to_string());
  return texts;
}

// --- the shared state ---

ValueId NetworkValue::State::use(const NetworkValue& value, std::string_view what) const {
  TENON_REQUIRE(value.present(), "{} is absent", what);
  TENON_REQUIRE(value.state_.get() == this, "{} belongs to another network", what);
  const ValueId id{value.id_};
  const RegionId region = graph.region_of(id);
  TENON_REQUIRE(std::find(open.begin(), open.end(), region) != open.end(),
                "{} comes from inside of a body that is not being defined here", what);
  return id;
}

std::vector<ValueId> NetworkValue::State::use_all(const NetworkValues& values, std::string_view what,
                                                  bool absent_allowed) const {
  std::vector<ValueId> ids;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const bool absent = absent_allowed && !values[i].present();
    ids.push_back(absent ? ValueId{} : use(values[i], fmt::format("{} {}", what, i)));
  }
  return ids;
}

NetworkValues NetworkValue::State::handles(std::span<const ValueId> ids) {
  NetworkValues values;
  for (const ValueId id : ids) values.push_back(handle(id));
  return values;
}

std::string NetworkValue::State::layer_name(std::string_view op, std::string_view name) {
  if (!name.empty()) return std::string(name);
  return fmt::format("{}_{}", op, ++unnamed[std::string(op)]);
}

NetworkValues NetworkValue::State::add(std::string_view op, const NetworkValues& operands,
                                       const Fields& fields, std::string_view name, std::size_t outputs,
                                       std::vector<RegionId> regions) {
  const std::string layer = layer_name(op, name);
  return in_context(
      [&] {
        const Op* prototype = builtin_ops().find(op);
        AttributeList attributes;
        if (prototype != nullptr) attributes = to_attributes(fields, prototype->fields());
        Op made = builtin_ops().make(op, attributes);
        std::vector<ValueId> inputs = use_all(operands, "operand", true);
        graph.set_location(layer);
        const std::vector<ValueId> results =
            regions.empty()
                ? graph.add_node(std::move(made), std::move(inputs), outputs)
                : graph.add_region_node(std::move(made), std::move(inputs), std::move(regions), outputs);
        for (std::size_t i = 0; i < results.size() && !name.empty(); ++i) {
          graph.set_value_name(results[i], i == 0 ? layer : fmt::format("{}.{}", layer, i));
        }
        return handles(results);
      },
      [&] { return fmt::format("adding layer {} ({})", quote(layer), op); });
}

void NetworkValue::State::discard(RegionId region) {
  graph.set_results(region, {});
  const std::vector<NodeId> nodes = graph.nodes(region);
  for (auto node = nodes.rbegin(); node != nodes.rend(); ++node) graph.erase(*node);
}

// --- the network ---

NetworkBuilder::NetworkBuilder(std::string name)
    : state_(std::make_shared<NetworkValue::State>(Graph(std::move(name)))) {}

NetworkBuilder::NetworkBuilder(const Network& network)
    : state_(std::make_shared<NetworkValue::State>(network.graph())) {
  state_->graph.set_insertion_region(state_->graph.body());
}

NetworkValue NetworkBuilder::input(std::string name, DataType dtype, SymbolicDims dims) {
  std::string type = fmt::format("{}[", tenon::name(dtype));
  for (std::size_t i = 0; i < dims.size(); ++i) type += (i == 0 ? "" : ",") + dims[i].text();
  return input(std::move(name), type + "]");
}

NetworkValue NetworkBuilder::input(std::string name, std::string_view type) {
  return in_context(
      [&] {
        TENON_REQUIRE(!name.empty(), "an input needs a name");
        return state_->handle(state_->graph.add_input(name, parse_free_type(type)));
      },
      [&] { return fmt::format("adding input {}", quote(name)); });
}

void NetworkBuilder::output(const NetworkValue& value, std::string name) {
  const ValueId id = state_->use(value, fmt::format("output {}", quote(name)));
  TENON_REQUIRE(!name.empty(), "an output needs a name");
  TENON_REQUIRE(state_->graph.region_of(id) == state_->graph.body(), "output {} comes from inside of a body",
                quote(name));
  state_->graph.add_output(std::move(name), id);
}

void NetworkBuilder::clear_outputs() { state_->graph.set_results(state_->graph.body(), {}); }

void NetworkBuilder::symbol_range(std::string symbol, std::int64_t min, std::int64_t max) {
  TENON_REQUIRE(min >= 0, "the range of the symbol {} begins at {}", quote(symbol), min);
  state_->graph.set_symbol_range(std::move(symbol), {min, max});
}

void NetworkBuilder::tap(const NetworkValue& value, std::string name) {
  const ValueId id = state_->use(value, fmt::format("tap {}", quote(name)));
  TENON_REQUIRE(state_->graph.region_of(id) == state_->graph.body(), "tap {} comes from inside of a body",
                quote(name));
  for (const Tap& tap : state_->graph.taps()) {
    TENON_REQUIRE(tap.name != name, "there are two taps named {}", quote(name));
  }
  state_->graph.add_tap(std::move(name), id);
}

void NetworkBuilder::set_name(const NetworkValue& value, std::string name) {
  const ValueId id = state_->use(value, fmt::format("the value to be named {}", quote(name)));
  TENON_REQUIRE(state_->graph.value(id).parameter_of != state_->graph.body(), "the input {} keeps its name",
                quote(state_->graph.value(id).name));
  state_->graph.set_value_name(id, std::move(name));
}

NetworkValues NetworkBuilder::inputs() const { return state_->handles(state_->graph.inputs()); }

NetworkValues NetworkBuilder::outputs() const { return state_->handles(state_->graph.outputs()); }

NetworkValue NetworkBuilder::find(std::string_view name) const {
  const Graph& graph = state_->graph;
  for (const ValueId id : graph.inputs()) {
    if (graph.value(id).name == name) return state_->handle(id);
  }
  std::vector<std::string> names;
  for (const NodeId node : graph.nodes(graph.body())) {
    for (const ValueId id : graph.node(node).outputs) {
      if (graph.value(id).name == name) return state_->handle(id);
      names.push_back(graph.value(id).name);
    }
  }
  throw ModelError(fmt::format("the network has no value {}{}", quote(name), did_you_mean(name, names)));
}

Network NetworkBuilder::network() const {
  TENON_REQUIRE(state_->open.size() == 1, "the network is asked for while a body is being defined");
  Graph graph = state_->graph;
  graph.compact();
  return Network(std::move(graph));
}

NetworkValue NetworkBuilder::add(std::string_view op, const NetworkValues& operands, const Fields& fields,
                                 std::string_view name) {
  return add_all(op, operands, fields, name, 1).front();
}

NetworkValues NetworkBuilder::add_all(std::string_view op, const NetworkValues& operands,
                                      const Fields& fields, std::string_view name, std::size_t outputs) {
  return state_->add(op, operands, fields, name, outputs, {});
}

}  // namespace tenon
