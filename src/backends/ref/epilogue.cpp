#include "backends/ref/epilogue.hpp"

#include "backends/ref/numeric.hpp"
#include "backends/ref/pointwise_function.hpp"

namespace tenon::ref {

void store_with_epilogue(std::span<const double> main, DataType dtype, const PointwiseProgram& epilogue,
                         const Call& call, std::size_t first_operand) {
  Tensor rounded(dtype, call.out().shape());
  store_doubles(main, rounded);
  store_with_epilogue(std::move(rounded), epilogue, call, first_operand);
}

void store_with_epilogue(Tensor main, const PointwiseProgram& epilogue, const Call& call,
                         std::size_t first_operand) {
  if (epilogue.empty()) {
    call.outputs[0] = std::move(main);
    return;
  }
  std::vector<Tensor> operands{main};
  for (std::size_t i = first_operand; i < call.inputs.size(); ++i) operands.push_back(call.in(i));
  call.outputs[0] = run_program(epilogue, operands, main.shape());
}

}  // namespace tenon::ref
