#include "plan/lowering/lower.hpp"

#include "base/check.hpp"
#include "base/context.hpp"
#include "base/cpu_info.hpp"
#include "ir/printer.hpp"
#include "plan/control_scratch.hpp"
#include "plan/lowering/finish.hpp"
#include "plan/lowering/stored_constant.hpp"
#include "tactics/choose.hpp"
#include "tactics/control.hpp"

#include <tenon/error.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <map>
#include <optional>

namespace tenon {
namespace {

// Kernels reach their best where a buffer begins with a cache line.
constexpr std::uint64_t kBufferAlignment = 64;

// What lists of steps share.
struct Shared {
  const StepRegistry& steps;
  int threads = 1;
  std::vector<Tensor>& blobs;
};

// Makes one list of steps: that of the network, or that of a body.
class Lowering {
 public:
  // `around`: of the list that a body stands in; `placed`: whether the body's sizes can be known here.
  Lowering(const Graph& graph, const Assignment& assignment, const Shared& shared,
           const std::vector<PlanSymbol>& symbols, const Lowering* around = nullptr, bool placed = true)
      : graph_(graph), assignment_(assignment), shared_(shared), around_(around) {
    list_.symbols = symbols;
    if (around != nullptr) {
      ranges_ = around->ranges_;
      list_.placed = placed && around->list_.placed && symbols.empty();
    }
    for (const PlanSymbol& symbol : symbols) ranges_[symbol.name] = {symbol.min, symbol.max};
  }

  StepList run() {
    add_inputs();
    for (const NodeChoice& choice : assignment_.nodes) {
      in_context([&] { add_node(choice); },
                 [&] { return fmt::format("lowering '{}'", graph_.node(choice.node).location); });
    }
    add_outputs();
    drop_dead_steps(list_);
    drop_unused_buffers(list_);
    if (list_.placed) place_buffers(list_);
    return std::move(list_);
  }

 private:
  using Key = std::pair<ValueId, std::string>;  // a value in a layout (as text)

  // --- buffers ---

  BufferId new_buffer(Buffer buffer) {
    list_.buffers.push_back(std::move(buffer));
    return BufferId(static_cast<std::uint32_t>(list_.buffers.size() - 1));
  }

  std::optional<Shape> max_shape(const Type& type) const {
    if (!type.is_tensor() || !type.as_tensor().dims) return std::nullopt;
    Shape shape;
    for (const Dim& dim : *type.as_tensor().dims) {
      const std::int64_t bound =
          dim.is_unknown() ? std::numeric_limits<std::int64_t>::max() : dim.interval(ranges_).max;
      if (bound == std::numeric_limits<std::int64_t>::max()) return std::nullopt;
      shape.push_back(bound);
    }
    return shape;
  }

  Buffer describe(ValueId id, const Layout& layout) const {
    const Value& value = graph_.value(id);
    Buffer buffer;
    buffer.name = value.name;
    buffer.type = value.type;
    buffer.storage = Buffer::Storage::dynamic;
    if (!value.type.is_tensor()) return buffer;
    buffer.type.as_tensor().layout = layout;
    buffer.type.as_tensor().quant = {};
    buffer.type = stored_type(buffer.type.as_tensor());
    if (value.type.as_tensor().dtype == DataType::string) return buffer;
    if (has_unknown(value.type)) return buffer;
    // Where dims have no bound, sizes are found while running.
    const bool bounded = list_.placed || is_static(value.type);
    const auto shape = bounded ? max_shape(value.type) : std::nullopt;
    if (bounded && !shape) return buffer;
    buffer.storage = Buffer::Storage::arena;
    if (shape) buffer.bytes = static_cast<std::uint64_t>(storage_bytes(buffer.type.as_tensor(), *shape));
    return buffer;
  }

  static bool has_unknown(const Type& type) {
    const auto& dims = type.as_tensor().dims;
    return !dims || std::any_of(dims->begin(), dims->end(), [](const Dim& d) { return d.is_unknown(); });
  }

  static bool is_static(const Type& type) {
    const Dims& dims = *type.as_tensor().dims;
    return std::all_of(dims.begin(), dims.end(), [](const Dim& d) { return d.is_const(); });
  }

  static Key key(ValueId id, const Layout& layout) { return {id, layout.to_string()}; }

  std::uint32_t add_blob(Tensor tensor) {
    shared_.blobs.push_back(std::move(tensor));
    return static_cast<std::uint32_t>(shared_.blobs.size() - 1);
  }

  const Layout& produced_layout(ValueId id) const {
    static const Layout plain;
    const auto found = assignment_.layouts.find(id);
    return found == assignment_.layouts.end() ? plain : found->second;
  }

