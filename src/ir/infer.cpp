#include "ir/infer.hpp"

#include "base/check.hpp"

#include <tenon/error.hpp>

#include <fmt/format.h>

namespace tenon {
namespace {

class GraphInferContext final : public InferContext {
 public:
  GraphInferContext(const Op& op, const NodeBuilder& values, const Graph& graph,
                    std::span<const ValueId> inputs, std::span<const RegionId> regions, std::size_t outputs)
      : op_(op), values_(values), graph_(graph), inputs_(inputs), regions_(regions), outputs_(outputs) {}

  std::size_t input_count() const noexcept override { return inputs_.size(); }
  bool has(std::size_t i) const noexcept override { return i < inputs_.size() && inputs_[i].valid(); }
  const Type& type(std::size_t i) const override {
    if (!has(i)) fail(fmt::format("operand {} is missing", i));
    return values_.value(inputs_[i]).type;
  }
  const Tensor* constant(std::size_t i) const noexcept override {
    return has(i) ? values_.constant(inputs_[i]) : nullptr;
  }
  const Dims* symbolic_value(std::size_t i) const noexcept override {
    if (!has(i)) return nullptr;
    const auto& symbolic = values_.value(inputs_[i]).symbolic;
    return symbolic ? &*symbolic : nullptr;
  }
  ValueId id(std::size_t i) const noexcept override { return has(i) ? inputs_[i] : ValueId{}; }
  std::size_t output_count() const noexcept override { return outputs_; }
  std::size_t region_count() const noexcept override { return regions_.size(); }
  std::vector<Type> region_results(std::size_t region) const override {
    if (region >= regions_.size()) fail(fmt::format("region {} is missing", region));
    std::vector<Type> types;
    for (const ValueId result : graph_.region(regions_[region]).results)
      types.push_back(values_.value(result).type);
    return types;
  }
  void fail(const std::string& message) const override {
    throw ModelError(fmt::format("{}: {}", op_.name(), message));
  }

 private:
  const Op& op_;
  const NodeBuilder& values_;
  const Graph& graph_;
  std::span<const ValueId> inputs_;
  std::span<const RegionId> regions_;
  std::size_t outputs_;
};

// A known value must be as long as the type says, and of integers.
void check_symbolic_value(const Op& op, const Inference& inference) {
  if (!inference.value) return;
  TENON_CHECK(inference.type.is_tensor() && inference.type.as_tensor().dims,
              "{} infers a value for a type without dims", op.name());
  const Dims& dims = *inference.type.as_tensor().dims;
  const bool fits =
      dims.empty()
          ? inference.value->size() == 1
          : dims.size() == 1 && (!dims[0].is_const() ||
                                 dims[0].value() == static_cast<std::int64_t>(inference.value->size()));
  TENON_CHECK(fits, "{} infers {} elements for a value of type {}", op.name(), inference.value->size(),
              inference.type.to_string());
}

}  // namespace

std::vector<Inference> infer_node(const Op& op, const NodeBuilder& values, const Graph& graph,
                                  std::span<const ValueId> inputs, std::span<const RegionId> regions,
                                  std::size_t outputs) {
  GraphInferContext context(op, values, graph, inputs, regions, outputs);
  if (regions.empty() == op.traits().has_regions) {
    context.fail(op.traits().has_regions ? "the node has no regions" : "the operator takes no regions");
  }
  std::vector<Inference> results = op.infer(context);
  if (outputs > results.size()) {
    context.fail(fmt::format("the node has {} outputs, but the operator gives {}", outputs, results.size()));
  }
  if (outputs > 0) results.erase(results.begin() + static_cast<std::ptrdiff_t>(outputs), results.end());
  for (const Inference& result : results) check_symbolic_value(op, result);
  return results;
}

}  // namespace tenon
