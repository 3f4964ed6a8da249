// "ref.op": one operator through its reference kernel. "ref.graph": a graph of its own. "copy": a buffer's
// bytes. "strings": a constant of strings.
//
// Results are computed aside and then copied into the step's buffers, or published where the size is known
// only now.
#include "backends/ref/ref.hpp"
#include "backends/ref/steps/ref_steps.hpp"
#include "base/check.hpp"
#include "ir/blob_store.hpp"
#include "ir/parser.hpp"
#include "ops/registry.hpp"
#include "plan/guarded.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <functional>

namespace tenon::ref {
namespace {

Data view_of(const BufferView* view) {
  if (view == nullptr) return {};
  if (view->slot != nullptr) return *view->slot;
  return Tensor::view(view->dtype, view->shape, view->data);
}

// What outlives the step must not view its operands' buffers, which others will write to.
Data owned(Data data, std::span<const BufferView* const> inputs) {
  if (data.is_tensor()) {
    const std::byte* at = data.tensor().data();
    const auto holds = [&](const BufferView* view) {
      if (view == nullptr || view->slot != nullptr || at == nullptr) return false;
      const auto* begin = static_cast<const std::byte*>(view->data);
      const std::size_t size = Tensor::view(view->dtype, view->shape, view->data).size_bytes();
      return std::less_equal<>()(begin, at) && std::less<>()(at, begin + size);
    };
    return std::any_of(inputs.begin(), inputs.end(), holds) ? Data(data.tensor().clone()) : data;
  }
  if (const auto* map = std::get_if<std::shared_ptr<const MapData>>(&data.value)) {
    return make_map(owned((*map)->keys, inputs).tensor(), owned(*(*map)->values, inputs));
  }
  if (!std::holds_alternative<std::shared_ptr<const SequenceData>>(data.value)) return data;
  SequenceData sequence = data.sequence();
  for (Data& element : sequence.elements) element = owned(std::move(element), inputs);
  return sequence;
}

// Moves computed results into the step's buffers.
Status deliver(std::vector<Data> results, std::span<const BufferView* const> inputs,
               std::span<BufferView* const> outputs) {
  for (std::size_t i = 0; i < outputs.size() && i < results.size(); ++i) {
    if (outputs[i] == nullptr) continue;
    BufferView& out = *outputs[i];
    if (out.slot != nullptr) {
      *out.slot = owned(std::move(results[i]), inputs);
      out.publish();
      continue;
    }
    const Tensor& tensor = results[i].tensor();
    if (tensor.shape() != out.shape || tensor.dtype() != out.dtype) {
      return Status(StatusCode::internal, "a reference kernel gave another shape than inference");
    }
    if (tensor.size_bytes() != 0) std::memcpy(out.data, tensor.data(), tensor.size_bytes());
  }
  return {};
}

class OpStep final : public Step {
 public:
  OpStep(Op op, std::span<const Type* const> inputs) : op_(std::move(op)) {
    for (const Type* type : inputs) types_.push_back(type == nullptr ? Type() : *type);
  }

  Status run(const StepCall& call) const noexcept override {
    return guarded([&] {
      std::vector<Data> inputs;
      inputs.reserve(call.inputs.size());
      for (const BufferView* view : call.inputs) inputs.push_back(view_of(view));
      return deliver(evaluate(op_, inputs, call.outputs.size(), types_), call.inputs, call.outputs);
    });
  }

 private:
  Op op_;
  std::vector<Type> types_;  // of the inputs
};

// A graph of its own; for nodes that own regions.
class GraphStep final : public Step {
 public:
  explicit GraphStep(Graph graph) : graph_(std::move(graph)) {}

  Status run(const StepCall& call) const noexcept override {
    return guarded([&] {
      std::vector<Data> inputs;
      inputs.reserve(call.inputs.size());
      for (const BufferView* view : call.inputs) inputs.push_back(view_of(view));
      return deliver(evaluate(graph_, inputs), call.inputs, call.outputs);
    });
  }

