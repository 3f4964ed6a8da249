#include "bindings/python/bindings.hpp"

NB_MODULE(_tenon, module) {
  using namespace tenon::python;
  module.doc() = "Compiled half of the package tenon: import that.";
  // Plugins, which live as long as the process, keep what their functions refer to.
  nb::set_leak_warnings(false);
  bind_errors(module);
  bind_types(module);
  bind_tensor(module);
  bind_network(module);
  bind_network_builder(module);
  bind_plugins(module);
  bind_engine(module);
  bind_context(module);
  bind_calibration_table(module);
  bind_int8(module);
  bind_build(module);
  bind_calibrate(module);
  bind_quantize(module);
  bind_verify(module);
  bind_inspect(module);
  bind_logging(module);
}