  // The buffer of `id` in `layout`; makes the conversion or the constant when it is first asked for.
  BufferId buffer_for(ValueId id, const Layout& layout) {
    if (const auto found = buffers_.find(key(id, layout)); found != buffers_.end()) return found->second;
    if (const Tensor* constant = graph_.constant(id)) return add_constant(id, *constant, layout);
    for (const Conversion& conversion : assignment_.conversions) {
      if (conversion.value == id && conversion.to == layout) return add_conversion(conversion);
    }
    TENON_UNREACHABLE("value '{}' is wanted in layout '{}' and nothing gives it", graph_.value(id).name,
                      layout.to_string());
  }

  BufferId add_constant(ValueId id, const Tensor& constant, const Layout& layout) {
    Buffer buffer = describe(id, layout);
    if (constant.dtype() == DataType::string) return add_strings(id, constant, std::move(buffer));
    const Tensor stored = layout.is_plain() ? constant : stored_constant(constant, layout);
    buffer.storage = Buffer::Storage::constant;
    buffer.bytes = stored.size_bytes();
    buffer.index = add_blob(stored);
    return buffers_[key(id, layout)] = new_buffer(std::move(buffer));
  }

  // Strings are no bytes of a blob: a step that gives them.
  BufferId add_strings(ValueId id, const Tensor& constant, Buffer buffer) {
    const auto values = constant.values<std::string>();
    const BufferId to = buffers_[key(id, {})] = new_buffer(std::move(buffer));
    PlanStep step;
    step.kind = std::string(kStringsStep);
    step.params = {{"shape", constant.shape()},
                   {"values", std::vector<std::string>(values.begin(), values.end())}};
    step.outputs = {to};
    step.label = graph_.value(id).name;
    step.op = "constant";
    step.tactic = step.kind;
    list_.steps.push_back(std::move(step));
    return to;
  }

  BufferId add_conversion(const Conversion& conversion) {
    const BufferId from = buffer_for(conversion.value, produced_layout(conversion.value));
    const BufferId to = new_buffer(describe(conversion.value, conversion.to));
    buffers_[key(conversion.value, conversion.to)] = to;
    Prepared prepared =
        conversion.choice.tactic->prepare(conversion.choice.problem, conversion.choice.candidate);
    add_step(conversion.choice, std::move(prepared), {from}, {to},
             "layout of " + graph_.value(conversion.value).name);
    return to;
  }

  void add_inputs() {
    for (std::size_t i = 0; i < graph_.inputs().size(); ++i) {
      const ValueId id = graph_.inputs()[i];
      Buffer buffer = describe(id, {});
      const bool sized = buffer.storage == Buffer::Storage::arena;
      const bool by_value = !buffer.type.is_tensor() || buffer.type.as_tensor().dtype == DataType::string ||
                            (around_ != nullptr && !sized);
      TENON_REQUIRE(by_value || sized,
                    "input '{}' has the type {}, whose size has no bound: give it a range (--shapes)",
                    graph_.value(id).name, graph_.value(id).type.to_string());
      if (!by_value) buffer.storage = Buffer::Storage::input;
      buffer.index = static_cast<std::uint32_t>(i);
      const std::string name = buffer.name;
      const BufferId buffer_id = buffers_[key(id, {})] = new_buffer(std::move(buffer));
      if (around_ != nullptr) {
        list_.inputs.push_back({name, buffer_id});
        continue;
      }
      const Type& type = graph_.value(id).type;
      list_.inputs.push_back({name, buffer_id,
                              type.is_tensor() ? type.as_tensor().dims.value_or(Dims{}) : Dims{},
                              graph_.value(id).symbolic});
    }
  }

  // --- steps ---

  void add_node(const NodeChoice& choice) {
    const Node& node = graph_.node(choice.node);
    Prepared prepared = choice.tactic->prepare(choice.problem, choice.candidate);
    const std::vector<ValueId> operands = operands_of(graph_, choice.node);
    std::vector<BufferId> inputs;
    for (std::size_t operand : prepared.operands) {
      const ValueId id = operands.at(operand);
      inputs.push_back(id.valid() ? buffer_for(id, choice.candidate.inputs.at(operand)) : BufferId());
    }
    if (prepared.kind == kAliasStep) {
      add_alias(node, inputs.at(0), choice.candidate.outputs.at(0));
      return;
    }
    std::vector<BufferId> outputs;
    for (std::size_t i = 0; i < node.outputs.size(); ++i) {
      const Layout& layout = choice.candidate.outputs.at(i);
      const BufferId id = new_buffer(describe(node.outputs[i], layout));
      buffers_[key(node.outputs[i], layout)] = id;
      outputs.push_back(id);
    }
    if (!choice.bodies.empty()) return add_control(choice, std::move(prepared), inputs, outputs);
    if (prepared.joined_axis && join_in_place(*prepared.joined_axis, inputs, outputs.at(0))) return;
    add_step(choice, std::move(prepared), std::move(inputs), std::move(outputs), node.location);
  }

