#include "ops/scan.hpp"

#include "ops/shape_inference.hpp"

#include <fmt/format.h>

#include <limits>

namespace tenon {
namespace op {

namespace {

void require_entries(const InferContext& context, const Ints& list, std::size_t count,
                     std::string_view what) {
  if (!list.empty() && list.size() != count) {
    context.fail(fmt::format("{} has {} entries, expected {}", what, list.size(), count));
  }
}

}  // namespace

std::vector<Inference> Scan::infer(InferContext& context) const {
  context.require_inputs(1, std::numeric_limits<std::size_t>::max());
  if (context.region_count() != 1)
    context.fail(fmt::format("{} regions, expected one", context.region_count()));
  const auto operands = static_cast<std::int64_t>(context.input_count());
  if (num_scan_inputs < 1 || num_scan_inputs > operands) {
    context.fail(fmt::format("num_scan_inputs is {}, expected 1 to {}", num_scan_inputs, operands));
  }
  const auto scanned = static_cast<std::size_t>(num_scan_inputs);
  const std::size_t states = context.input_count() - scanned;
  const std::vector<Type> body = context.region_results(0);
  if (body.size() < states) {
    context.fail(fmt::format("the region gives {} results for {} states", body.size(), states));
  }
  require_entries(context, scan_input_axes, scanned, "scan_input_axes");
  require_entries(context, scan_input_directions, scanned, "scan_input_directions");
  require_entries(context, scan_output_axes, body.size() - states, "scan_output_axes");
  require_entries(context, scan_output_directions, body.size() - states, "scan_output_directions");

  Dim steps = Dim::unknown();
  for (std::size_t i = 0; i < scanned; ++i) {
    const TensorType& sequence = plain_tensor(context, states + i);
    if (!sequence.dims) continue;
    const std::int64_t axis = scan_input_axes.empty() ? 0 : scan_input_axes[i];
    const auto at = normalize_axis(context, axis, sequence.dims->size());
    steps = merge_dim(context, steps, (*sequence.dims)[static_cast<std::size_t>(at)],
                      "extents of the scanned axes");
  }
  std::vector<Inference> results;
  for (std::size_t i = 0; i < states; ++i) {
    results.emplace_back(join(context, context.type(i), body[i], fmt::format("state {}", i)));
  }
  for (std::size_t i = 0; states + i < body.size(); ++i) {
    const TensorType& element = body[states + i].as_tensor();
    if (!element.dims) {
      results.emplace_back(tensor_type(element.dtype, {}));
      continue;
    }
    Dims dims = *element.dims;
    const std::int64_t axis = scan_output_axes.empty() ? 0 : scan_output_axes[i];
    dims.insert(dims.begin() + normalize_axis(context, axis, static_cast<std::int64_t>(dims.size()) + 1),
                steps);
    results.emplace_back(tensor_type(element.dtype, std::move(dims)));
  }
  return results;
}

}  // namespace op

void register_op_scan(OpRegistry& registry) { registry.add<op::Scan>(); }

}  // namespace tenon
