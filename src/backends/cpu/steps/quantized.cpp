// "cpu.matmul_integer": a (u8 or i8) [, its zero point] → i32, weight: b less its zero point, packed as
// floats; its dims are @b. The tactic offers it where no sum can leave the integers that single precision
// holds, so that gemm is exact. "cpu.dynamic_quantize": x → u8, scale, zero point.
#include "backends/cpu/kernels/quantize/quantize.hpp"
#include "backends/cpu/steps/dynamic_quantize.hpp"
#include "backends/cpu/steps/matmul.hpp"
#include "backends/cpu/steps/operands.hpp"
#include "base/check.hpp"
#include "base/thread_pool.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>

namespace tenon {
namespace cpu {
namespace {

constexpr std::size_t kQuantizedGrain = 8192;
constexpr std::ptrdiff_t kScratchAlign = 16;  // floats

struct IntegerMatMulState final : StepState {
  GemmArgs args;
};

class IntegerMatMulStep final : public Step {
 public:
  explicit IntegerMatMulStep(const StepInit& init)
      : kernel_(select_gemm(isa())), zero_(init.inputs.size() == 2), b_dims_(ints_param(init.params, "@b")) {
    require_counts(init, kKind, zero_ ? 2 : 1, 1, 1);
    dtype_ = require_tensor(init.inputs[0], kKind, Layout()).dtype;
    TENON_REQUIRE(dtype_ == DataType::u8 || dtype_ == DataType::i8, "{}: an operand of {}", kKind,
                  name(dtype_));
    require_tensors({init.params, init.inputs, {}, {}}, kKind, Layout(), dtype_);
    require_tensor(init.outputs[0], kKind, Layout(), DataType::i32);
    weights_ = init.weights[0];
  }

  std::size_t scratch_bytes(const StepShapes& shapes) const override {
    GemmArgs args = args_of(shapes);
    const auto widened =
        static_cast<std::size_t>(round_up(volume(shape_at(shapes.inputs, 0, kKind)), kScratchAlign));
    return (widened + gemm_scratch_size(args, shapes.threads)) * sizeof(float);
  }

  std::unique_ptr<StepState> specialize(const StepShapes& shapes) const override {
    auto state = std::make_unique<IntegerMatMulState>();
    state->args = args_of(shapes);
    require_weight(weights_, kKind, DataType::f32, gemm_packed_b_size(state->args.k, state->args.n));
    state->args.b.data = weights_.values<float>().data();
    TENON_REQUIRE(!zero_ || volume(shape_at(shapes.inputs, 1, kKind)) == 1, "{}: more than one zero point",
                  kKind);
    return state;
  }

  Status run(const StepCall& call) const noexcept override {
    GemmArgs args = static_cast<const IntegerMatMulState&>(*call.state).args;
    auto* widened = reinterpret_cast<float*>(call.scratch);
    const std::ptrdiff_t count = static_cast<std::ptrdiff_t>(args.m) * args.k;
    if (dtype_ == DataType::u8) {
      widen<std::uint8_t>(call, count, widened);
    } else {
      widen<std::int8_t>(call, count, widened);
    }
    args.a.data = widened;
    args.c = call.outputs[0]->as<float>();
    gemm_run(*kernel_, args, widened + round_up(count, kScratchAlign), *call.pool);
    to_integers(call.outputs[0]->data, static_cast<std::size_t>(args.m) * static_cast<std::size_t>(args.n),
                *call.pool);
    return {};
  }

 private:
  static constexpr std::string_view kKind = "cpu.matmul_integer";

  GemmArgs args_of(const StepShapes& shapes) const {
    const Shape& a = shape_at(shapes.inputs, 0, kKind);
    TENON_REQUIRE(b_dims_.size() == 2 && a.size() >= 2, "{}: operands of rank {} and {}", kKind, a.size(),
                  b_dims_.size());
    const MatMulShape shape = matmul_shape({}, a, b_dims_, shape_at(shapes.outputs, 0, kKind));
    TENON_REQUIRE(shape.batch == 1, "{}: a batch", kKind);
    GemmArgs args = matmul_args({}, shape, false, false);
    args.b = {nullptr, 0, 0, false, true};
    return args;
  }

