// Normalisations. Weights, in this order: scale, bias (each as long as what it is applied along).
//   "cpu.row_norm"    x → y, along axes @axis … of x; @center 0 for RMS; @scale and @bias say which weights
//   there are "cpu.group_norm"  x [N, C, …] → y in @groups groups of channels, 0 for one group a channel
//   "cpu.affine"      x [N, C, …] → x · scale[c] + bias[c], plain or blocked
#include "backends/cpu/kernels/norm/norm.hpp"

#include "backends/cpu/steps/operands.hpp"
#include "backends/cpu/steps/widened_rows.hpp"
#include "base/check.hpp"

namespace tenon {
namespace cpu {
namespace {

const Shape& unchanged_shape(const StepShapes& shapes, std::string_view kind) {
  const Shape& x = shape_at(shapes.inputs, 0, kind);
  TENON_REQUIRE(x == shape_at(shapes.outputs, 0, kind), "{}: operand and result differ in shape", kind);
  return x;
}

float epsilon_of(const AttributeList& params) {
  const AttributeValue* value = find(params, "@epsilon");
  TENON_REQUIRE(value != nullptr && std::holds_alternative<float>(*value), "a normalisation without epsilon");
  return std::get<float>(*value);
}

template <class Args>
struct NormState final : StepState {
  Args args;
};

class RowNormStep final : public Step {
 public:
  explicit RowNormStep(const StepInit& init)
      : kernel_(select_norm(isa())),
        axis_(int_param(init.params, "@axis")),
        epsilon_(epsilon_of(init.params)),
        center_(int_param(init.params, "@center") != 0),
        scale_(int_param(init.params, "@scale") != 0),
        bias_(int_param(init.params, "@bias") != 0),
        weights_(init.weights.begin(), init.weights.end()) {
    require_counts(init, kKind, 1, 1, (scale_ ? 1U : 0U) + (bias_ ? 1U : 0U));
    type_ = require_plain_floats(init, kKind);
    if (const auto& dims = init.inputs[0]->as_tensor().dims)
      by_entry_ = axis_at(axis_, dims->size(), kKind) > 0;
  }

  std::size_t scratch_bytes(const StepShapes& shapes) const override {
    if (type_ == DataType::f32) return 0;
    const Shape& x = shape_at(shapes.inputs, 0, kKind);
    const std::ptrdiff_t size = volume(std::span(x).subspan(axis_at(axis_, x.size(), kKind)));
    return widened_rows_scratch({type_, 0, size, size}, shapes.threads);
  }

  std::unique_ptr<StepState> specialize(const StepShapes& shapes) const override {
    const Shape& x = unchanged_shape(shapes, kKind);
    const std::size_t axis = axis_at(axis_, x.size(), kKind);
    auto state = std::make_unique<NormState<RowNormArgs>>();
    RowNormArgs& args = state->args;
    args.rows = volume(std::span(x).first(axis));
    args.size = volume(std::span(x).subspan(axis));
    for (const Tensor& weight : weights_)
      require_weight(weight, kKind, DataType::f32, static_cast<std::size_t>(args.size));
    if (scale_) args.scale = weights_.front().values<float>().data();
    if (bias_) args.bias = weights_.back().values<float>().data();
    args.epsilon = epsilon_;
    args.center = center_;
    return state;
  }

  Status run(const StepCall& call) const noexcept override {
    RowNormArgs args = static_cast<const NormState<RowNormArgs>&>(*call.state).args;
    if (args.size == 0) return {};
    if (type_ != DataType::f32) {
      run_widened_rows(*reorder_, {type_, args.rows, args.size, args.size}, call.inputs[0]->data,
                       call.outputs[0]->data, call.scratch, *call.pool,
                       [&](const float* x, float* y, std::ptrdiff_t count) {
                         RowNormArgs rows = args;
                         rows.src = x;
                         rows.dst = y;
                         kernel_->routines().rows(rows, 0, count);
                       });
      return {};
    }
    args.src = call.inputs[0]->as<float>();
    args.dst = call.outputs[0]->as<float>();
    row_norm_run(*kernel_, args, *call.pool);
    return {};
  }

  bool works_by_entry() const override { return by_entry_; }

