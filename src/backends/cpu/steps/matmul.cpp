// "cpu.matmul": a, b [, bias] [, residual] → y. With "@packed" set, b is weight 0, packed and with alpha in
// it; its dims as the operator takes them are "@b". Otherwise alpha is applied to a copy of `a` in scratch
// memory.
#include "backends/cpu/steps/matmul.hpp"

#include "backends/cpu/steps/fused.hpp"
#include "backends/cpu/steps/op_params.hpp"
#include "backends/cpu/steps/operands.hpp"
#include "base/check.hpp"
#include "base/thread_pool.hpp"

#include <algorithm>

namespace tenon {
namespace cpu {

namespace {

constexpr std::string_view kMatMul = "cpu.matmul";
constexpr std::ptrdiff_t kAlign = 16;  // floats

// Whether `dims`, aligned to the end of `batch`, are the same (all) or only ones (none). Broadcasting in part
// fits neither.
bool per_batch(std::span<const std::int64_t> dims, std::span<const std::int64_t> batch) {
  const std::ptrdiff_t own = volume(dims);
  if (std::all_of(dims.begin(), dims.end(), [](std::int64_t d) { return d == 1; })) return false;
  TENON_REQUIRE(dims.size() <= batch.size() && own == volume(batch) &&
                    std::equal(dims.rbegin(), dims.rend(), batch.rbegin()),
                "{}: leading axes are broadcast in part", kMatMul);
  return true;
}

// 0 where it is not known.
std::size_t rank_of(const Type* type) {
  const auto& dims = type->as_tensor().dims;
  return dims ? dims->size() : 0;
}

}  // namespace

MatMulShape matmul_shape(const op::MatMul& op, std::span<const std::int64_t> a,
                         std::span<const std::int64_t> b, std::span<const std::int64_t> y) {
  TENON_REQUIRE(!a.empty() && !b.empty(), "{}: a scalar operand", kMatMul);
  const bool row = a.size() == 1, column = b.size() == 1;
  MatMulShape shape;
  const auto matrix = [](std::span<const std::int64_t> dims, std::size_t i) {
    return narrow_dim(dims[dims.size() - 2 + i]);
  };
  const int m = row ? 1 : matrix(a, op.transpose_a ? 1 : 0);
  shape.k = row ? narrow_dim(a[0]) : matrix(a, op.transpose_a ? 0 : 1);
  const int k = column ? narrow_dim(b[0]) : matrix(b, op.transpose_b ? 1 : 0);
  shape.n = column ? 1 : matrix(b, op.transpose_b ? 0 : 1);
  const std::size_t own = (row ? 0U : 1U) + (column ? 0U : 1U);
  TENON_REQUIRE(
      shape.k == k && y.size() >= own && (row || y[y.size() - own] == m) && (column || y.back() == shape.n),
      "{}: operands and result do not fit", kMatMul);
  const auto batch = y.first(y.size() - own);
  shape.m = m;
  shape.batch = narrow_dim(volume(batch));
  shape.a_per_batch = !row && per_batch(a.first(a.size() - 2), batch);
  shape.b_per_batch = !column && per_batch(b.first(b.size() - 2), batch);
  if (shape.a_per_batch && !shape.b_per_batch && !op.transpose_a) {
    shape.m = narrow_dim(static_cast<std::int64_t>(m) * shape.batch);
    shape.batch = 1;
    shape.a_per_batch = false;
  }
  volume(y);
  return shape;
}

GemmArgs matmul_args(const op::MatMul& op, const MatMulShape& s, bool vector_a, bool vector_b) {
  GemmArgs args;
  args.m = s.m;
  args.n = s.n;
  args.k = s.k;
  args.batch = s.batch;
  args.a.transposed = op.transpose_a && !vector_a;
  args.a.ld = args.a.transposed ? s.m : s.k;
  args.a.batch_stride = s.a_per_batch ? static_cast<std::ptrdiff_t>(s.m) * s.k : 0;
  args.b.transposed = op.transpose_b && !vector_b;
  args.b.ld = args.b.transposed ? s.k : s.n;
  args.b.batch_stride = s.b_per_batch ? static_cast<std::ptrdiff_t>(s.k) * s.n : 0;
  args.ldc = args.ldr = s.n;
  args.c_batch_stride = args.r_batch_stride = static_cast<std::ptrdiff_t>(s.m) * s.n;
  return args;
}

bool matmul_by_entry(const op::MatMul& op, const Type* a, std::span<const std::int64_t> b) {
  const std::size_t rank = rank_of(a);
  const auto leading = b.first(std::max<std::size_t>(b.size(), 2) - 2);
  return rank >= (op.transpose_a ? 3U : 2U) && b.size() <= rank &&
         std::all_of(leading.begin(), leading.end(), [](std::int64_t d) { return d == 1; });
}

bool matmul_by_entry(const op::MatMul&, const Type* a, const Type* b) {
  return rank_of(a) >= 3 && rank_of(b) == rank_of(a);
}

namespace {

struct MatMulState final : StepState {
  GemmArgs args;
  std::ptrdiff_t scaled = 0;  // elements of `a` that are scaled into scratch, which gemm's own follows
};

class MatMulStep final : public Step {
 public:
  explicit MatMulStep(const StepInit& init)
      : op_(op_from_params<op::MatMul>(init.params)),
        kernel_(select_gemm(isa())),
        packed_(int_param(init.params, "@packed", 0) != 0),
        bias_(int_param(init.params, "@bias", 0) != 0) {
    const auto epilogue = match_epilogue(op_.epilogue);
    TENON_REQUIRE(epilogue.has_value(), "{}: its kernels have no epilogue {}", kMatMul,
                  op_.epilogue.to_string());
    act_ = epilogue->act;
    residual_ = epilogue->residual;
    require_counts(init, kMatMul, 1U + !packed_ + bias_ + residual_, 1, packed_ ? 1 : 0);
    require_tensors(init, kMatMul, Layout(), DataType::f32);
    if (!packed_) by_entry_ = matmul_by_entry(op_, init.inputs[0], init.inputs[1]);
    if (!packed_) return;
    weights_ = init.weights[0];
    b_dims_ = ints_param(init.params, "@b");
    volume(b_dims_);
    by_entry_ = matmul_by_entry(op_, init.inputs[0], b_dims_);
  }

