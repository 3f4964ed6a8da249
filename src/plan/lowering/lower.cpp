#include "plan/lowering/lower.hpp"

#include "base/check.hpp"
#include "base/context.hpp"
#include "base/cpu_info.hpp"
#include "ir/printer.hpp"
#include "plan/lowering/memory_planner.hpp"
#include "plan/lowering/stored_constant.hpp"
#include "tactics/choose.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <map>
#include <optional>

namespace tenon {
namespace {

// Kernels reach their best where a buffer begins with a cache line.
constexpr std::uint64_t kBufferAlignment = 64;

class Lowering {
 public:
  Lowering(const Graph& graph, const Assignment& assignment, const StepRegistry& steps,
           const LowerOptions& options)
      : graph_(graph), assignment_(assignment), steps_(steps) {
    plan_.network = graph.name();
    plan_.isa = std::string(isa_name(options.isa));
    plan_.threads = static_cast<std::uint32_t>(options.threads);
    profile_.symbols = options.profile;
    for (const PlanSymbol& symbol : profile_.symbols) {
      ranges_[symbol.name] = {symbol.min, symbol.max};
    }
  }

  Plan run() {
    add_inputs();
    for (const NodeChoice& choice : assignment_.nodes) {
      in_context([&] { add_node(choice); },
                 [&] { return fmt::format("lowering '{}'", graph_.node(choice.node).location); });
    }
    add_outputs();
    drop_dead_steps();
    drop_unused_buffers();
    find_lifetimes();
    place();
    plan_.profiles.push_back(std::move(profile_));
    return std::move(plan_);
  }

 private:
  using Key = std::pair<ValueId, std::string>;  // a value in a layout (as text)

  // --- buffers ---

  BufferId new_buffer(Buffer buffer) {
    profile_.buffers.push_back(std::move(buffer));
    return BufferId(static_cast<std::uint32_t>(profile_.buffers.size() - 1));
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
    if (value.type.as_tensor().dtype == DataType::string) return buffer;
    if (const auto shape = max_shape(value.type); shape && !has_unknown(value.type)) {
      buffer.storage = Buffer::Storage::arena;
      buffer.bytes = static_cast<std::uint64_t>(storage_bytes(buffer.type.as_tensor(), *shape));
    }
    return buffer;
  }

  static bool has_unknown(const Type& type) {
    const auto& dims = type.as_tensor().dims;
    return !dims || std::any_of(dims->begin(), dims->end(), [](const Dim& d) { return d.is_unknown(); });
  }

  static Key key(ValueId id, const Layout& layout) { return {id, layout.to_string()}; }