 private:
  static constexpr std::string_view kKind = "cpu.row_norm";
  const NormKernel* kernel_;
  const ReorderKernel* reorder_ = select_reorder(isa());
  DataType type_ = DataType::f32;
  std::int64_t axis_;
  float epsilon_;
  bool center_, scale_, bias_;
  bool by_entry_ = false;
  std::vector<Tensor> weights_;
};

class GroupNormStep final : public Step {
 public:
  explicit GroupNormStep(const StepInit& init)
      : kernel_(select_norm(isa())),
        groups_(int_param(init.params, "@groups")),
        epsilon_(epsilon_of(init.params)),
        weights_(init.weights.begin(), init.weights.end()) {
    require_counts(init, kKind, 1, 1, 2);
    require_tensors(init, kKind, Layout(), DataType::f32);
  }

  std::unique_ptr<StepState> specialize(const StepShapes& shapes) const override {
    const Shape& x = unchanged_shape(shapes, kKind);
    TENON_REQUIRE(x.size() >= 2, "{}: a tensor of rank {}", kKind, x.size());
    const std::int64_t groups = groups_ == 0 ? x[1] : groups_;
    TENON_REQUIRE(groups >= 0 && (groups == 0 ? x[1] == 0 : x[1] % groups == 0),
                  "{}: {} channels in {} groups", kKind, x[1], groups);
    for (const Tensor& weight : weights_)
      require_weight(weight, kKind, DataType::f32, static_cast<std::size_t>(x[1]));
    auto state = std::make_unique<NormState<GroupNormArgs>>();
    GroupNormArgs& args = state->args;
    args.batch = x[0];
    args.groups = groups;
    args.channels = groups == 0 ? 0 : x[1] / groups;
    args.spatial = volume(std::span(x).subspan(2));
    args.scale = weights_[0].values<float>().data();
    args.bias = weights_[1].values<float>().data();
    args.epsilon = epsilon_;
    return state;
  }

  Status run(const StepCall& call) const noexcept override {
    GroupNormArgs args = static_cast<const NormState<GroupNormArgs>&>(*call.state).args;
    args.src = call.inputs[0]->as<float>();
    args.dst = call.outputs[0]->as<float>();
    if (args.channels * args.spatial != 0) group_norm_run(*kernel_, args, *call.pool);
    return {};
  }

  bool works_by_entry() const override { return true; }

 private:
  static constexpr std::string_view kKind = "cpu.group_norm";
  const NormKernel* kernel_;
  std::int64_t groups_;
  float epsilon_;
  std::vector<Tensor> weights_;
};

class AffineStep final : public Step {
 public:
  explicit AffineStep(const StepInit& init)
      : kernel_(select_norm(isa())), weights_(init.weights.begin(), init.weights.end()) {
    require_counts(init, kKind, 1, 1, 2);
    stored_ = require_floats(init, kKind);
    TENON_REQUIRE(stored_.blocked || stored_.dtype == DataType::f32, "{}: plain tensors of {}", kKind,
                  name(stored_.dtype));
  }

  std::unique_ptr<StepState> specialize(const StepShapes& shapes) const override {
    const Shape& x = unchanged_shape(shapes, kKind);
    TENON_REQUIRE(x.size() >= 2, "{}: a tensor of rank {}", kKind, x.size());
    volume(stored_shape(x, stored_.blocked));
    for (const Tensor& weight : weights_)
      require_weight(weight, kKind, DataType::f32, static_cast<std::size_t>(x[1]));
    auto state = std::make_unique<NormState<AffineArgs>>();
    state->args = {nullptr,
                   nullptr,
                   x[0],
                   x[1],
                   volume(std::span(x).subspan(2)),
                   weights_[0].values<float>().data(),
                   weights_[1].values<float>().data(),
                   stored_.blocked,
                   stored_.dtype};
    return state;
  }

  Status run(const StepCall& call) const noexcept override {
    AffineArgs args = static_cast<const NormState<AffineArgs>&>(*call.state).args;
    args.src = call.inputs[0]->data;
    args.dst = call.outputs[0]->data;
    affine_run(*kernel_, args, *call.pool);
    return {};
  }

  bool works_by_entry() const override { return true; }

 private:
  static constexpr std::string_view kKind = "cpu.affine";
  const NormKernel* kernel_;
  FloatOperands stored_;
  std::vector<Tensor> weights_;
};

template <class T>
std::unique_ptr<Step> make_norm(const StepInit& init) {
  return std::make_unique<T>(init);
}

}  // namespace
}  // namespace cpu

void register_cpu_step_norm(StepRegistry& registry) {
  registry.add("cpu.row_norm", cpu::make_norm<cpu::RowNormStep>);
  registry.add("cpu.group_norm", cpu::make_norm<cpu::GroupNormStep>);
  registry.add("cpu.affine", cpu::make_norm<cpu::AffineStep>);
}

}  // namespace tenon
