// The reference backend: one plain, obviously right implementation of every operator, for every type the
// operator allows. It is the oracle of the tests, the evaluator behind constant folding, and the backend of
// last resort.
#pragma once

#include "ir/data.hpp"
#include "ir/graph.hpp"
#include "ir/op.hpp"

#include <functional>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace tenon::ref {

// One call of a kernel. `outputs` arrive allocated (zero-filled) with the inferred dtype and shape wherever
// inference on the actual inputs gives a static tensor type. A kernel with data-dependent shapes assigns them
// itself; what arrives then is an empty tensor of the inferred dtype, with 0 for the unknown dims.
struct Call {
  std::span<const Data> inputs;  // absent optional inputs are not present()
  std::span<Data> outputs;
  // Evaluates region `index` of the node with these parameter values (control flow only).
  std::function<std::vector<Data>(std::size_t index, std::vector<Data> parameters)> run_region;

  bool has(std::size_t i) const noexcept { return i < inputs.size() && inputs[i].present(); }
  const Tensor& in(std::size_t i) const { return inputs[i].tensor(); }
  Tensor& out(std::size_t i = 0) const { return outputs[i].tensor(); }
};

using Kernel = void (*)(const Op& op, const Call& call);

class Registry {
 public:
  void add(std::string_view op_name, Kernel kernel);  // InternalError when taken
  Kernel find(std::string_view op_name) const noexcept;
  std::vector<std::string> names() const;

 private:
  std::map<std::string, Kernel, std::less<>> kernels_;
};

// Every built-in kernel.
const Registry& registry();

// Infers the outputs of `op` on these inputs, allocates them, runs the kernel. Operands of control-flow
// regions come through evaluate_node. ModelError when the operands do not fit the operator or no kernel
// exists. `declared`: the operands' types where they are known, since an empty sequence or optional does not
// tell that of its elements.
std::vector<Data> evaluate(const Op& op, std::span<const Data> inputs, std::size_t outputs = 1,
                           std::span<const Type> declared = {});

// Runs a whole graph. `inputs` in the order of graph.inputs(). `observe`, when given, sees every computed
// value.
std::vector<Data> evaluate(const Graph& graph, std::span<const Data> inputs,
                           const std::function<void(ValueId, const Data&)>& observe = {});

}  // namespace tenon::ref