  // A step that owns lists of steps. Its inputs are the operands, then what the bodies capture.
  void add_control(const NodeChoice& choice, Prepared prepared, std::vector<BufferId> inputs,
                   const std::vector<BufferId>& outputs) {
    std::map<ValueId, std::int64_t> captured;
    std::vector<StepList> bodies;
    std::uint64_t arena = 0;
    for (const BodyChoice& body : choice.bodies) {
      std::vector<std::int64_t> captures;
      for (const ValueId value : body.captures) {
        const auto [at, first] = captured.emplace(value, static_cast<std::int64_t>(inputs.size()));
        if (first) inputs.push_back(buffer_for(value, {}));
        captures.push_back(at->second);
      }
      prepared.params.push_back({fmt::format("captures{}", bodies.size()), std::move(captures)});
      bodies.push_back(lower_body(body));
      arena = std::max(arena, body_scratch(bodies.back()));
    }
    add_step(choice, std::move(prepared), std::move(inputs), outputs, graph_.node(choice.node).location);
    PlanStep& step = list_.steps.back();
    step.bodies = std::move(bodies);
    step.serial = false;  // the steps inside say so for themselves
    if (list_.placed) step.scratch_bytes = arena + partner_bytes(choice, outputs);
  }

  StepList lower_body(const BodyChoice& body) const {
    const std::size_t blobs = shared_.blobs.size();
    const auto lowered = [&](bool placed) {
      return Lowering(*body.graph, body.assignment, shared_, body.symbols, this, placed).run();
    };
    try {
      return lowered(true);
    } catch (const ModelError&) {
      // It cannot run at the largest shapes. Whether it ever runs, and at which ones, nobody knows.
      shared_.blobs.resize(blobs);
      return lowered(false);
    }
  }

  // Second places of the values that a loop carries.
  std::uint64_t partner_bytes(const NodeChoice& choice, const std::vector<BufferId>& outputs) const {
    std::uint64_t bytes = 0;
    for (std::size_t i = 0; i < carried_results(choice.problem); ++i) {
      const Buffer& buffer = list_.buffer(outputs[i]);
      if (buffer.storage != Buffer::Storage::dynamic) bytes += scratch_aligned(buffer.bytes);
    }
    return bytes;
  }

  // Makes the parts regions of the whole, so that the steps that compute them write there. Not where a part's
  // memory is the caller's or belongs to another whole already, or regions are not contiguous or move with
  // the shapes.
  bool join_in_place(std::size_t axis, const std::vector<BufferId>& parts, BufferId whole) {
    const Buffer& result = list_.buffer(whole);
    const TensorType& type = result.type.as_tensor();
    if (result.storage != Buffer::Storage::arena || (!type.layout.is_plain() && axis > 1)) return false;
    if (!std::all_of(type.dims->begin(), type.dims->begin() + static_cast<std::ptrdiff_t>(axis),
                     [](const Dim& dim) { return dim.is_const(1); })) {
      return false;
    }
    std::vector<BufferId> roots;
    std::uint64_t offset = 0;
    for (BufferId part : parts) {
      const BufferId root = root_buffer(list_, part);
      const Buffer& memory = list_.buffer(root);
      const auto& dims = *list_.buffer(part).type.as_tensor().dims;
      const bool fits =
          memory.storage == Buffer::Storage::arena && memory.bytes == list_.buffer(part).bytes &&
          offset % kBufferAlignment == 0 &&
          std::all_of(dims.begin(), dims.end(), [](const Dim& dim) { return dim.is_const(); }) &&
          std::find(roots.begin(), roots.end(), root) == roots.end();
      if (!fits) return false;
      roots.push_back(root);
      offset += memory.bytes;
    }
    if (offset != result.bytes) return false;
    offset = 0;
    for (BufferId root : roots) {
      Buffer& part = list_.buffers[root.value];
      part.storage = Buffer::Storage::alias;
      part.alias_of = whole;
      part.part = true;
      part.offset = offset;
      offset += part.bytes;
    }
    return true;
  }

  void add_alias(const Node& node, BufferId of, const Layout& layout) {
    Buffer buffer = describe(node.outputs.at(0), layout);
    TENON_CHECK(
        list_.buffer(of).storage != Buffer::Storage::dynamic && buffer.storage == Buffer::Storage::arena,
        "a view of memory of unknown size");
    buffer.storage = Buffer::Storage::alias;
    buffer.alias_of = of;
    buffers_[key(node.outputs[0], layout)] = new_buffer(std::move(buffer));
  }

