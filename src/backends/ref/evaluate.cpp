// Evaluation of one operator or a whole graph with the reference kernels. Types are inferred again on the
// actual values, so everything that static inference had to leave open is checked here.
#include "backends/ref/plugin.hpp"
#include "backends/ref/ref.hpp"
#include "base/check.hpp"
#include "base/context.hpp"
#include "ir/constant.hpp"

#include <fmt/format.h>

#include <map>
#include <unordered_map>

namespace tenon::ref {
namespace {

// Tensors above this size are not shapes.
constexpr std::int64_t kMaxSymbolicElements = 64;

using RegionTypes = std::vector<std::vector<Type>>;

class ValueContext final : public InferContext {
 public:
  // `declared` holds what is known of the operands beforehand, or is empty.
  ValueContext(const Op& op, std::span<const Data> inputs, std::span<const Type> declared,
               std::size_t outputs, const RegionTypes& regions)
      : op_(op), inputs_(inputs), outputs_(outputs), regions_(regions), symbolic_(inputs.size()) {
    for (std::size_t i = 0; i < inputs.size(); ++i) {
      // An empty optional or sequence does not tell its element type; an optional may hold its element
      // directly.
      const bool vague = !inputs[i].is_tensor() && i < declared.size() && !declared[i].is_tensor();
      types_.push_back(vague ? declared[i] : type_of(inputs[i]));
      has_.push_back(vague || inputs[i].present());
    }
  }

  std::size_t input_count() const noexcept override { return inputs_.size(); }
  bool has(std::size_t i) const noexcept override { return i < has_.size() && has_[i]; }
  const Type& type(std::size_t i) const override {
    if (!has(i)) fail(fmt::format("operand {} is missing", i));
    return types_[i];
  }
  const Tensor* constant(std::size_t i) const noexcept override {
    return i < inputs_.size() && inputs_[i].is_tensor() ? &std::get<Tensor>(inputs_[i].value) : nullptr;
  }
  const Dims* symbolic_value(std::size_t i) const noexcept override {
    const Tensor* tensor = constant(i);
    if (tensor == nullptr || tensor->rank() > 1 || tensor->elements() > kMaxSymbolicElements) return nullptr;
    const bool wide = tensor->dtype() == DataType::i64;
    if (!wide && tensor->dtype() != DataType::i32) return nullptr;
    if (!symbolic_[i]) {
      Dims dims;
      for (std::int64_t k = 0; k < tensor->elements(); ++k) {
        dims.push_back(wide ? reinterpret_cast<const std::int64_t*>(tensor->data())[k]
                            : reinterpret_cast<const std::int32_t*>(tensor->data())[k]);
      }
      symbolic_[i] = std::move(dims);
    }
    return &*symbolic_[i];
  }
  std::size_t output_count() const noexcept override { return outputs_; }
  std::size_t region_count() const noexcept override { return regions_.size(); }
  std::vector<Type> region_results(std::size_t region) const override {
    TENON_CHECK(region < regions_.size(), "{} has no region {}", op_.name(), region);
    return regions_[region];
  }
  void fail(const std::string& message) const override {
    throw ModelError(fmt::format("{}: {}", op_.name(), message));
  }

