#include "opcases/rig.hpp"

#include "base/aligned_buffer.hpp"
#include "base/check.hpp"
#include "base/thread_pool.hpp"
#include "opcases/layouts.hpp"
#include "support/allocations.hpp"

#include <algorithm>
#include <cstring>
#include <map>

namespace tenon::test {
namespace {

constexpr std::size_t kGuard = 4096;
constexpr std::byte kUntouched{0xA5};

// Memory between guard zones, all of it a pattern that reads as huge negative numbers.
class Guarded {
 public:
  explicit Guarded(std::size_t size) : size_(size), memory_((size + 2 * kGuard + 63) / 64 * 64) {
    std::memset(memory_.data(), static_cast<int>(kUntouched), memory_.size());
  }
  std::byte* data() { return memory_.data() + kGuard; }
  bool intact() const {
    const auto clean = [](std::byte b) { return b == kUntouched; };
    return std::all_of(memory_.data(), memory_.data() + kGuard, clean) &&
           std::all_of(memory_.data() + kGuard + size_, memory_.data() + memory_.size(), clean);
  }

 private:
  std::size_t size_;
  AlignedBuffer memory_;
};

ThreadPool& pool_of(int threads) {
  static std::map<int, std::unique_ptr<ThreadPool>> pools;
  auto& pool = pools[threads];
  if (!pool) pool = std::make_unique<ThreadPool>(threads);
  return *pool;
}

Type with_layout(const Operand& operand, const Layout& layout) {
  TensorType type = operand.type.as_tensor();
  type.layout = layout;
  return stored_type(std::move(type));
}

}  // namespace

CaseProblem problem_of_case(const OpCase& op_case, Random& random) {
  CaseProblem result{Graph("case"), {op_case.op, {}, {}, Accuracy::standard, isa(), 1, nullptr, {}}, {}};
  std::vector<ValueId> operands;
  for (std::size_t i = 0; i < op_case.operands.size(); ++i) {
    const CaseOperand& operand = op_case.operands[i];
    result.constants.emplace_back();
    if (!operand.present) {
      operands.emplace_back();
    } else if (operand.constant) {
      Shape shape;
      for (const Dim& dim : operand.dims) shape.push_back(dim.value());
      result.constants.back() = make_tensor(operand, shape, random);
      operands.push_back(result.graph.add_constant(result.constants.back()));
    } else {
      operands.push_back(
          result.graph.add_input("x" + std::to_string(i), Type::tensor(operand.dtype, operand.dims)));
    }
  }
  const auto outputs = result.graph.add_node(op_case.op, operands, op_case.outputs);
  for (std::size_t i = 0; i < outputs.size(); ++i)
    result.graph.add_output("y" + std::to_string(i), outputs[i]);
  ChooseOptions options;
  options.profile = case_profile();
  options.isa = isa();
  options.threads = 2;
  options.stored_types = {DataType::bf16, DataType::f16};
  for (NodeId id : result.graph.nodes(result.graph.body())) {
    if (result.graph.node(id).op == op_case.op) result.problem = tenon::problem_of(result.graph, id, options);
  }
  return result;
}

StepRig::StepRig(const Problem& problem, const Candidate& candidate, Prepared prepared,
                 const StepRegistry& steps)
    : prepared_(std::move(prepared)) {
  std::vector<const Type*> inputs, outputs;
  for (std::size_t operand : prepared_.operands) {
    input_types_.push_back(
        problem.has(operand) ? with_layout(problem.inputs[operand], candidate.inputs.at(operand)) : Type());
  }
  for (std::size_t i = 0; i < problem.outputs.size(); ++i) {
    output_types_.push_back(with_layout(problem.outputs[i], candidate.outputs.at(i)));
  }
  for (std::size_t i = 0; i < input_types_.size(); ++i) {
    inputs.push_back(problem.has(prepared_.operands[i]) ? &input_types_[i] : nullptr);
  }
  for (const Type& type : output_types_) outputs.push_back(&type);
  step_ = steps.create(prepared_.kind, {prepared_.params, inputs, outputs, prepared_.weights});
}

struct StepRig::Shapes {
  std::vector<const Shape*> inputs, outputs;
  StepShapes shapes;
  Shapes(const std::vector<std::size_t>& operands, const std::vector<Shape>& input_shapes,
         const std::vector<Shape>& output_shapes, int threads) {
    for (std::size_t operand : operands) inputs.push_back(&input_shapes.at(operand));
    for (const Shape& shape : output_shapes) outputs.push_back(&shape);
    shapes = {inputs, outputs, threads};
  }
};

std::size_t StepRig::scratch_bytes(const std::vector<Shape>& input_shapes,
                                   const std::vector<Shape>& output_shapes, int threads) const {
  return step_->scratch_bytes(Shapes(prepared_.operands, input_shapes, output_shapes, threads).shapes);
}

RunResult StepRig::run(const std::vector<Tensor>& inputs, const std::vector<Shape>& output_shapes,
                       int threads) {
  std::vector<Shape> input_shapes;
  for (const Tensor& tensor : inputs) input_shapes.push_back(tensor.shape());
  const Shapes shapes(prepared_.operands, input_shapes, output_shapes, threads);
  const auto state = step_->specialize(shapes.shapes);

  std::vector<Guarded> memory;
  memory.reserve(prepared_.operands.size() + output_shapes.size() + 1);
  std::vector<BufferView> views;
  views.reserve(memory.capacity());
  std::vector<const BufferView*> input_views;
  std::vector<BufferView*> output_views;
  for (std::size_t i = 0; i < prepared_.operands.size(); ++i) {
    const TensorType& type = input_types_[i].as_tensor();
    const Tensor tensor = rounded(inputs[prepared_.operands[i]], type.dtype);
    const auto stored = store(tensor, type.layout);
    memory.emplace_back(stored.size());
    std::copy(stored.begin(), stored.end(), memory.back().data());
    views.push_back({memory.back().data(), tensor.dtype(), tensor.shape(), nullptr});
    input_views.push_back(&views.back());
  }
  for (std::size_t i = 0; i < output_shapes.size(); ++i) {
    const TensorType& type = output_types_[i].as_tensor();
    memory.emplace_back(static_cast<std::size_t>(storage_bytes(type, output_shapes[i])));
    views.push_back({memory.back().data(), type.dtype, output_shapes[i], nullptr});
    output_views.push_back(&views.back());
  }
  memory.emplace_back(step_->scratch_bytes(shapes.shapes));
  std::byte* scratch = memory.back().data();

  RunResult result;
  const StepCall call{input_views, output_views, state.get(), scratch, &pool_of(threads)};
  const std::size_t before = allocation_count();
  result.status = step_->run(call);
  result.allocations = allocation_count() - before;
  for (const Guarded& guarded : memory) result.guards_intact = result.guards_intact && guarded.intact();
  for (std::size_t i = 0; i < output_shapes.size(); ++i) {
    const TensorType& type = output_types_[i].as_tensor();
    bool clear = true;
    result.outputs.push_back(
        widened(unstore(output_views[i]->data, type.dtype, output_shapes[i], type.layout, &clear)));
    result.padding_clear = result.padding_clear && clear;
  }
  return result;
}

}  // namespace tenon::test