  std::uint32_t add_blob(Tensor tensor) {
    plan_.blobs.push_back(std::move(tensor));
    return static_cast<std::uint32_t>(plan_.blobs.size() - 1);
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
    profile_.steps.push_back(std::move(step));
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
      const bool by_value = !buffer.type.is_tensor() || buffer.type.as_tensor().dtype == DataType::string;
      TENON_REQUIRE(by_value || buffer.storage == Buffer::Storage::arena,
                    "input '{}' has the type {}, whose size has no bound: give it a range (--shapes)",
                    graph_.value(id).name, graph_.value(id).type.to_string());
      if (!by_value) buffer.storage = Buffer::Storage::input;
      buffer.index = static_cast<std::uint32_t>(i);
      const std::string name = buffer.name;
      const BufferId buffer_id = buffers_[key(id, {})] = new_buffer(std::move(buffer));
      const Type& type = graph_.value(id).type;
      profile_.inputs.push_back({name, buffer_id,
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
      add_alias(node, inputs.at(0));
      return;
    }
    std::vector<BufferId> outputs;
    for (std::size_t i = 0; i < node.outputs.size(); ++i) {
      const Layout& layout = choice.candidate.outputs.at(i);
      const BufferId id = new_buffer(describe(node.outputs[i], layout));
      buffers_[key(node.outputs[i], layout)] = id;
      outputs.push_back(id);
    }
    if (prepared.joined_axis && join_in_place(*prepared.joined_axis, inputs, outputs.at(0))) return;
    add_step(choice, std::move(prepared), std::move(inputs), std::move(outputs), node.location);
  }

  // Makes the parts regions of the whole, so that the steps that compute them write there. Not where a part's
  // memory is the caller's or belongs to another whole already, or regions are not contiguous or move with
  // the shapes.
  bool join_in_place(std::size_t axis, const std::vector<BufferId>& parts, BufferId whole) {
    const Buffer& result = profile_.buffer(whole);
    const TensorType& type = result.type.as_tensor();
    if (result.storage != Buffer::Storage::arena || (!type.layout.is_plain() && axis > 1)) return false;
    if (!std::all_of(type.dims->begin(), type.dims->begin() + static_cast<std::ptrdiff_t>(axis),
                     [](const Dim& dim) { return dim.is_const(1); })) {
      return false;
    }
    std::vector<BufferId> roots;
    std::uint64_t offset = 0;
    for (BufferId part : parts) {
      const BufferId root = root_buffer(profile_, part);
      const Buffer& memory = profile_.buffer(root);
      const auto& dims = *profile_.buffer(part).type.as_tensor().dims;
      const bool fits =
          memory.storage == Buffer::Storage::arena && memory.bytes == profile_.buffer(part).bytes &&
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
      Buffer& part = profile_.buffers[root.value];
      part.storage = Buffer::Storage::alias;
      part.alias_of = whole;
      part.part = true;
      part.offset = offset;
      offset += part.bytes;
    }
    return true;
  }

  void add_alias(const Node& node, BufferId of) {
    Buffer buffer = describe(node.outputs.at(0), {});
    TENON_CHECK(
        profile_.buffer(of).storage != Buffer::Storage::dynamic && buffer.storage == Buffer::Storage::arena,
        "a view of memory of unknown size");
    buffer.storage = Buffer::Storage::alias;
    buffer.alias_of = of;
    buffers_[key(node.outputs[0], {})] = new_buffer(std::move(buffer));
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
    step.serial = runs_serially(choice.candidate, static_cast<int>(plan_.threads));
    for (const Considered& other : choice.considered) {
      if (!other.refused.empty()) {
        step.note += fmt::format("{}: {}\n", other.tactic, other.refused);
      } else if (other.measured_ns > 0) {
        step.note += fmt::format("{}: {:.1f} us measured\n", other.tactic, other.measured_ns / 1e3);
      } else {
        step.note += fmt::format("{}: {:.1f} us estimated\n", other.tactic, other.estimate_ns / 1e3);
      }
    }
    step.scratch_bytes = scratch_at_max(step);
    profile_.steps.push_back(std::move(step));
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
      types.push_back(&profile_.buffer(id).type);
      const bool dynamic = profile_.buffer(root_buffer(profile_, id)).storage == Buffer::Storage::dynamic;
      storage.push_back(dynamic ? std::nullopt : max_shape(profile_.buffer(id).type));
      shapes.push_back(storage.back() ? &*storage.back() : nullptr);
    };
    for (BufferId id : step.inputs) add(id, input_types, input_shapes);
    for (BufferId id : step.outputs) add(id, output_types, output_shapes);
    std::vector<Tensor> weights;
    for (std::uint32_t blob : step.weights) weights.push_back(plan_.blobs[blob]);
    const auto instance = steps_.create(step.kind, {step.params, input_types, output_types, weights});
    return instance->scratch_bytes(
        {input_shapes, output_shapes, step.serial ? 1 : static_cast<int>(plan_.threads)});
  }

  // --- outputs ---

