// "cpu.stored_matmul": x [, bias] [, residual] → y, a product with a matrix that stays stored as integers.
// Weights: the integers, scales and, where they differ, zero points, packed as gemm_stored.hpp has them.
// Parameters: those of matmul; "@b": the dims of the matrix as the operator takes it; "@stored": bits, block
// size (0: one scale for each column), the zero point or -1 where they differ, unsigned; "@bias": 1 where
// there is one.
#include "backends/cpu/kernels/gemm_stored/gemm_stored.hpp"
#include "backends/cpu/steps/fused.hpp"
#include "backends/cpu/steps/matmul.hpp"
#include "backends/cpu/steps/op_params.hpp"
#include "backends/cpu/steps/operands.hpp"
#include "base/check.hpp"

namespace tenon {
namespace cpu {
namespace {

struct StoredMatMulState final : StepState {
  GemmStoredArgs args;
};

class StoredMatMulStep final : public Step {
 public:
  static constexpr std::string_view kKind = "cpu.stored_matmul";

  explicit StoredMatMulStep(const StepInit& init)
      : op_(op_from_params<op::MatMul>(init.params)),
        kernel_(select_gemm_stored(isa())),
        b_dims_(ints_param(init.params, "@b")),
        bias_(int_param(init.params, "@bias", 0) != 0) {
    const auto epilogue = match_epilogue(op_.epilogue);
    TENON_REQUIRE(epilogue.has_value(), "{}: its kernels have no epilogue {}", kKind,
                  op_.epilogue.to_string());
    args_.act = epilogue->act;
    residual_ = epilogue->residual;
    const auto& stored = ints_param(init.params, "@stored");
    TENON_REQUIRE(stored.size() == 3, "{}: {} numbers for what is stored", kKind, stored.size());
    TENON_REQUIRE(stored[0] == 4 || stored[0] == 8, "{}: weights of {} bits", kKind, stored[0]);
    TENON_REQUIRE(stored[1] >= 0, "{}: blocks of {}", kKind, stored[1]);
    TENON_REQUIRE(stored[2] >= -1 && stored[2] < (1 << stored[0]), "{}: a zero point of {}", kKind,
                  stored[2]);
    has_zeros_ = stored[2] < 0;
    args_.one_zero = has_zeros_ ? 0 : narrow_dim(stored[2]);
    require_counts(init, kKind, 1U + bias_ + residual_, 1, has_zeros_ ? 3 : 2);
    require_tensors(init, kKind, Layout(), DataType::f32);

    TENON_REQUIRE(b_dims_.size() == 2 && !op_.transpose_a, "{}: operands that its kernels do not take",
                  kKind);
    volume(b_dims_);
    by_entry_ = matmul_by_entry(op_, init.inputs[0], b_dims_);
    GemmStoredShape& shape = args_.shape;
    shape.k = narrow_dim(b_dims_[op_.transpose_b ? 1 : 0]);
    shape.n = narrow_dim(b_dims_[op_.transpose_b ? 0 : 1]);
    shape.bits = static_cast<int>(stored[0]);
    shape.block = narrow_dim(stored[1]);
    const char* refused = gemm_stored_refusal(shape);
    TENON_REQUIRE(refused == nullptr, "{}: {}", kKind, refused);
    weights_ = {init.weights.begin(), init.weights.end()};
    require_weight(weights_[0], kKind, DataType::u8, gemm_stored_packed_size(shape));
    require_weight(weights_[1], kKind, DataType::f32, gemm_stored_scales_size(shape));
    args_.weights = weights_[0].values<std::uint8_t>().data();
    args_.scale = weights_[1].values<float>().data();
    if (has_zeros_) {
      require_weight(weights_[2], kKind, DataType::u8, gemm_stored_scales_size(shape));
      args_.zero = weights_[2].values<std::uint8_t>().data();
    }
  }

  std::size_t scratch_bytes(const StepShapes& shapes) const override {
    return gemm_stored_scratch_size(args_.shape, rows(shapes));
  }

  std::unique_ptr<StepState> specialize(const StepShapes& shapes) const override {
    auto state = std::make_unique<StoredMatMulState>();
    state->args = args_;
    state->args.m = rows(shapes);
    if (bias_) {
      const std::ptrdiff_t elements = volume(shape_at(shapes.inputs, 1, kKind));
      TENON_REQUIRE(elements == args_.shape.n, "{}: a bias of {} elements for {} columns", kKind, elements,
                    args_.shape.n);
    }
    TENON_REQUIRE(
        !residual_ || shape_at(shapes.inputs, 1U + bias_, kKind) == shape_at(shapes.outputs, 0, kKind),
        "{}: the residual has another shape", kKind);
    return state;
  }

  Status run(const StepCall& call) const noexcept override {
    GemmStoredArgs args = static_cast<const StoredMatMulState&>(*call.state).args;
    std::size_t next = 0;
    args.a = call.inputs[next++]->as<float>();
    if (bias_) args.bias = call.inputs[next++]->as<float>();
    if (residual_) args.residual = call.inputs[next++]->as<float>();
    args.c = call.outputs[0]->as<float>();
    gemm_stored_run(*kernel_, args, call.scratch, *call.pool);
    return {};
  }

  bool works_by_entry() const override { return by_entry_; }

 private:
  int rows(const StepShapes& shapes) const {
    const MatMulShape shape =
        matmul_shape(op_, shape_at(shapes.inputs, 0, kKind), b_dims_, shape_at(shapes.outputs, 0, kKind));
    TENON_REQUIRE(shape.batch == 1, "{}: a batch of products", kKind);
    return shape.m;
  }

  op::MatMul op_;
  const GemmStoredKernel* kernel_;
  Shape b_dims_;
  bool bias_;
  bool residual_ = false;
  bool by_entry_ = false;
  bool has_zeros_ = false;
  std::vector<Tensor> weights_;
  GemmStoredArgs args_;
};

}  // namespace
}  // namespace cpu

void register_cpu_step_stored_matmul(StepRegistry& registry) {
  registry.add(cpu::StoredMatMulStep::kKind, [](const StepInit& init) -> std::unique_ptr<Step> {
    return std::make_unique<cpu::StoredMatMulStep>(init);
  });
}

}  // namespace tenon