  void add_step(const NodeChoice& choice, Prepared prepared, std::vector<BufferId> inputs,
                std::vector<BufferId> outputs, std::string label) {
    PlanStep step;
    step.kind = std::move(prepared.kind);
    step.params = std::move(prepared.params);
    step.inputs = std::move(inputs);
    step.outputs = std::move(outputs);
    for (Tensor& weight : prepared.weights) step.weights.push_back(add_blob(std::move(weight)));
    step.label = std::move(label);
    step.op = print(choice.problem.op);
    step.tactic = std::string(choice.tactic->name());
    if (!choice.candidate.config.empty()) step.tactic += fmt::format("{{{}}}", choice.candidate.config);
    step.problem = choice.problem.key();
    step.expected_ns = choice.ns;
    step.serial = runs_serially(choice.candidate, shared_.threads);
    for (const Considered& other : choice.considered) {
      if (!other.refused.empty()) {
        step.note += fmt::format("{}: {}\n", other.tactic, other.refused);
      } else if (other.measured_ns > 0) {
        step.note += fmt::format("{}: {:.1f} us measured\n", other.tactic, other.measured_ns / 1e3);
      } else {
        step.note += fmt::format("{}: {:.1f} us estimated\n", other.tactic, other.estimate_ns / 1e3);
      }
    }
    if (list_.placed && choice.bodies.empty()) step.scratch_bytes = scratch_at_max(step);
    list_.steps.push_back(std::move(step));
  }

  std::uint64_t scratch_at_max(const PlanStep& step) const {
    std::vector<const Type*> input_types, output_types;
    std::vector<std::optional<Shape>> storage;
    storage.reserve(step.inputs.size() + step.outputs.size());
    std::vector<const Shape*> input_shapes, output_shapes;
    const auto add = [&](BufferId id, std::vector<const Type*>& types, std::vector<const Shape*>& shapes) {
      if (!id.valid()) {
        types.push_back(nullptr);
        shapes.push_back(nullptr);
        return;
      }
      types.push_back(&list_.buffer(id).type);
      const bool dynamic = list_.buffer(root_buffer(list_, id)).storage == Buffer::Storage::dynamic;
      storage.push_back(dynamic ? std::nullopt : max_shape(list_.buffer(id).type));
      shapes.push_back(storage.back() ? &*storage.back() : nullptr);
    };
    for (BufferId id : step.inputs) add(id, input_types, input_shapes);
    for (BufferId id : step.outputs) add(id, output_types, output_shapes);
    std::vector<Tensor> weights;
    for (std::uint32_t blob : step.weights) weights.push_back(shared_.blobs[blob]);
    const auto instance = shared_.steps.create(step.kind, {step.params, input_types, output_types, weights});
    return instance->scratch_bytes({input_shapes, output_shapes, step.serial ? 1 : shared_.threads});
  }

  // --- outputs ---

  void add_outputs() {
    const auto& names = graph_.output_names();
    for (std::size_t i = 0; i < graph_.outputs().size(); ++i) {
      BufferId id = buffer_for(graph_.outputs()[i], {});
      BufferId root = root_buffer(list_, id);
      const Buffer::Storage storage = list_.buffer(root).storage;
      const bool is_part = list_.buffer(root).bytes != list_.buffer(id).bytes;
      if (is_part || (storage != Buffer::Storage::arena && storage != Buffer::Storage::dynamic)) {
        id = root = add_output_copy(graph_.outputs()[i], id);
      }
      Buffer& buffer = list_.buffers[root.value];
      if (buffer.storage == Buffer::Storage::arena) {
        buffer.storage = Buffer::Storage::output;
        buffer.index = static_cast<std::uint32_t>(i);
      }
      list_.outputs.push_back({names.at(i), id});
    }
  }

  BufferId add_output_copy(ValueId value, BufferId from) {
    const BufferId to = new_buffer(describe(value, {}));
    PlanStep step;
    step.kind = std::string(kCopyStep);
    step.inputs = {from};
    step.outputs = {to};
    step.label = graph_.value(value).name;
    step.op = "copy";
    step.tactic = "copy";
    list_.steps.push_back(std::move(step));
    return to;
  }

  const Graph& graph_;
  const Assignment& assignment_;
  const Shared& shared_;
  const Lowering* around_;
  StepList list_;
  SymbolRanges ranges_;
  std::map<Key, BufferId> buffers_;
};

}  // namespace

Plan lower(const Graph& graph, const Assignment& assignment, const StepRegistry& steps,
           const LowerOptions& options) {
  Plan plan;
  plan.network = graph.name();
  plan.isa = std::string(isa_name(options.isa));
  plan.threads = static_cast<std::uint32_t>(options.threads);
  const Shared shared{steps, options.threads, plan.blobs};
  static_cast<StepList&>(plan.profiles.emplace_back()) =
      Lowering(graph, assignment, shared, options.profile).run();
  return plan;
}

}  // namespace tenon
