// "cpu.reorder": plain ↔ channel-blocked, of f32, bf16 or f16 on either side, or of i8 or u8 on both; the
// layouts and element types are those of the operand and the result.
#include "backends/cpu/kernels/reorder/reorder.hpp"

#include "backends/cpu/steps/operands.hpp"
#include "backends/cpu/steps/requantize.hpp"
#include "base/check.hpp"

namespace tenon {
namespace cpu {
namespace {

constexpr std::string_view kReorder = "cpu.reorder";

// An operand of the step: where it lies and of what it is made.
struct Stored {
  DataType dtype = DataType::f32;
  bool blocked = false;

  explicit Stored(const Type* type) {
    TENON_REQUIRE(type != nullptr && type->is_tensor(), "{}: an operand is absent or not a tensor", kReorder);
    const TensorType& tensor = type->as_tensor();
    dtype = tensor.dtype;
    blocked = !tensor.layout.is_plain();
    TENON_REQUIRE(!blocked || tensor.layout == Layout::channel_blocked(kChannelBlock),
                  "{}: an operand is of layout '{}'", kReorder, tensor.layout.to_string());
  }
};

struct ReorderState final : StepState {
  BlockingArgs blocking;
  ConvertArgs convert;
};

class ReorderStep final : public Step {
 public:
  explicit ReorderStep(const StepInit& init) : kernel_(select_reorder(isa())) {
    require_counts(init, kReorder, 1, 1, 0);
    const Stored from(init.inputs[0]), to(init.outputs[0]);
    from_ = from.dtype;
    to_ = to.dtype;
    moves_ = from.blocked != to.blocked;
    blocked_ = to.blocked;
    bytes_ = is_byte(from_);
    TENON_REQUIRE(bytes_ ? to_ == from_ && moves_ : is_float_type(from_) && is_float_type(to_),
                  "{}: elements of {} and {}", kReorder, name(from_), name(to_));
  }

  std::unique_ptr<StepState> specialize(const StepShapes& shapes) const override {
    const Shape& shape = shape_at(shapes.inputs, 0, kReorder);
    TENON_REQUIRE(shape == shape_at(shapes.outputs, 0, kReorder) && (!moves_ || shape.size() >= 2),
                  "{}: operand and result differ in shape", kReorder);
    const std::ptrdiff_t stored = volume(stored_shape(shape, moves_ || blocked_));
    auto state = std::make_unique<ReorderState>();
    if (moves_) {
      state->blocking = {nullptr, nullptr, shape[0], shape[1], volume(std::span(shape).subspan(2)),
                         from_,   to_};
    } else {
      state->convert = {nullptr, nullptr, stored, from_, to_};
    }
    return state;
  }

  Status run(const StepCall& call) const noexcept override {
    const auto& state = static_cast<const ReorderState&>(*call.state);
    const std::byte* src = call.inputs[0]->data;
    std::byte* dst = call.outputs[0]->data;
    if (bytes_) {
      const BlockingArgs& args = state.blocking;
      move({reinterpret_cast<const std::uint8_t*>(src), reinterpret_cast<std::uint8_t*>(dst), args.batch,
            args.channels, args.spatial},
           *call.pool);
    } else if (moves_) {
      BlockingArgs args = state.blocking;
      args.src = src;
      args.dst = dst;
      blocked_ ? to_blocked_run(*kernel_, args, *call.pool) : from_blocked_run(*kernel_, args, *call.pool);
    } else {
      ConvertArgs args = state.convert;
      args.src = src;
      args.dst = dst;
      convert_run(*kernel_, args, *call.pool);
    }
    return {};
  }

  bool works_by_entry() const override { return true; }

 private:
  void move(const ByteBlockingArgs& args, ThreadPool& pool) const noexcept {
    blocked_ ? to_blocked_run(args, pool) : from_blocked_run(args, pool);
  }

  const ReorderKernel* kernel_;
  DataType from_ = DataType::f32;
  DataType to_ = DataType::f32;
  bool moves_ = false;    // between the layouts
  bool blocked_ = false;  // the result
  bool bytes_ = false;
};

}  // namespace
}  // namespace cpu

void register_cpu_step_reorder(StepRegistry& registry) {
  registry.add("cpu.reorder", [](const StepInit& init) -> std::unique_ptr<Step> {
    return std::make_unique<cpu::ReorderStep>(init);
  });
}

}  // namespace tenon
