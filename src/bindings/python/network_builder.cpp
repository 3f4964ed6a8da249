// tenon.NetworkBuilder: a network defined layer by layer.
#include "bindings/python/arrays.hpp"
#include "bindings/python/network_values.hpp"

#include <nanobind/operators.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/string_view.h>
#include <nanobind/stl/vector.h>

namespace tenon::python {
namespace {

using namespace nb::literals;

nb::list dims_of(const NetworkValue& value) {
  nb::list dims;
  for (const SymbolicDim& dim : value.dims()) {
    if (const auto number = dim.value()) {
      dims.append(*number);
    } else {
      dims.append(dim.text());
    }
  }
  return dims;
}

void bind_value(nb::module_& module) {
  nb::class_<NetworkValue>(module, "NetworkValue", "An input, a constant or the result of a layer.")
      .def_prop_ro("name", &NetworkValue::name, "Empty when it has none.")
      .def_prop_ro("type", &NetworkValue::type, "\"f32[N,64,112,112]\", \"seq<i64[*]>\".")
      .def_prop_ro("dtype", &NetworkValue::dtype)
      .def_prop_ro("has_rank", &NetworkValue::has_rank,
                   "False where even the number of dims is known only after running.")
      .def_prop_ro("dims", &dims_of, nb::sig("def dims(self) -> list[int | str]"),
                   "Numbers, and expressions over symbols.")
      .def(nb::self + nb::self, nb::sig("def __add__(self, other: NetworkValue, /) -> NetworkValue"))
      .def(nb::self - nb::self, nb::sig("def __sub__(self, other: NetworkValue, /) -> NetworkValue"))
      .def(nb::self * nb::self, nb::sig("def __mul__(self, other: NetworkValue, /) -> NetworkValue"))
      .def(nb::self / nb::self, nb::sig("def __truediv__(self, other: NetworkValue, /) -> NetworkValue"))
      .def("__repr__", [](const NetworkValue& self) {
        return "<tenon.NetworkValue " + self.name() + ": " + self.type() + ">";
      });
}

NetworkValue add_input(NetworkBuilder& self, std::string name, nb::handle dtype, nb::handle dims) {
  if (!dims.is_none()) return self.input(std::move(name), to_data_type(dtype), to_dims(dims));
  return self.input(std::move(name), nb::cast<std::string_view>(dtype));
}

}  // namespace

void bind_network_builder(nb::module_& module) {
  bind_value(module);
  nb::class_<NetworkBuilder> builder(
      module, "NetworkBuilder",
      "A network defined layer by layer. Every operator of list_ops() can be "
      "added by name with its fields; the other "
      "functions are shorthands. Operands are values of the network, None "
      "where the operator lets them be absent, or "
      "arrays, numbers and lists, which become constants.\n\n"
      "ModelError names the layer when operands or fields do not fit; the "
      "definition is then as it was before, but for unused constants. Not for several threads at once.");
  builder.def(nb::init<std::string>(), "name"_a = "network")
      .def(nb::init<const Network&>(), "network"_a, "Goes on from a network, an imported one for example.")
      .def("input", &add_input, "name"_a, "dtype"_a, "dims"_a = nb::none(),
           nb::sig("def input(self, name: str, dtype: typing.Any, dims: collections.abc.Sequence[int | str] "
                   "| None = None)"
                   " -> NetworkValue"),
           "A tensor whose dims are numbers or expressions over symbols: input(\"x\", \"f32\", [\"N\", 3, "
           "\"H\", \"W\"]). "
           "Without dims, dtype is a whole type as the textual IR writes it: \"seq<f32[*]>\".")
      .def("output", &NetworkBuilder::output, "value"_a, "name"_a)
      .def("clear_outputs", &NetworkBuilder::clear_outputs,
           "Forgets the outputs, to give others to a network that was imported.")
      .def(
          "symbol_range",
          [](NetworkBuilder& self, std::string symbol, std::int64_t min, std::optional<std::int64_t> max) {
            self.symbol_range(std::move(symbol), min, max.value_or(std::numeric_limits<std::int64_t>::max()));
          },
          "symbol"_a, "min"_a, "max"_a = nb::none(), "The values that a symbol may take.")
      .def("tap", &NetworkBuilder::tap, "value"_a, "name"_a,
           "The value stays observable under this name whatever the passes do.")
      .def("set_name", &NetworkBuilder::set_name, "value"_a, "name"_a)
      .def_prop_ro("inputs", &NetworkBuilder::inputs)
      .def_prop_ro("outputs", &NetworkBuilder::outputs)
      .def("find", &NetworkBuilder::find, "name"_a, "A value by its name.")
      .def("network", &NetworkBuilder::network, "The network so far; the definition may go on.")
      .def(
          "add",
          [](NetworkBuilder& self, std::string_view op, const nb::args& operands, std::string_view name,
             const nb::kwargs& fields) {
            return self.add(op, to_operands(self, operands), to_fields(fields), name);
          },
          "op"_a, "operands"_a, "name"_a = "", "fields"_a,
          nb::sig("def add(self, op: str, *operands: typing.Any, name: str = '', **fields: typing.Any) -> "
                  "NetworkValue"),
          "Any operator; its first result.")
      .def(
          "add_all",
          [](NetworkBuilder& self, std::string_view op, const nb::args& operands, std::string_view name,
             std::size_t outputs, const nb::kwargs& fields) {
            return self.add_all(op, to_operands(self, operands), to_fields(fields), name, outputs);
          },
          "op"_a, "operands"_a, "name"_a = "", "outputs"_a = 0, "fields"_a,
          nb::sig("def add_all(self, op: str, *operands: typing.Any, name: str = '', outputs: int = 0, "
                  "**fields: typing.Any) -> list[NetworkValue]"),
          "All its results; outputs fixes their number where the operator leaves it open.")
      .def(
          "constant",
          [](NetworkBuilder& self, nb::handle array, nb::handle dtype, std::string_view name) {
            const Tensor tensor = dtype.is_none() ? to_tensor(array) : to_tensor(array, to_data_type(dtype));
            return self.constant(tensor.clone(), name);
          },
          "array"_a, "dtype"_a = nb::none(), "name"_a = "",
          nb::sig("def constant(self, array: typing.Any, dtype: typing.Any | None = None, name: str = '') -> "
                  "NetworkValue"),
          "A copy of the array; dtype: of what has none of its own.");
  bind_layers(builder);
  bind_control_flow(builder);
}

}  // namespace tenon::python
