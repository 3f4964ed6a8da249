#include "backends/plugin/steps/plugin_step.hpp"

#include "backends/ref/steps/ref_steps.hpp"
#include "base/aligned_buffer.hpp"
#include "base/check.hpp"
#include "base/thread_pool.hpp"
#include "plan/guarded.hpp"
#include "plugins/kernel_call.hpp"

#include <tenon/error.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <new>
#include <optional>

namespace tenon {
namespace {

constexpr std::size_t kMaxPluginOperands = 1 << 16;

SymbolicDims numbers(const Shape& shape) { return {shape.begin(), shape.end()}; }

PluginOperand describe_type(const Type& type) {
  PluginOperand operand;
  operand.present = true;
  operand.dtype = type.as_tensor().dtype;
  if (!type.as_tensor().dims) return operand;
  operand.dims.emplace();
  for (const Dim& dim : *type.as_tensor().dims) operand.dims->emplace_back(dim.to_string());
  return operand;
}

struct PluginState final : StepState {
  PluginState(std::size_t inputs, std::size_t outputs) : call(inputs, outputs) {}
  KernelCall call;
  bool planned = false;     // all shapes are known before running
  bool checked = false;     // and the results' memory is what inference says
  std::size_t scratch = 0;  // bytes of the planned workspace
  AlignedBuffer workspace;  // where it is not planned
  std::vector<Shape> input_shapes, output_shapes;
};

class PluginStep final : public Step {
 public:
  explicit PluginStep(const StepInit& init) : op_(decode(init)) {
    const auto operands = static_cast<std::size_t>(int_param(init.params, "operands"));
    const std::vector<std::int64_t>& constants = ints_param(init.params, "constants");
    const std::int64_t first = int_param(init.params, "first_constant");
    TENON_REQUIRE(operands <= kMaxPluginOperands && operands == constants.size() + init.inputs.size() &&
                      first >= 0 && static_cast<std::size_t>(first) <= init.weights.size() &&
                      init.weights.size() - static_cast<std::size_t>(first) == constants.size(),
                  "a plugin step with {} operands has {} inputs and {} constants", operands,
                  init.inputs.size(), constants.size());
    operands_.resize(operands);
    for (std::size_t i = 0; i < constants.size(); ++i) {
      const auto at = static_cast<std::size_t>(constants[i]);
      TENON_REQUIRE(at < operands && !operands_[at].constant,
                    "a plugin step has no operand {} to be constant", at);
      operands_[at].constant = init.weights[static_cast<std::size_t>(first) + i];
    }
    std::size_t next = 0;
    for (Operand& operand : operands_) {
      if (operand.constant) continue;
      operand.input = next++;
      if (init.inputs[*operand.input] != nullptr) operand.type = *init.inputs[*operand.input];
    }
    for (const Type* type : init.outputs) {
      TENON_REQUIRE(type != nullptr, "a plugin step lacks a result");
      outputs_.push_back(type->as_tensor());
    }
    check_dtypes();
    const std::string& device = string_param(init.params, "device");
    const bool reference = device == device_name(Device::reference);
    TENON_REQUIRE(reference || device == device_name(Device::cpu), "a plugin step runs on '{}'", device);
    kernel_ = op_.entry->create_kernel(reference ? Device::reference : Device::cpu, op_.values);
  }

  std::size_t scratch_bytes(const StepShapes& shapes) const override {
    if (!all_known(shapes)) return 0;
    std::vector<Shape> inputs, outputs;
    collect(shapes, inputs, outputs);
    return kernel_->workspace_bytes({inputs, outputs, shapes.threads});
  }

  std::unique_ptr<StepState> specialize(const StepShapes& shapes) const override {
    auto state = std::make_unique<PluginState>(operands_.size(), outputs_.size());
    collect(shapes, state->input_shapes, state->output_shapes);
    state->planned = all_known(shapes);
    state->checked = state->planned && matches(infer(shapes), shapes);
    if (state->planned) state->scratch = scratch_bytes(shapes);
    return state;
  }

  Status run(const StepCall& call) const noexcept override {
    const Status status = guarded([&] {
      run_kernel(call, static_cast<PluginState&>(*call.state));
      return Status();
    });
    if (status.ok()) return status;
    return Status::format(status.code(), "%s: %.*s", op_.entry->op.c_str(),
                          static_cast<int>(status.message().size()), status.message().data());
  }

 private:
  struct Operand {
    std::optional<Tensor> constant;
    std::optional<std::size_t> input;  // of the step
    std::optional<Type> type;          // of that input, when present
  };

  static op::Plugin decode(const StepInit& init) {
    const Op op = ref::decode_op(init.params, init.weights);
    const auto* plugin = op.as<op::Plugin>();
    TENON_REQUIRE(plugin != nullptr, "a plugin step with the operator '{}', which is no plugin", op.name());
    return *plugin;
  }

  bool all_known(const StepShapes& shapes) const {
    return std::none_of(operands_.begin(), operands_.end(), [&](const Operand& operand) {
      return operand.type && shapes.inputs[*operand.input] == nullptr;
    });
  }

  void collect(const StepShapes& shapes, std::vector<Shape>& inputs, std::vector<Shape>& outputs) const {
    for (const Operand& operand : operands_) {
      const Shape* shape = operand.constant ? &operand.constant->shape() : shapes.inputs[*operand.input];
      inputs.push_back(shape == nullptr ? Shape() : *shape);
    }
    for (const Shape* shape : shapes.outputs) outputs.push_back(shape == nullptr ? Shape() : *shape);
  }

