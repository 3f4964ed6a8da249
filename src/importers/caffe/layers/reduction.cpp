// Reduction: everything from `axis` on becomes one number.
#include "importers/caffe/layer_context.hpp"
#include "ops/reduce.hpp"

namespace tenon::caffe {
namespace {

Values reduction(LayerContext& layer) {
  layer.require(1, 1);
  const Message& fields = layer.parameters("reduction_param");
  constexpr op::ReduceFn kFunctions[] = {op::ReduceFn::sum, op::ReduceFn::l1, op::ReduceFn::sum_square,
                                         op::ReduceFn::mean};
  op::Reduce reduce;
  reduce.fn = kFunctions[layer.choice(fields, "operation", {"SUM", "ASUM", "SUMSQ", "MEAN"}, 0)];
  const std::int64_t rank = layer.rank(layer.bottom());
  reduce.keep_dims = false;
  for (std::int64_t i = layer.axis(fields.integer("axis", 0), rank); i < rank; ++i) reduce.axes.push_back(i);
  return {layer.scaled(layer.add(reduce, {layer.bottom()}), fields.number("coeff", 1))};
}

}  // namespace
}  // namespace tenon::caffe

namespace tenon {

void register_caffe_reduction(caffe::Registry& registry) { registry.add("Reduction", caffe::reduction); }

}  // namespace tenon