 private:
  const Op& op_;
  std::span<const Data> inputs_;
  std::size_t outputs_;
  const RegionTypes& regions_;
  std::vector<Type> types_;
  std::vector<bool> has_;
  mutable std::vector<std::optional<Dims>> symbolic_;
};

std::optional<Shape> static_shape(const Type& type) {
  if (!type.is_tensor() || !type.as_tensor().is_static()) return std::nullopt;
  Shape shape;
  // A tensor in another layout is held as the array that is stored.
  for (const Dim& dim : type.as_tensor().layout.physical_dims(*type.as_tensor().dims))
    shape.push_back(dim.value());
  return shape;
}

// What an output holds before its kernel runs: zeros, and where the shape is not known an empty tensor.
Data fresh_output(const Type& type) {
  if (!type.is_tensor()) return {};
  const TensorType tensor = stored_type(type.as_tensor());
  if (auto shape = static_shape(type)) return Tensor(tensor.dtype, std::move(*shape));
  Shape shape{0};
  if (tensor.dims) {
    shape.clear();
    for (const Dim& dim : *tensor.dims) shape.push_back(dim.is_const() ? dim.value() : 0);
  }
  return Tensor(tensor.dtype, std::move(shape));
}

// What the kernel made has to be what inference promised.
void check_output(const Op& op, std::size_t index, const Data& output, const Type& type) {
  if (!type.is_tensor()) return;
  TENON_CHECK(output.is_tensor(), "the reference kernel of {} left output {} empty", op.name(), index);
  const Tensor& tensor = output.tensor();
  const std::optional<Shape> shape = static_shape(type);
  TENON_CHECK(tensor.dtype() == stored_type(type.as_tensor()).dtype && (!shape || *shape == tensor.shape()),
              "the reference kernel of {} made {} of output {}, inferred as {}", op.name(),
              type_of(output).to_string(), index, type.to_string());
}

using RunRegion = std::function<std::vector<Data>(std::size_t, std::vector<Data>)>;

std::vector<Data> evaluate_op(const Op& op, std::span<const Data> inputs, std::span<const Type> declared,
                              std::size_t outputs, const RegionTypes& regions, RunRegion run_region) {
  ValueContext context(op, inputs, declared, outputs, regions);
  const std::vector<Inference> inferred = op.infer(context);
  const Kernel kernel = kernel_of(op);
  TENON_REQUIRE(kernel != nullptr, "the reference backend has no kernel for '{}'", op.name());

  std::vector<Data> results(inferred.size());
  for (std::size_t i = 0; i < results.size(); ++i) results[i] = fresh_output(inferred[i].type);
  kernel(op, Call{inputs, results, std::move(run_region)});
  for (std::size_t i = 0; i < results.size(); ++i) check_output(op, i, results[i], inferred[i].type);
  return results;
}

class Evaluator {
 public:
  Evaluator(const Graph& graph, const std::function<void(ValueId, const Data&)>& observe)
      : graph_(graph), observe_(observe) {}

  std::vector<Data> run(RegionId region_id, std::vector<Data> parameters) {
    const Region& region = graph_.region(region_id);
    TENON_CHECK(parameters.size() == region.parameters.size(), "a region with {} parameters was given {}",
                region.parameters.size(), parameters.size());
    for (std::size_t i = 0; i < parameters.size(); ++i)
      define(region.parameters[i], std::move(parameters[i]));
    const Schedule& schedule = schedule_of(region_id);
    for (const Entry& step : schedule) {
      run_node(step.node);
      for (const ValueId value : step.last_used) values_.erase(value);
    }
    std::vector<Data> results;
    for (const ValueId value : region.results) results.push_back(lookup(value));
    return results;
  }

 private:
  // A region's nodes in order, each with the values of that region that nobody needs after it.
  struct Entry {
    NodeId node;
    std::vector<ValueId> last_used;
  };
  using Schedule = std::vector<Entry>;

  const Schedule& schedule_of(RegionId region_id) {
    const auto [found, fresh] = schedules_.try_emplace(region_id.value);
    Schedule& schedule = found->second;
    if (!fresh) return schedule;
    const Region& region = graph_.region(region_id);
    std::unordered_map<ValueId, std::size_t> last;
    for (const ValueId parameter : region.parameters) last[parameter] = 0;
    for (const NodeId id : graph_.nodes(region_id)) {
      const std::size_t position = schedule.size();
      schedule.push_back({id, {}});
      const Node& node = graph_.node(id);
      auto use = [&](ValueId value) {
        const auto known = last.find(value);
        if (known != last.end()) known->second = position;
      };
      for (const ValueId input : node.inputs) use(input);
      if (!node.regions.empty()) {
        for (const ValueId capture : graph_.captures(id)) use(capture);
      }
      for (const ValueId output : node.outputs) last[output] = position;
    }
    for (const ValueId result : region.results) last.erase(result);
    for (const auto& entry : last) {
      if (!schedule.empty()) schedule[entry.second].last_used.push_back(entry.first);
    }
    return schedule;
  }

