#include "backends/ref/plugin.hpp"

#include "base/aligned_buffer.hpp"
#include "base/check.hpp"
#include "plugins/kernel_call.hpp"

namespace tenon::ref {
namespace {

void run_plugin(const Op& op, const Call& call) {
  const auto& plugin = *op.as<op::Plugin>();
  const std::unique_ptr<PluginKernel> kernel = plugin.entry->create_kernel(Device::reference, plugin.values);
  KernelCall run(call.inputs.size(), call.outputs.size());
  std::vector<Shape> inputs(call.inputs.size());
  std::vector<Shape> outputs(call.outputs.size());
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    if (!call.has(i)) continue;
    inputs[i] = call.in(i).shape();
    run.set_input(i, view_of(call.in(i)));
  }
  const std::vector<PluginResult> results = infer_now(plugin, run.inputs());
  TENON_REQUIRE(results.size() >= outputs.size(), "{} gives {} results, expected {}", op.name(),
                results.size(), outputs.size());
  std::vector<TensorType> types(outputs.size());
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    types[i].dtype = results[i].dtype;
    if (const auto shape = known_shape(results[i])) {
      outputs[i] = *shape;
      types[i].dims = Dims(shape->begin(), shape->end());
    }
    run.set_target(i, &call.outputs[i], &types[i], results[i]);
  }
  AlignedBuffer workspace(kernel->workspace_bytes({inputs, outputs, 1}));
  run.set_workspace(workspace.bytes());
  kernel->run(run);
  run.require_complete();
}

}  // namespace

Kernel kernel_of(const Op& op) noexcept {
  return op.is<op::Plugin>() ? run_plugin : registry().find(op.name());
}

}  // namespace tenon::ref