 private:
  Graph graph_;
};

class CopyStep final : public Step {
 public:
  explicit CopyStep(TensorType type) : type_(std::move(type)) {}

  Status run(const StepCall& call) const noexcept override {
    return guarded([&] {
      const BufferView& from = *call.inputs[0];
      BufferView& to = *call.outputs[0];
      if (to.slot != nullptr) {
        Data copy = view_of(&from);
        *to.slot = copy.is_tensor() ? Data(copy.tensor().clone()) : copy;
        to.publish();
      } else {
        const auto bytes = static_cast<std::size_t>(storage_bytes(type_, to.shape));
        if (bytes != 0) std::memcpy(to.data, from.data, bytes);
      }
      return Status();
    });
  }

 private:
  TensorType type_;
};

class StringsStep final : public Step {
 public:
  // Read-only, as it is shared by all contexts.
  explicit StringsStep(const Tensor& values)
      : values_(Tensor::view_const(DataType::string, values.shape(), values.data(),
                                   std::make_shared<const Tensor>(values))) {}

  Status run(const StepCall& call) const noexcept override {
    return guarded([&] {
      *call.outputs[0]->slot = values_;
      call.outputs[0]->publish();
      return Status();
    });
  }

 private:
  Tensor values_;
};

std::unique_ptr<Step> make_op_step(const StepInit& init) {
  Op op = decode_op(init.params, init.weights);
  TENON_REQUIRE(registry().find(op.name()) != nullptr, "operator '{}' has no reference kernel", op.name());
  TENON_REQUIRE(!op.traits().has_regions, "operator '{}' owns regions: it runs as a graph", op.name());
  return std::make_unique<OpStep>(std::move(op), init.inputs);
}

std::unique_ptr<Step> make_graph_step(const StepInit& init) {
  BlobStore blobs;
  for (const Tensor& weight : init.weights) {
    static_cast<void>(
        blobs.add({weight.data(), weight.size_bytes()}, std::make_shared<const Tensor>(weight)));
  }
  Graph graph = parse(string_param(init.params, "graph"), builtin_ops(), &blobs, "step graph");
  TENON_REQUIRE(graph.inputs().size() == init.inputs.size() && graph.outputs().size() == init.outputs.size(),
                "a graph step with {} inputs and {} outputs, its graph has {} and {}", init.inputs.size(),
                init.outputs.size(), graph.inputs().size(), graph.outputs().size());
  return std::make_unique<GraphStep>(std::move(graph));
}

std::unique_ptr<Step> make_copy_step(const StepInit& init) {
  TENON_REQUIRE(init.inputs.size() == 1 && init.outputs.size() == 1 && init.inputs[0] != nullptr &&
                    init.outputs[0] != nullptr,
                "a copy has one input and one output");
  TENON_REQUIRE(*init.inputs[0] == *init.outputs[0], "a copy from {} to {}", init.inputs[0]->to_string(),
                init.outputs[0]->to_string());
  return std::make_unique<CopyStep>(init.outputs[0]->is_tensor() ? init.outputs[0]->as_tensor()
                                                                 : TensorType{});
}

std::unique_ptr<Step> make_strings_step(const StepInit& init) {
  TENON_REQUIRE(init.inputs.empty() && init.outputs.size() == 1 && init.outputs[0] != nullptr &&
                    init.outputs[0]->is_tensor() && init.outputs[0]->as_tensor().dtype == DataType::string,
                "a constant of strings has one output, of strings");
  return std::make_unique<StringsStep>(strings_param(init.params, "shape", "values"));
}

}  // namespace
}  // namespace tenon::ref

namespace tenon {

void register_ref_steps(StepRegistry& registry) {
  registry.add("ref.op", ref::make_op_step);
  registry.add("ref.graph", ref::make_graph_step);
  registry.add("copy", ref::make_copy_step);
  registry.add("strings", ref::make_strings_step);
}

}  // namespace tenon