  void run_node(NodeId id) {
    const Node& node = graph_.node(id);
    if (const auto* constant = node.op.as<op::Constant>())
      return define(node.outputs.front(), constant->value);
    std::vector<Data> inputs;
    std::vector<Type> declared;
    for (const ValueId input : node.inputs) {
      inputs.push_back(input.valid() ? lookup(input) : Data());
      declared.push_back(input.valid() ? graph_.value(input).type : Type());
    }
    RegionTypes region_types;
    for (const RegionId region : node.regions) {
      std::vector<Type>& types = region_types.emplace_back();
      for (const ValueId result : graph_.region(region).results) types.push_back(graph_.value(result).type);
    }
    RunRegion run_region = [this, &node](std::size_t index, std::vector<Data> parameters) {
      return run(node.regions.at(index), std::move(parameters));
    };
    std::vector<Data> outputs = in_context(
        [&] {
          return evaluate_op(node.op, inputs, declared, node.outputs.size(), region_types,
                             std::move(run_region));
        },
        [&] {
          return node.location.empty() ? fmt::format("evaluating {}", node.op.name())
                                       : fmt::format("evaluating {} '{}'", node.op.name(), node.location);
        });
    // Trailing outputs that nobody asked for are not part of the node.
    TENON_CHECK(outputs.size() >= node.outputs.size(), "{} has {} outputs, evaluation made {}",
                node.op.name(), node.outputs.size(), outputs.size());
    for (std::size_t i = 0; i < node.outputs.size(); ++i) define(node.outputs[i], std::move(outputs[i]));
  }

  void define(ValueId id, Data data) {
    if (observe_) observe_(id, data);
    values_[id] = std::move(data);
  }

  const Data& lookup(ValueId id) const {
    const auto found = values_.find(id);
    TENON_CHECK(found != values_.end(), "value %{} is used before it is computed", id.value);
    return found->second;
  }

  const Graph& graph_;
  const std::function<void(ValueId, const Data&)>& observe_;
  std::unordered_map<ValueId, Data> values_;
  std::map<std::uint32_t, Schedule> schedules_;
};

// Fails unless `data` has the input's dtype, rank and constant dims, and equal symbols stand for equal sizes.
void check_input(const Value& input, const Data& data, SymbolValues& symbols) {
  TENON_REQUIRE(data.present() || !input.type.is_tensor(), "input '{}' is missing", input.name);
  if (!input.type.is_tensor() || !data.present()) return;
  TENON_REQUIRE(data.is_tensor(), "input '{}': expected {}", input.name, input.type.to_string());
  const TensorType& type = input.type.as_tensor();
  const Tensor& tensor = data.tensor();
  const std::string found = type_of(data).to_string();
  TENON_REQUIRE(tensor.dtype() == type.dtype, "input '{}': expected {}, found {}", input.name,
                input.type.to_string(), found);
  if (!type.dims) return;
  TENON_REQUIRE(tensor.shape().size() == type.dims->size(), "input '{}': expected {}, found {}", input.name,
                input.type.to_string(), found);
  for (std::size_t i = 0; i < type.dims->size(); ++i) {
    const Dim& dim = (*type.dims)[i];
    const std::int64_t size = tensor.shape()[i];
    if (const std::string* symbol = dim.symbol_name()) {
      const auto bound = symbols.try_emplace(*symbol, size).first;
      TENON_REQUIRE(bound->second == size, "input '{}': dim {} is {}, but '{}' is {} elsewhere", input.name,
                    i, size, *symbol, bound->second);
    } else if (const auto expected = dim.eval(symbols)) {
      TENON_REQUIRE(*expected == size, "input '{}': expected {}, found {}", input.name,
                    input.type.to_string(), found);
    }
  }
}

}  // namespace

std::vector<Data> evaluate(const Op& op, std::span<const Data> inputs, std::size_t outputs,
                           std::span<const Type> declared) {
  return evaluate_op(op, inputs, declared, outputs, {},
                     [](std::size_t, const std::vector<Data>&) -> std::vector<Data> {
                       throw InternalError("an operator with regions is evaluated without its graph");
                     });
}

std::vector<Data> evaluate(const Graph& graph, std::span<const Data> inputs,
                           const std::function<void(ValueId, const Data&)>& observe) {
  TENON_REQUIRE(inputs.size() == graph.inputs().size(), "graph '{}': expected {} inputs, found {}",
                graph.name(), graph.inputs().size(), inputs.size());
  SymbolValues symbols;
  for (std::size_t i = 0; i < inputs.size(); ++i)
    check_input(graph.value(graph.inputs()[i]), inputs[i], symbols);
  return Evaluator(graph, observe).run(graph.body(), std::vector<Data>(inputs.begin(), inputs.end()));
}

}  // namespace tenon::ref
