// "cpu.pointwise": one program over elements with broadcasting, on plain or channel-blocked tensors.
//
//   @program   what is computed
//   @operands  for each register of the program that is an operand: i ≥ 0 the step's input i, else weight ~i
//
// Weights are constant operands as they are stored: of a shape that broadcasts to the stored shape of the
// result. On blocked tensors an input is blocked too, with the result's channels, or plain and broadcast
// along the channels. Floats may be stored in 16 bits, each operand and the result as it likes.
#include "backends/cpu/kernels/pointwise/pointwise.hpp"

#include "backends/cpu/kernels/reorder/reorder.hpp"
#include "backends/cpu/steps/operands.hpp"
#include "backends/cpu/steps/padding.hpp"
#include "base/check.hpp"

#include <algorithm>

namespace tenon {
namespace cpu {
namespace {

constexpr std::string_view kKind = "cpu.pointwise";

struct PointwiseState final : StepState {
  PointwiseTask task;
  std::ptrdiff_t batch = 0, channels = 0,
                 spatial = 0;  // of the result, where its padding lanes are to be cleared
};

class PointwiseStep final : public Step {
 public:
  explicit PointwiseStep(const StepInit& init)
      : kernel_(select_pointwise(isa())),
        sources_(ints_param(init.params, "@operands")),
        weights_(init.weights.begin(), init.weights.end()) {
    const AttributeValue* program = find(init.params, "@program");
    TENON_REQUIRE(program != nullptr && std::holds_alternative<PointwiseProgram>(*program), "{}: no program",
                  kKind);
    program_ = std::get<PointwiseProgram>(*program);
    program_.verify();
    TENON_REQUIRE(init.outputs.size() == 1 && init.outputs[0] != nullptr && init.outputs[0]->is_tensor(),
                  "{}: expected one result", kKind);
    const TensorType& result = init.outputs[0]->as_tensor();
    blocked_ = !result.layout.is_plain();
    result_ = result.dtype;
    TENON_REQUIRE(
        !blocked_ || (result.layout == Layout::channel_blocked(kChannelBlock) && is_float_type(result_)),
        "{}: a result of layout '{}' and {}", kKind, result.layout.to_string(), name(result_));
    TENON_REQUIRE(sources_.size() == program_.inputs && sources_.size() <= kPointwiseRegisters,
                  "{}: {} operands for a program of {}", kKind, sources_.size(), program_.inputs);
    for (std::int64_t source : sources_) add_operand(init, source);
    by_entry_ = result.dims && joins_entries(init, result.dims->size());
  }

  std::unique_ptr<StepState> specialize(const StepShapes& shapes) const override {
    const Shape& result = shape_at(shapes.outputs, 0, kKind);
    const Shape space = stored_shape(result, blocked_);
    PointwiseProblem problem{program_, {space.begin(), space.end()}, {}, result_};
    volume(space);
    for (std::size_t i = 0; i < sources_.size(); ++i) {
      problem.operands.push_back({operands_[i].dtype, strides(stored_operand(shapes, i, result), space)});
    }
    auto state = std::make_unique<PointwiseState>();
    const std::string refused = pointwise_prepare(*kernel_, problem, &state->task);
    TENON_REQUIRE(refused.empty(), "{}: {}", kKind, refused);
    if (blocked_ && result[1] % kChannelBlock != 0 && !keeps_zero()) {
      state->batch = result[0];
      state->channels = result[1];
      state->spatial = volume(std::span(result).subspan(2));
    }
    return state;
  }

  Status run(const StepCall& call) const noexcept override {
    const auto& state = static_cast<const PointwiseState&>(*call.state);
    const void* operands[kPointwiseRegisters];
    for (std::size_t i = 0; i < sources_.size(); ++i) {
      const std::int64_t source = sources_[i];
      operands[i] = source >= 0 ? call.inputs[static_cast<std::size_t>(source)]->data
                                : weights_[static_cast<std::size_t>(~source)].data();
    }
    pointwise_run(state.task, operands, call.outputs[0]->data, *call.pool);
    if (state.batch != 0)
      clear_padding(call.outputs[0]->data, float_bytes(result_), state.batch, state.channels, state.spatial,
                    *call.pool);
    return {};
  }

  bool works_by_entry() const override { return by_entry_; }

 private:
  struct Operand {
    DataType dtype;
    bool blocked;  // or a weight in stored form
  };

