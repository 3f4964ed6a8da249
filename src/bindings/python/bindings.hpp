// The areas of the Python module `tenon._tenon`, one function and one file each, called in this order. Each
// documents what it binds in Python's docstrings; the package around it lies in tenon/.
#pragma once

#include <nanobind/nanobind.h>

namespace tenon::python {

namespace nb = nanobind;

// For functions that compute, read files, or may log: other Python threads run meanwhile. A log sink or a
// callback takes the interpreter back.
using Unlocked = nb::call_guard<nb::gil_scoped_release>;

void bind_errors(nb::module_& module);
void bind_types(nb::module_& module);
void bind_tensor(nb::module_& module);
void bind_network(nb::module_& module);
void bind_network_builder(nb::module_& module);
void bind_plugins(nb::module_& module);
void bind_engine(nb::module_& module);
void bind_context(nb::module_& module);
void bind_build(nb::module_& module);
void bind_calibrate(nb::module_& module);
void bind_calibration_table(nb::module_& module);
void bind_int8(nb::module_& module);
void bind_quantize(nb::module_& module);
void bind_verify(nb::module_& module);
void bind_inspect(nb::module_& module);
void bind_logging(nb::module_& module);

}  // namespace tenon::python