  template <class T>
  void widen(const StepCall& call, std::ptrdiff_t count, float* to) const noexcept {
    const T* from = call.inputs[0]->as<T>();
    const int zero = zero_ ? *call.inputs[1]->as<T>() : 0;
    call.pool->run_ranges(static_cast<std::size_t>(count), kQuantizedGrain,
                          [&](std::size_t begin, std::size_t end, int) {
                            for (std::size_t i = begin; i < end; ++i)
                              to[i] = static_cast<float>(from[i] - zero);
                          });
  }

  // In place; what a damaged plan may have made of the sums becomes 0.
  static void to_integers(std::byte* data, std::size_t count, ThreadPool& pool) noexcept {
    pool.run_ranges(count, kQuantizedGrain, [&](std::size_t begin, std::size_t end, int) {
      for (std::size_t i = begin; i < end; ++i) {
        float sum;
        std::memcpy(&sum, data + i * sizeof(float), sizeof(float));
        const std::int32_t integer = std::fabs(sum) <= 0x1p24F ? static_cast<std::int32_t>(sum) : 0;
        std::memcpy(data + i * sizeof(float), &integer, sizeof(integer));
      }
    });
  }

  const GemmKernel* kernel_;
  bool zero_;
  Shape b_dims_;
  DataType dtype_ = DataType::u8;
  Tensor weights_;
};

struct DynamicQuantizeState final : StepState {
  std::ptrdiff_t count = 0;
};

class DynamicQuantizeStep final : public Step {
 public:
  explicit DynamicQuantizeStep(const StepInit& init) : quantize_(select_quantize(isa())) {
    require_counts(init, kKind, 1, 3, 0);
    require_tensor(init.inputs[0], kKind, Layout(), DataType::f32);
    require_tensor(init.outputs[0], kKind, Layout(), DataType::u8);
    require_tensor(init.outputs[1], kKind, Layout(), DataType::f32);
    require_tensor(init.outputs[2], kKind, Layout(), DataType::u8);
  }

  std::size_t scratch_bytes(const StepShapes& shapes) const override {
    return static_cast<std::size_t>(shapes.threads) * sizeof(Extremes);
  }

  std::unique_ptr<StepState> specialize(const StepShapes& shapes) const override {
    auto state = std::make_unique<DynamicQuantizeState>();
    const Shape& x = shape_at(shapes.inputs, 0, kKind);
    state->count = volume(x);
    TENON_REQUIRE(x == shape_at(shapes.outputs, 0, kKind) &&
                      volume(shape_at(shapes.outputs, 1, kKind)) == 1 &&
                      volume(shape_at(shapes.outputs, 2, kKind)) == 1,
                  "{}: operand and results do not fit", kKind);
    return state;
  }

  Status run(const StepCall& call) const noexcept override {
    const std::ptrdiff_t count = static_cast<const DynamicQuantizeState&>(*call.state).count;
    const float* x = call.inputs[0]->as<float>();
    const std::span<Extremes> each(reinterpret_cast<Extremes*>(call.scratch),
                                   static_cast<std::size_t>(call.pool->size()));
    dynamic_quantize_run(*quantize_, x, count, extremes_run(*quantize_, x, count, each, *call.pool),
                         {call.outputs[0]->as<std::uint8_t>(), call.outputs[1]->as<float>(),
                          call.outputs[2]->as<std::uint8_t>()},
                         *call.pool);
    return {};
  }

 private:
  static constexpr std::string_view kKind = "cpu.dynamic_quantize";

  const QuantizeKernel* quantize_;
};

}  // namespace
}  // namespace cpu

void register_cpu_step_quantized(StepRegistry& registry) {
  registry.add("cpu.matmul_integer", [](const StepInit& init) -> std::unique_ptr<Step> {
    return std::make_unique<cpu::IntegerMatMulStep>(init);
  });
  registry.add("cpu.dynamic_quantize", [](const StepInit& init) -> std::unique_ptr<Step> {
    return std::make_unique<cpu::DynamicQuantizeStep>(init);
  });
}

}  // namespace tenon
