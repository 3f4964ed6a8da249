#include "ops/if.hpp"

#include "ops/shape_inference.hpp"

#include <fmt/format.h>

namespace tenon {
namespace op {

std::vector<Inference> If::infer(InferContext& context) const {
  context.require_inputs(1, 1);
  context.require_dtype(0, {DataType::boolean});
  if (context.region_count() != 2) {
    context.fail(fmt::format("{} regions, expected then and else", context.region_count()));
  }
  const std::vector<Type> taken = context.region_results(0);
  const std::vector<Type> otherwise = context.region_results(1);
  if (taken.size() != otherwise.size()) {
    context.fail(fmt::format("the regions give {} and {} results", taken.size(), otherwise.size()));
  }
  std::vector<Inference> results;
  for (std::size_t i = 0; i < taken.size(); ++i) {
    results.emplace_back(join(context, taken[i], otherwise[i], fmt::format("result {} of then and else", i)));
  }
  return results;
}

}  // namespace op

void register_op_if(OpRegistry& registry) { registry.add<op::If>(); }

}  // namespace tenon
