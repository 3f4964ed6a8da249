// "cpu.matmul_max": a [, bias] → y, weight: b, packed, with dims "@b". The operator's fields are there too.
// Rows are computed into scratch memory, some at a time, and only their maxima leave it.
#include "ops/matmul_max.hpp"

#include "backends/cpu/kernels/gemm/gemm.hpp"
#include "backends/cpu/kernels/reduce/reduce.hpp"
#include "backends/cpu/steps/fused.hpp"
#include "backends/cpu/steps/op_params.hpp"
#include "backends/cpu/steps/operands.hpp"
#include "base/check.hpp"
#include "base/thread_pool.hpp"

#include <algorithm>

namespace tenon {
namespace cpu {
namespace {

constexpr std::string_view kMatMulMax = "cpu.matmul_max";

// Rows of the product that are in memory at a time: with 64 columns they fill half the first-level cache.
constexpr std::ptrdiff_t kRowsAtATime = 96;

struct MatMulMaxState final : StepState {
  GemmArgs args;  // of one part
  std::ptrdiff_t groups = 0;
  std::ptrdiff_t rows = 0;          // of a group
  std::ptrdiff_t at_once = 0;       // groups in a part; 0 where a group is cut into parts
  std::ptrdiff_t gemm_scratch = 0;  // floats of one product
  std::ptrdiff_t part = 0;          // floats of the rows of one part
};

class MatMulMaxStep final : public Step {
 public:
  explicit MatMulMaxStep(const StepInit& init)
      : op_(op_from_params<op::MatMulMax>(init.params)),
        gemm_(select_gemm(isa())),
        reduce_(select_reduce(isa())),
        bias_(int_param(init.params, "@bias", 0) != 0),
        b_dims_(ints_param(init.params, "@b")) {
    const auto epilogue = match_epilogue(op_.epilogue);
    TENON_REQUIRE(epilogue && !epilogue->residual, "{}: its kernels have no epilogue {}", kMatMulMax,
                  op_.epilogue.to_string());
    act_ = epilogue->act;
    require_counts(init, kMatMulMax, 1U + bias_, 1, 1);
    require_tensors(init, kMatMulMax, Layout(), DataType::f32);
    TENON_REQUIRE(b_dims_.size() == 2, "{}: a matrix of rank {}", kMatMulMax, b_dims_.size());
    volume(b_dims_);
    weights_ = init.weights[0];
  }

  std::size_t scratch_bytes(const StepShapes& shapes) const override {
    const MatMulMaxState state = state_of(shapes);
    return static_cast<std::size_t>((state.gemm_scratch + state.part + state.args.n) * shapes.threads) *
           sizeof(float);
  }

  std::unique_ptr<StepState> specialize(const StepShapes& shapes) const override {
    auto state = std::make_unique<MatMulMaxState>(state_of(shapes));
    GemmArgs& args = state->args;
    require_weight(weights_, kMatMulMax, DataType::f32, gemm_packed_b_size(args.k, args.n));
    args.b = {weights_.values<float>().data(), 0, 0, false, true};
    TENON_REQUIRE(!bias_ || volume(shape_at(shapes.inputs, 1, kMatMulMax)) == args.n,
                  "{}: a bias for other columns", kMatMulMax);
    return state;
  }

  Status run(const StepCall& call) const noexcept override {
    const auto& state = static_cast<const MatMulMaxState&>(*call.state);
    const float* a = call.inputs[0]->as<float>();
    const float* bias = bias_ ? call.inputs[1]->as<float>() : nullptr;
    float* y = call.outputs[0]->as<float>();
    auto* scratch = reinterpret_cast<float*>(call.scratch);
    const std::ptrdiff_t step = std::max<std::ptrdiff_t>(state.at_once, 1);
    call.pool->run(static_cast<std::size_t>(ceil_div(state.groups, step)),
                   [&](std::size_t index, int worker) {
                     const std::ptrdiff_t group = static_cast<std::ptrdiff_t>(index) * step;
                     // Products of several heights run beside each other, so each has scratch memory of its
                     // own.
                     float* own = scratch + (state.gemm_scratch + state.part + state.args.n) * worker;
                     float* rows = own + state.gemm_scratch;
                     GemmArgs args = state.args;
                     args.bias = bias;
                     args.a.data = a + group * state.rows * args.k;
                     args.c = rows;
                     float* out = y + group * args.n;
                     if (state.at_once != 0) {
                       const std::ptrdiff_t groups = std::min(step, state.groups - group);
                       args.m = static_cast<int>(groups * state.rows);
                       gemm_run(*gemm_, args, own, *call.pool);
                       largest(rows, groups, state.rows, args.n, out);
                     } else {
                       run_in_parts(state, args, own, *call.pool, rows, out);
                     }
                   });
    return {};
  }

