// Enumerations, and what is said of inputs and outputs.
#include "bindings/python/arrays.hpp"
#include "bindings/python/bindings.hpp"

#include <tenon/accuracy.hpp>
#include <tenon/builder.hpp>
#include <tenon/engine.hpp>

#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

namespace tenon::python {
namespace {

std::string repr(const TensorInfo& info) { return "<" + info.name + ": " + info.type + ">"; }

}  // namespace

void bind_types(nb::module_& module) {
  nb::enum_<DataType> dtype(module, "DataType", "Element types of tensors.");
  for (int i = 0; i < kDataTypeCount; ++i) {
    const auto type = static_cast<DataType>(i);
    // Names are string literals of the library.
    const char* text = type == DataType::boolean  ? "boolean"
                       : type == DataType::string ? "string"
                                                  : name(type).data();
    dtype.value(text, type);
  }
  dtype.def_prop_ro(
      "numpy", [](DataType self) { return numpy_dtype(self); }, nb::sig("def numpy(self) -> numpy.dtype"),
      "The numpy.dtype of its arrays: that of ml_dtypes for bfloat16 and for types of 8 bits and less, "
      "object for "
      "strings.");

  nb::enum_<Device>(module, "Device", "Where an engine runs.")
      .value("cpu", Device::cpu, "Kernels for this processor.")
      .value("reference", Device::reference, "Slow, plain and complete: what all else is tested against.");
  nb::enum_<Accuracy>(module, "Accuracy", "How far a build may go from the direct algorithm.")
      .value("exact", Accuracy::exact, "Only what rounds like the direct algorithm.")
      .value("standard", Accuracy::standard,
             "Also algorithms with a small stated error factor, such as Winograd's.")
      .value("relaxed", Accuracy::relaxed, "Also those whose error a network may or may not bear.");
  nb::enum_<ImageOrder>(module, "ImageOrder", "How the caller's image lies in memory.")
      .value("nchw", ImageOrder::nchw)
      .value("nhwc", ImageOrder::nhwc)
      .value("nc", ImageOrder::nc);
  nb::class_<TensorInfo> info(module, "TensorInfo", "An input or output of a network or an engine.");
  nb::class_<TensorInfo::Values>(info, "Values",
                                 "Elements of an input that become dims, as the profile allows them.")
      .def_ro("elements", &TensorInfo::Values::elements, "Each a number or a symbol.")
      .def_prop_ro(
          "min", [](const TensorInfo::Values& self) { return shape_tuple(self.min); },
          nb::sig("def min(self) -> tuple[int, ...]"))
      .def_prop_ro(
          "opt", [](const TensorInfo::Values& self) { return shape_tuple(self.opt); },
          nb::sig("def opt(self) -> tuple[int, ...]"))
      .def_prop_ro(
          "max", [](const TensorInfo::Values& self) { return shape_tuple(self.max); },
          nb::sig("def max(self) -> tuple[int, ...]"));
  info.def_ro("name", &TensorInfo::name)
      .def_ro("is_tensor", &TensorInfo::is_tensor,
              "False: a sequence, map or optional, of which dtype, dims and shapes mean nothing.")
      .def_ro("type", &TensorInfo::type, "As in the textual IR: \"f32[N,3,224,224]\", \"seq<i64[*]>\".")
      .def_ro("dtype", &TensorInfo::dtype)
      .def_ro("dims", &TensorInfo::dims,
              "Each a number or an expression over symbols: \"N\", \"3\", \"floordiv(H + 1, 2)\"; \"?\" when "
              "only "
              "known after running.")
      .def_prop_ro(
          "min", [](const TensorInfo& self) { return shape_tuple(self.min); },
          nb::sig("def min(self) -> tuple[int, ...]"),
          "Smallest shape of the profile; -1 where only running tells.")
      .def_prop_ro(
          "opt", [](const TensorInfo& self) { return shape_tuple(self.opt); },
          nb::sig("def opt(self) -> tuple[int, ...]"), "The shape that the engine is tuned for.")
      .def_prop_ro(
          "max", [](const TensorInfo& self) { return shape_tuple(self.max); },
          nb::sig("def max(self) -> tuple[int, ...]"), "Largest shape of the profile.")
      .def_prop_ro("dynamic", &TensorInfo::dynamic, "Whether its shape has a range.")
      .def_ro(
          "bindable", &TensorInfo::bindable,
          "Of an engine's output: its size is known before running, so it can be written to given memory.")
      .def_ro("values", &TensorInfo::values, "Of an input whose elements become dims, else None.")
      .def("__repr__", &repr);
}

}  // namespace tenon::python
