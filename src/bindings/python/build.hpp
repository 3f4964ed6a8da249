// Options of a build from what Python functions take: a BuildOptions or None, and single fields by name.
#pragma once

#include "bindings/python/bindings.hpp"

#include <tenon/builder.hpp>

namespace tenon::python {

// A copy, so that the caller may go on without the interpreter's lock.
BuildOptions build_options(nb::handle given, const nb::kwargs& fields);

// Shapes by input name: one, three, or a ShapeRange.
std::map<std::string, ShapeRange> to_ranges(const nb::dict& shapes);

// A function of Python, or None, as a ProgressFn, which also ends what goes on when a signal has come; and
// back.
ProgressFn to_progress(nb::object function);
nb::object progress_function(const ProgressFn& progress);

// Sets attributes; TypeError for one that the object does not have.
void set_fields(nb::handle object, const nb::kwargs& fields);

}  // namespace tenon::python