  // Whether operands have the result's first axis, and constants nothing along it.
  bool joins_entries(const StepInit& init, std::size_t rank) const {
    const auto has_axis = [&](const Type* type) {
      return type != nullptr && type->as_tensor().dims && type->as_tensor().dims->size() == rank;
    };
    const auto lacks_axis = [&](const Tensor& weight) {
      return weight.shape().size() < rank + (blocked_ ? 1 : 0) || weight.shape()[0] == 1;
    };
    return rank > 0 && std::all_of(init.inputs.begin(), init.inputs.end(), has_axis) &&
           std::all_of(weights_.begin(), weights_.end(), lacks_axis);
  }

  void add_operand(const StepInit& init, std::int64_t source) {
    if (source < 0) {
      const auto weight = static_cast<std::size_t>(~source);
      TENON_REQUIRE(weight < weights_.size(), "{}: weight {} of {}", kKind, weight, weights_.size());
      operands_.push_back({weights_[weight].dtype(), false});
      return;
    }
    const auto input = static_cast<std::size_t>(source);
    TENON_REQUIRE(
        input < init.inputs.size() && init.inputs[input] != nullptr && init.inputs[input]->is_tensor(),
        "{}: operand {} of {}", kKind, input, init.inputs.size());
    const TensorType& type = init.inputs[input]->as_tensor();
    const bool blocked = blocked_ && !type.layout.is_plain();
    require_tensor(init.inputs[input], kKind, blocked ? Layout::channel_blocked(kChannelBlock) : Layout());
    operands_.push_back({type.dtype, blocked});
  }

  // Operand `i` as dims of the stored result: the result's or 1.
  Shape stored_operand(const StepShapes& shapes, std::size_t i, const Shape& result) const {
    if (sources_[i] < 0) return weights_[static_cast<std::size_t>(~sources_[i])].shape();
    Shape shape = shape_at(shapes.inputs, static_cast<std::size_t>(sources_[i]), kKind);
    if (!blocked_) return shape;
    TENON_REQUIRE(shape.size() <= result.size(), "{}: an operand of rank {} for a result of rank {}", kKind,
                  shape.size(), result.size());
    shape.insert(shape.begin(), result.size() - shape.size(), 1);
    TENON_REQUIRE(shape[1] == (operands_[i].blocked ? result[1] : 1),
                  "{}: an operand of {} channels for a result of {}", kKind, shape[1], result[1]);
    if (operands_[i].blocked) return stored_shape(shape, true);
    shape.push_back(1);
    return shape;
  }

  static std::vector<std::ptrdiff_t> strides(const Shape& shape, const Shape& space) {
    TENON_REQUIRE(shape.size() <= space.size(), "{}: an operand of rank {} for a result of rank {}", kKind,
                  shape.size(), space.size());
    for (std::size_t i = 0; i < shape.size(); ++i) {
      const std::int64_t dim = shape[shape.size() - 1 - i], wanted = space[space.size() - 1 - i];
      TENON_REQUIRE(dim == 1 || dim == wanted, "{}: a dim of {} cannot be broadcast to {}", kKind, dim,
                    wanted);
    }
    const std::vector<std::ptrdiff_t> from(shape.begin(), shape.end()), to(space.begin(), space.end());
    return broadcast_strides(from, to);
  }

  // Blocked operands are zero in their padding lanes, and so are weights that have a channel axis.
  bool keeps_zero() const {
    std::vector<bool> zero;
    for (std::size_t i = 0; i < sources_.size(); ++i) {
      const bool has_lanes = sources_[i] < 0 &&
                             weights_[static_cast<std::size_t>(~sources_[i])].shape().size() > 0 &&
                             weights_[static_cast<std::size_t>(~sources_[i])].shape().back() == kChannelBlock;
      zero.push_back(operands_[i].blocked || has_lanes);
    }
    return program_keeps_zero(program_, std::move(zero));
  }

  const PointwiseKernel* kernel_;
  PointwiseProgram program_;
  std::vector<std::int64_t> sources_;
  std::vector<Tensor> weights_;
  std::vector<Operand> operands_;  // one per source
  DataType result_ = DataType::f32;
  bool blocked_ = false;
  bool by_entry_ = false;
};

}  // namespace
}  // namespace cpu

void register_cpu_step_pointwise(StepRegistry& registry) {
  registry.add("cpu.pointwise", [](const StepInit& init) -> std::unique_ptr<Step> {
    return std::make_unique<cpu::PointwiseStep>(init);
  });
}

}  // namespace tenon