  std::size_t scratch_bytes(const StepShapes& shapes) const override {
    GemmArgs args = args_of(shapes);
    std::size_t floats = gemm_scratch_size(args, shapes.threads);
    // A product of whole panels may need less than one that is a column narrower.
    if (args.n > 1) {
      --args.n;
      floats = std::max(floats, gemm_scratch_size(args, shapes.threads));
    }
    return (floats + static_cast<std::size_t>(round_up(scaled(shapes), kAlign))) * sizeof(float);
  }

  std::unique_ptr<StepState> specialize(const StepShapes& shapes) const override {
    auto state = std::make_unique<MatMulState>();
    state->args = args_of(shapes);
    state->scaled = scaled(shapes);
    GemmArgs& args = state->args;
    if (packed_) {
      const std::size_t one = gemm_packed_b_size(args.k, args.n);
      const std::size_t matrices = args.b.batch_stride != 0 ? static_cast<std::size_t>(args.batch) : 1;
      require_weight(weights_, kMatMul, DataType::f32, one * matrices);
      args.b = {weights_.values<float>().data(), 0,
                args.b.batch_stride != 0 ? static_cast<std::ptrdiff_t>(one) : 0, false, true};
    }
    const std::size_t first = packed_ ? 1 : 2;
    if (bias_) {
      const Shape& bias = shape_at(shapes.inputs, first, kMatMul);
      TENON_REQUIRE(volume(bias) == args.n, "{}: a bias of {} elements for {} columns", kMatMul, volume(bias),
                    args.n);
      args.bias_axis = GemmArgs::Bias::per_column;
    }
    TENON_REQUIRE(
        !residual_ || shape_at(shapes.inputs, first + bias_, kMatMul) == shape_at(shapes.outputs, 0, kMatMul),
        "{}: the residual has another shape", kMatMul);
    args.act = act_;
    return state;
  }

  Status run(const StepCall& call) const noexcept override {
    const auto& state = static_cast<const MatMulState&>(*call.state);
    GemmArgs args = state.args;
    std::size_t next = 0;
    args.a.data = call.inputs[next++]->as<float>();
    if (!packed_) args.b.data = call.inputs[next++]->as<float>();
    if (bias_) args.bias = call.inputs[next++]->as<float>();
    if (residual_) args.residual = call.inputs[next++]->as<float>();
    args.c = call.outputs[0]->as<float>();
    auto* scratch = reinterpret_cast<float*>(call.scratch);
    if (state.scaled != 0) {
      scale(args.a.data, scratch, state.scaled, *call.pool);
      args.a.data = scratch;
      scratch += round_up(state.scaled, kAlign);
    }
    gemm_run(*kernel_, args, scratch, *call.pool);
    return {};
  }

  bool works_by_entry() const override { return by_entry_; }

 private:
  GemmArgs args_of(const StepShapes& shapes) const {
    const Shape& a = shape_at(shapes.inputs, 0, kMatMul);
    const Shape& b = packed_ ? b_dims_ : shape_at(shapes.inputs, 1, kMatMul);
    GemmArgs args = matmul_args(op_, matmul_shape(op_, a, b, shape_at(shapes.outputs, 0, kMatMul)),
                                a.size() == 1, b.size() == 1);
    args.b.packed = packed_;
    return args;
  }

  std::ptrdiff_t scaled(const StepShapes& shapes) const {
    if (packed_ || op_.alpha == 1.0F) return 0;
    return volume(shape_at(shapes.inputs, 0, kMatMul));
  }

  void scale(const float* from, float* to, std::ptrdiff_t count, ThreadPool& pool) const noexcept {
    constexpr std::size_t kGrain = 16384;
    pool.run_ranges(static_cast<std::size_t>(count), kGrain, [&](std::size_t begin, std::size_t end, int) {
      for (std::size_t i = begin; i < end; ++i) to[i] = from[i] * op_.alpha;
    });
  }

  op::MatMul op_;
  const GemmKernel* kernel_;
  bool packed_;
  bool bias_;
  bool residual_ = false;
  bool by_entry_ = false;
  Activation act_;
  Tensor weights_;
  Shape b_dims_;
};

}  // namespace
}  // namespace cpu

void register_cpu_step_matmul(StepRegistry& registry) {
  registry.add("cpu.matmul", [](const StepInit& init) -> std::unique_ptr<Step> {
    return std::make_unique<cpu::MatMulStep>(init);
  });
}

}  // namespace tenon