  void add_outputs() {
    const auto& names = graph_.output_names();
    for (std::size_t i = 0; i < graph_.outputs().size(); ++i) {
      BufferId id = buffer_for(graph_.outputs()[i], {});
      BufferId root = root_buffer(profile_, id);
      const Buffer::Storage storage = profile_.buffer(root).storage;
      const bool is_part = profile_.buffer(root).bytes != profile_.buffer(id).bytes;
      if (is_part || (storage != Buffer::Storage::arena && storage != Buffer::Storage::dynamic)) {
        id = root = add_output_copy(graph_.outputs()[i], id);
      }
      Buffer& buffer = profile_.buffers[root.value];
      if (buffer.storage == Buffer::Storage::arena) {
        buffer.storage = Buffer::Storage::output;
        buffer.index = static_cast<std::uint32_t>(i);
      }
      profile_.outputs.push_back({names.at(i), id});
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
    profile_.steps.push_back(std::move(step));
    return to;
  }

  // Steps whose results nothing reads: shape arithmetic that inference already did, for example.
  void drop_dead_steps() {
    std::vector<bool> live(profile_.buffers.size(), false);
    for (const PlanTensor& output : profile_.outputs) live[root_buffer(profile_, output.buffer).value] = true;
    std::vector<PlanStep> kept;
    for (auto step = profile_.steps.rbegin(); step != profile_.steps.rend(); ++step) {
      const bool wanted = std::any_of(step->outputs.begin(), step->outputs.end(), [&](BufferId id) {
        return id.valid() && live[root_buffer(profile_, id).value];
      });
      if (!wanted) continue;
      for (BufferId id : step->inputs) {
        if (id.valid()) live[root_buffer(profile_, id).value] = true;
      }
      kept.push_back(std::move(*step));
    }
    profile_.steps.assign(std::make_move_iterator(kept.rbegin()), std::make_move_iterator(kept.rend()));
  }

  void drop_unused_buffers() {
    std::vector<bool> used(profile_.buffers.size(), false);
    for_each_buffer_id([&](BufferId& id) {
      for (BufferId part = id; part.valid(); part = profile_.buffer(part).alias_of) used[part.value] = true;
    });
    // Aliases stand behind what they are aliases of.
    std::vector<std::size_t> depth(used.size(), 0), order;
    for (std::size_t i = 0; i < used.size(); ++i) {
      if (used[i]) order.push_back(i);
      for (BufferId part = profile_.buffers[i].alias_of; part.valid(); part = profile_.buffer(part).alias_of)
        ++depth[i];
    }
    std::stable_sort(order.begin(), order.end(),
                     [&](std::size_t a, std::size_t b) { return depth[a] < depth[b]; });
    std::vector<BufferId> renumbered(used.size());
    std::vector<Buffer> kept;
    for (std::size_t i : order) {
      renumbered[i] = BufferId(static_cast<std::uint32_t>(kept.size()));
      kept.push_back(std::move(profile_.buffers[i]));
    }
    profile_.buffers = std::move(kept);
    const auto renumber = [&](BufferId& id) { id = renumbered[id.value]; };
    for_each_buffer_id(renumber);
    for (Buffer& buffer : profile_.buffers) {
      if (buffer.alias_of.valid()) renumber(buffer.alias_of);
    }
  }

  // Every place outside of buffers that names one.
  template <class Visit>
  void for_each_buffer_id(const Visit& visit) {
    for (PlanTensor& input : profile_.inputs) visit(input.buffer);
    for (PlanTensor& output : profile_.outputs) visit(output.buffer);
    for (PlanStep& step : profile_.steps) {
      for (auto* ids : {&step.inputs, &step.outputs}) {
        for (BufferId& id : *ids) {
          if (id.valid()) visit(id);
        }
      }
    }
  }

  // --- memory ---

  void find_lifetimes() {
    lifetimes_.assign(profile_.buffers.size(), std::nullopt);
    for (std::size_t i = 0; i < profile_.steps.size(); ++i) {
      const auto touch = [&](BufferId id) {
        if (!id.valid()) return;
        const BufferId root = root_buffer(profile_, id);
        if (profile_.buffer(root).storage != Buffer::Storage::arena) return;
        auto& life = lifetimes_[root.value];
        const auto step = static_cast<std::uint32_t>(i);
        if (!life) life = MemoryRequest{profile_.buffer(root).bytes, step, step};
        life->last = step;
      };
      for (BufferId id : profile_.steps[i].inputs) touch(id);
      for (BufferId id : profile_.steps[i].outputs) touch(id);
    }
  }

  void place() {
    std::vector<MemoryRequest> requests;
    std::vector<std::uint64_t*> targets;
    for (std::size_t i = 0; i < profile_.buffers.size(); ++i) {
      if (!lifetimes_[i]) continue;
      requests.push_back(*lifetimes_[i]);
      targets.push_back(&profile_.buffers[i].offset);
    }
    for (std::size_t i = 0; i < profile_.steps.size(); ++i) {
      if (profile_.steps[i].scratch_bytes == 0) continue;
      const auto step = static_cast<std::uint32_t>(i);
      requests.push_back({profile_.steps[i].scratch_bytes, step, step});
      targets.push_back(&profile_.steps[i].scratch_offset);
    }
    const MemoryPlan memory = plan_memory(requests);
    for (std::size_t i = 0; i < targets.size(); ++i) *targets[i] = memory.offsets[i];
    profile_.arena_bytes = memory.arena_bytes;
    profile_.arena_floor = memory.floor_bytes;
  }

  const Graph& graph_;
  const Assignment& assignment_;
  const StepRegistry& steps_;
  Plan plan_;
  PlanProfile profile_;
  SymbolRanges ranges_;
  std::map<Key, BufferId> buffers_;
  std::vector<std::optional<MemoryRequest>> lifetimes_;
};

}  // namespace

Plan lower(const Graph& graph, const Assignment& assignment, const StepRegistry& steps,
           const LowerOptions& options) {
  return Lowering(graph, assignment, steps, options).run();
}

}  // namespace tenon