 private:
  MatMulMaxState state_of(const StepShapes& shapes) const {
    const Shape& a = shape_at(shapes.inputs, 0, kMatMulMax);
    const Shape& y = shape_at(shapes.outputs, 0, kMatMulMax);
    TENON_REQUIRE(a.size() >= 2 && a.back() == b_dims_[0], "{}: operands do not fit", kMatMulMax);
    MatMulMaxState state;
    state.groups = volume(std::span(a).first(a.size() - 2));
    state.rows = narrow_dim(a[a.size() - 2]);
    volume(a);
    TENON_REQUIRE(state.rows > 0, "{}: a maximum of no rows", kMatMulMax);
    TENON_REQUIRE(volume(y) == state.groups * b_dims_[1], "{}: operand and result do not fit", kMatMulMax);
    GemmArgs& args = state.args;
    args.k = narrow_dim(b_dims_[0]);
    args.n = narrow_dim(b_dims_[1]);
    state.at_once = kRowsAtATime / state.rows;
    // All parts fit in what the largest may need, so that no shape asks for more than the profile's greatest.
    args.m = static_cast<int>(kRowsAtATime);
    args.a.ld = args.k;
    args.b.packed = true;
    args.ldc = args.n;
    args.act = act_;
    if (bias_) args.bias_axis = GemmArgs::Bias::per_column;
    state.part = kRowsAtATime * args.n;
    state.gemm_scratch = round_up(static_cast<std::ptrdiff_t>(gemm_scratch_size(args, shapes.threads)), 16);
    return state;
  }

  void run_in_parts(const MatMulMaxState& state, GemmArgs args, float* scratch, ThreadPool& pool, float* rows,
                    float* out) const noexcept {
    float* partial = rows + state.part;
    for (std::ptrdiff_t row = 0; row < state.rows; row += kRowsAtATime) {
      args.m = static_cast<int>(std::min(kRowsAtATime, state.rows - row));
      gemm_run(*gemm_, args, scratch, pool);
      args.a.data += kRowsAtATime * args.k;
      if (row == 0) {
        largest(rows, 1, args.m, args.n, out);
        continue;
      }
      largest(rows, 1, args.m, args.n, partial);
      for (int i = 0; i < args.n; ++i) {
        if (!(out[i] >= partial[i]) && out[i] == out[i]) out[i] = partial[i];
      }
    }
  }

  void largest(const float* from, std::ptrdiff_t groups, std::ptrdiff_t rows, std::ptrdiff_t columns,
               float* to) const noexcept {
    const ReduceArgs args{ReduceFn::max, from, to, groups, rows, columns};
    const std::ptrdiff_t units = columns == 1 ? groups : groups * ceil_div(columns, kReduceColumns);
    reduce_->routines().reduce(args, 0, units);
  }

  op::MatMulMax op_;
  const GemmKernel* gemm_;
  const ReduceKernel* reduce_;
  bool bias_;
  Shape b_dims_;
  Activation act_;
  Tensor weights_;
};

}  // namespace
}  // namespace cpu

void register_cpu_step_matmul_max(StepRegistry& registry) {
  registry.add("cpu.matmul_max", [](const StepInit& init) -> std::unique_ptr<Step> {
    return std::make_unique<cpu::MatMulMaxStep>(init);
  });
}

}  // namespace tenon
