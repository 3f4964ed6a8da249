// "cpu.gather": data, indices → data[.., indices, ..] along @axis. An index outside of the axis is an error
// of the run.
#include "backends/cpu/kernels/copy/copy.hpp"
#include "backends/cpu/steps/operands.hpp"
#include "base/check.hpp"

#include <algorithm>

namespace tenon {
namespace cpu {
namespace {

constexpr std::string_view kGather = "cpu.gather";

struct GatherState final : StepState {
  GatherArgs args;
};

class GatherStep final : public Step {
 public:
  explicit GatherStep(const StepInit& init) : axis_(int_param(init.params, "@axis")) {
    require_counts(init, kGather, 2, 1, 0);
    const TensorType& data = require_tensor(init.inputs[0], kGather, Layout());
    require_tensor(init.outputs[0], kGather, Layout(), data.dtype);
    TENON_REQUIRE(bit_width(data.dtype) >= 8, "{}: elements of {}", kGather, name(data.dtype));
    bytes_ = bit_width(data.dtype) / 8;
    narrow_ = require_tensor(init.inputs[1], kGather, Layout()).dtype == DataType::i32;
    require_tensor(init.inputs[1], kGather, Layout(), narrow_ ? DataType::i32 : DataType::i64);
  }

  std::size_t scratch_bytes(const StepShapes& shapes) const override {
    return narrow_
               ? static_cast<std::size_t>(volume(shape_at(shapes.inputs, 1, kGather))) * sizeof(std::int64_t)
               : 0;
  }

  std::unique_ptr<StepState> specialize(const StepShapes& shapes) const override {
    const Shape& data = shape_at(shapes.inputs, 0, kGather);
    const AxisSplit split = split_at(data, axis_at(axis_, data.size(), kGather));
    auto state = std::make_unique<GatherState>();
    GatherArgs& args = state->args;
    args.count = volume(shape_at(shapes.inputs, 1, kGather));
    args.outer = split.outer;
    args.axis = split.axis;
    args.bytes = split.inner * bytes_;
    TENON_REQUIRE(volume(shape_at(shapes.outputs, 0, kGather)) == split.outer * args.count * split.inner,
                  "{}: operands and result do not fit", kGather);
    return state;
  }

  Status run(const StepCall& call) const noexcept override {
    GatherArgs args = static_cast<const GatherState&>(*call.state).args;
    args.src = call.inputs[0]->data;
    args.dst = call.outputs[0]->data;
    args.indices = call.inputs[1]->as<std::int64_t>();
    if (narrow_) {
      auto* widened = reinterpret_cast<std::int64_t*>(call.scratch);
      std::copy_n(call.inputs[1]->as<std::int32_t>(), args.count, widened);
      args.indices = widened;
    }
    if (gather_run(args, *call.pool)) return {};
    return Status::format(StatusCode::invalid_argument,
                          "gather: an index lies outside of the %lld elements of the axis",
                          static_cast<long long>(args.axis));
  }

 private:
  std::int64_t axis_;
  std::ptrdiff_t bytes_ = 4;
  bool narrow_ = false;
};

}  // namespace
}  // namespace cpu

void register_cpu_step_gather(StepRegistry& registry) {
  registry.add("cpu.gather", [](const StepInit& init) -> std::unique_ptr<Step> {
    return std::make_unique<cpu::GatherStep>(init);
  });
}

}  // namespace tenon
