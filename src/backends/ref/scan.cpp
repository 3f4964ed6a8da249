#include "ops/scan.hpp"

#include "backends/ref/elements.hpp"

namespace tenon {
namespace ref {
namespace {

void run_scan(const Op& op, const Call& call) {
  const auto& self = *op.as<op::Scan>();
  const auto sequences = static_cast<std::size_t>(self.num_scan_inputs);
  const std::size_t states = call.inputs.size() - sequences;
  std::vector<Data> state(call.inputs.begin(), call.inputs.begin() + static_cast<std::ptrdiff_t>(states));
  std::vector<std::vector<Tensor>> scanned(call.outputs.size() - states);
  const auto entry = [](const std::vector<std::int64_t>& list, std::size_t i) {
    return list.empty() ? 0 : list[i];
  };
  std::vector<std::int64_t> axes;
  for (std::size_t i = 0; i < sequences; ++i) {
    axes.push_back(positive_axis(entry(self.scan_input_axes, i), call.in(states + i).rank()));
  }
  const std::int64_t steps = call.in(states).shape()[static_cast<std::size_t>(axes[0])];
  for (std::int64_t step = 0; step < steps; ++step) {
    std::vector<Data> parameters = state;
    for (std::size_t i = 0; i < sequences; ++i) {
      const std::int64_t at = entry(self.scan_input_directions, i) != 0 ? steps - 1 - step : step;
      const Tensor slice = axis_range(call.in(states + i), axes[i], at, 1);
      Shape shape = slice.shape();
      shape.erase(shape.begin() + axes[i]);
      parameters.emplace_back(slice.reshaped(std::move(shape)));
    }
    std::vector<Data> results = call.run_region(0, std::move(parameters));
    for (std::size_t i = 0; i < states; ++i) state[i] = std::move(results[i]);
    for (std::size_t i = 0; i < scanned.size(); ++i)
      scanned[i].push_back(std::move(results[states + i].tensor()));
  }
  for (std::size_t i = 0; i < states; ++i) call.outputs[i] = std::move(state[i]);
  for (std::size_t i = 0; i < scanned.size(); ++i) {
    // Without steps the output stays as it came: empty, of the inferred dtype.
    if (scanned[i].empty()) continue;
    if (entry(self.scan_output_directions, i) != 0) std::reverse(scanned[i].begin(), scanned[i].end());
    const std::int64_t rank = scanned[i].front().rank() + 1;
    call.outputs[states + i] = stack(scanned[i], positive_axis(entry(self.scan_output_axes, i), rank));
  }
}

}  // namespace
}  // namespace ref

void register_ref_scan(ref::Registry& registry) { registry.add("scan", ref::run_scan); }

}  // namespace tenon
