#include "backends/cpu/kernels/pointwise/pointwise.hpp"
#include "base/thread_pool.hpp"
#include "kernels/support.hpp"

#include <fmt/format.h>

#include <string>
#include <string_view>
#include <vector>

namespace tenon::bench {

namespace {

// A chain of functions over `elements`; the last operand of the first one is a tensor, one value per channel
// of `row`, or none.
struct Shape {
  const char* name;
  const char* functions[3];
  bool second_operand;
  bool per_channel;
  std::ptrdiff_t rows;
  std::ptrdiff_t row;
};

constexpr Shape kShapes[] = {
    {"add_L2", {"add"}, true, false, 1, 32 << 10},
    {"add_memory", {"add"}, true, false, 1, 16 << 20},
    {"relu_memory", {"relu"}, false, false, 1, 16 << 20},
    {"sigmoid_L2", {"sigmoid"}, false, false, 1, 32 << 10},
    {"gelu_L2", {"gelu"}, false, false, 1, 32 << 10},
    {"exp_L2", {"exp"}, false, false, 1, 32 << 10},
    {"tanh_L2", {"tanh"}, false, false, 1, 32 << 10},
    {"mul_channel_L2", {"mul"}, true, true, 64, 784},
    {"add_sigmoid_abs_L2", {"add", "sigmoid", "abs"}, true, false, 1, 32 << 10},
};

PointwiseFn function_of(std::string_view wanted) {
#define TENON_POINTWISE(fn, arity, alpha, beta, result) \
  if (wanted == #fn) return PointwiseFn::fn;
#include "ir/pointwise_functions.inc"
#undef TENON_POINTWISE
  return PointwiseFn::relu;
}

void run(benchmark::State& state, const cpu::PointwiseKernel& kernel, const Shape& s) {
  const auto count = static_cast<std::size_t>(s.rows * s.row);
  Floats a(count);
  Floats b(count);
  Floats out(count);
  cpu::PointwiseProblem problem;
  problem.dims = {s.rows, s.row};
  problem.operands.push_back({DataType::f32, {s.row, 1}});
  if (s.second_operand) {
    problem.operands.push_back(
        {DataType::f32, s.per_channel ? std::vector<std::ptrdiff_t>{1, 0} : problem.operands[0].strides});
  }
  problem.program.inputs = static_cast<std::uint16_t>(problem.operands.size());
  for (const char* name : s.functions) {
    if (!name) break;
    PointwiseProgram::Instruction i;
    i.fn = function_of(name);
    i.args[0] = problem.program.code.empty() ? std::uint16_t{0} : problem.program.result();
    i.args[1] = problem.program.code.empty() && s.second_operand ? 1 : 0;
    problem.program.code.push_back(i);
  }
  cpu::PointwiseTask task;
  const std::string refusal = cpu::pointwise_prepare(kernel, problem, &task);
  if (!refusal.empty()) return state.SkipWithError(refusal.c_str());
  const void* operands[] = {a.data(), b.data()};
  for (auto _ : state) {
    cpu::pointwise_run(task, operands, out.data(), pool());
    benchmark::ClobberMemory();
  }
  report_bytes(state, static_cast<double>(count) * 4 * (s.second_operand && !s.per_channel ? 3 : 2));
}

}  // namespace

void register_pointwise() {
  for (const cpu::PointwiseKernel& kernel : cpu::pointwise_kernels()) {
    if (!isa_supported(kernel.info.isa)) continue;
    for (const Shape& shape : kShapes) {
      add(fmt::format("{}/{}", kernel.info.name, shape.name),
          [&kernel, &shape](benchmark::State& state) { run(state, kernel, shape); });
    }
  }
}

}  // namespace tenon::bench
