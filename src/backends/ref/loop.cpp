#include "backends/ref/elements.hpp"
#include "base/check.hpp"

namespace tenon {
namespace ref {
namespace {

bool single_bool(const Tensor& tensor) {
  TENON_REQUIRE(tensor.elements() == 1, "loop: the condition has {} elements, expected one",
                tensor.elements());
  return tensor.values<bool>()[0];
}

void run_loop(const Op&, const Call& call) {
  const std::int64_t limit = call.has(0) ? int_scalar(call.in(0)) : std::numeric_limits<std::int64_t>::max();
  bool running = !call.has(1) || single_bool(call.in(1));
  std::vector<Data> carried(call.inputs.begin() + 2, call.inputs.end());
  std::vector<std::vector<Tensor>> scanned(call.outputs.size() - carried.size());
  for (std::int64_t iteration = 0; running && iteration < limit; ++iteration) {
    const bool condition = true;
    std::vector<Data> parameters{Tensor::of<std::int64_t>({}, std::span(&iteration, 1)),
                                 Tensor::of<bool>({}, std::span(&condition, 1))};
    parameters.insert(parameters.end(), carried.begin(), carried.end());
    std::vector<Data> results = call.run_region(0, std::move(parameters));
    running = single_bool(results[0].tensor());
    for (std::size_t i = 0; i < carried.size(); ++i) carried[i] = std::move(results[1 + i]);
    for (std::size_t i = 0; i < scanned.size(); ++i) {
      scanned[i].push_back(std::move(results[1 + carried.size() + i].tensor()));
    }
  }
  for (std::size_t i = 0; i < carried.size(); ++i) call.outputs[i] = std::move(carried[i]);
  for (std::size_t i = 0; i < scanned.size(); ++i) {
    // Without iterations the output stays as it came: empty, of the inferred dtype.
    if (!scanned[i].empty()) call.outputs[carried.size() + i] = stack(scanned[i], 0);
  }
}

}  // namespace
}  // namespace ref

void register_ref_loop(ref::Registry& registry) { registry.add("loop", ref::run_loop); }

}  // namespace tenon