  std::vector<PluginResult> infer(std::span<const PluginOperand> operands) const {
    std::vector<PluginResult> results = op_.entry->infer(operands, op_.values);
    TENON_REQUIRE(results.size() >= outputs_.size(), "{} gives {} results, the plan has {}", op_.entry->op,
                  results.size(), outputs_.size());
    return results;
  }

  // With the dims of `shapes`; without, with what the plan says of them.
  std::vector<PluginResult> infer(const std::optional<StepShapes>& shapes) const {
    std::vector<PluginOperand> operands;
    for (const Operand& operand : operands_) {
      PluginOperand& described = operands.emplace_back();
      if (operand.constant) described = describe_value(*operand.constant);
      if (!operand.type) continue;
      described = describe_type(*operand.type);
      if (shapes && shapes->inputs[*operand.input] != nullptr) {
        described.dims = numbers(*shapes->inputs[*operand.input]);
      }
    }
    return infer(operands);
  }

  void check_dtypes() const {
    const std::vector<PluginResult> results = infer(std::nullopt);
    for (std::size_t i = 0; i < outputs_.size(); ++i) {
      TENON_REQUIRE(results[i].dtype == outputs_[i].dtype, "result {} of {} is of {}, the plan says {}", i,
                    op_.entry->op, name(results[i].dtype), name(outputs_[i].dtype));
    }
  }

  // Whether inference gives the dims of all results, each of which has memory for them; ModelError when it
  // gives others.
  bool matches(std::span<const PluginResult> results, const StepShapes& shapes) const {
    bool complete = true;
    for (std::size_t i = 0; i < outputs_.size(); ++i) {
      const std::optional<Shape> shape = known_shape(results[i]);
      complete = complete && shape && shapes.outputs[i] != nullptr;
      if (shape && shapes.outputs[i] != nullptr) require_same(i, *shape, *shapes.outputs[i]);
    }
    return complete;
  }

  void require_same(std::size_t i, const Shape& inferred, const Shape& given) const {
    TENON_REQUIRE(inferred == given, "result {} of {} has the shape [{}], the plan gives it [{}]", i,
                  op_.entry->op, fmt::join(inferred, ","), fmt::join(given, ","));
  }

  void run_kernel(const StepCall& step, PluginState& state) const {
    KernelCall& call = state.call;
    for (std::size_t i = 0; i < operands_.size(); ++i) call.set_input(i, view(operands_[i], step));
    if (state.checked) {
      for (std::size_t i = 0; i < outputs_.size(); ++i) call.set_output(i, memory_of(*step.outputs[i]));
    } else {
      place_results(step, call);
    }
    call.set_pool(step.pool);
    call.set_workspace(workspace(step, state));
    kernel_->run(call);
    call.require_complete();
    for (BufferView* out : step.outputs) out->publish();
  }

  TensorView view(const Operand& operand, const StepCall& step) const {
    if (operand.constant) return view_of(*operand.constant);
    const BufferView* input = step.inputs[*operand.input];
    if (input == nullptr) return {};
    if (input->slot == nullptr) return {true, input->dtype, input->shape, input->data, {}};
    const Tensor& tensor = input->slot->tensor();
    TENON_REQUIRE(tensor.dtype() == operand.type->as_tensor().dtype,
                  "an operand of {} is of {}, the plan says {}", op_.entry->op, name(tensor.dtype()),
                  name(operand.type->as_tensor().dtype));
    return view_of(tensor);
  }

  static MutableTensorView memory_of(const BufferView& out) {
    return {true, out.dtype, out.shape, out.data, {}};
  }

  // Sizes follow from values, or from shapes that are known only now.
  void place_results(const StepCall& step, KernelCall& call) const {
    const std::vector<PluginResult> results = infer_now(op_, call.inputs());
    TENON_REQUIRE(results.size() >= outputs_.size(), "{} gives {} results, the plan has {}", op_.entry->op,
                  results.size(), outputs_.size());
    for (std::size_t i = 0; i < outputs_.size(); ++i) {
      BufferView& out = *step.outputs[i];
      TENON_REQUIRE(results[i].dtype == outputs_[i].dtype, "result {} of {} changes its dtype", i,
                    op_.entry->op);
      if (out.slot != nullptr) {
        call.set_target(i, out.slot, &outputs_[i], results[i]);
        continue;
      }
      const std::optional<Shape> shape = known_shape(results[i]);
      TENON_REQUIRE(shape.has_value(), "the shape of result {} of {} cannot be inferred", i, op_.entry->op);
      require_same(i, *shape, out.shape);
      call.set_output(i, memory_of(out));
    }
  }

  std::span<std::byte> workspace(const StepCall& step, PluginState& state) const {
    if (state.planned) return {step.scratch, state.scratch};
    const auto copy = [](std::span<const std::int64_t> shape) { return Shape(shape.begin(), shape.end()); };
    for (std::size_t i = 0; i < operands_.size(); ++i) {
      state.input_shapes[i] = state.call.has(i) ? copy(state.call.input(i).shape) : Shape();
    }
    const std::size_t bytes =
        kernel_->workspace_bytes({state.input_shapes, state.output_shapes, step.pool->size()});
    if (state.workspace.size() < bytes) state.workspace = AlignedBuffer(bytes);
    return {state.workspace.data(), bytes};
  }

  op::Plugin op_;
  std::vector<Operand> operands_;
  std::vector<TensorType> outputs_;
  std::unique_ptr<PluginKernel> kernel_;
};

std::unique_ptr<Step> make_plugin_step(const StepInit& init) { return std::make_unique<PluginStep>(init); }

}  // namespace

std::string_view device_name(Device device) { return device == Device::reference ? "reference" : "cpu"; }

void register_plugin_steps(StepRegistry& registry) { registry.add(kPluginStep, make_plugin_step); }

}  // namespace tenon
