// Control flow of tenon.NetworkBuilder: bodies are Python functions that add their layers to the builder.
#include "bindings/python/network_values.hpp"

#include <nanobind/stl/string.h>
#include <nanobind/stl/string_view.h>
#include <nanobind/stl/vector.h>

namespace tenon::python {
namespace {

using namespace nb::literals;

// A body may give one value, or several.
NetworkValues results_of(NetworkBuilder& builder, nb::handle given) {
  if (nb::isinstance<nb::tuple>(given) || nb::isinstance<nb::list>(given)) return to_operands(builder, given);
  return {to_operand(builder, given)};
}

NetworkValues if_else(NetworkBuilder& self, nb::handle condition, nb::callable then, nb::callable otherwise,
                      std::string_view name) {
  return self.if_else(
      to_operand(self, condition), [&] { return results_of(self, then()); },
      [&] { return results_of(self, otherwise()); }, name);
}

NetworkValues loop(NetworkBuilder& self, nb::handle trips, nb::handle condition, nb::handle carried,
                   nb::callable body, std::string_view name) {
  const auto iterate = [&](const NetworkValue& index, const NetworkValues& values) {
    const nb::object given = body(index, values);
    const auto parts = nb::cast<nb::tuple>(given);
    if (parts.size() != 3) throw nb::value_error("the body of a loop gives (condition, carried, stacked)");
    return NetworkBuilder::Iteration{to_operand(self, parts[0]), to_operands(self, parts[1]),
                                     to_operands(self, parts[2])};
  };
  return self.loop(to_operand(self, trips), to_operand(self, condition), to_operands(self, carried), iterate,
                   name);
}

NetworkValues scan(NetworkBuilder& self, nb::handle states, nb::handle sequences, nb::callable body,
                   std::string_view name) {
  const auto step = [&](const NetworkValues& values, const NetworkValues& slices) {
    const nb::object given = body(values, slices);
    const auto parts = nb::cast<nb::tuple>(given);
    if (parts.size() != 2) throw nb::value_error("the body of a scan gives (states, stacked)");
    return NetworkBuilder::Step{to_operands(self, parts[0]), to_operands(self, parts[1])};
  };
  return self.scan(to_operands(self, states), to_operands(self, sequences), step, name);
}

}  // namespace

void bind_control_flow(nb::class_<NetworkBuilder>& builder) {
  builder
      .def("if_else", &if_else, "condition"_a, "then"_a, "otherwise"_a, "name"_a = "",
           nb::sig("def if_else(self, condition: typing.Any, then: collections.abc.Callable[[], typing.Any], "
                   "otherwise: "
                   "collections.abc.Callable[[], typing.Any], name: str = '') -> list[NetworkValue]"),
           "The functions add layers and return their results; they may use values from around them.")
      .def(
          "loop", &loop, "trips"_a.none(), "condition"_a.none(), "carried"_a, "body"_a, "name"_a = "",
          nb::sig("def loop(self, trips: typing.Any, condition: typing.Any, carried: "
                  "collections.abc.Sequence[typing.Any], "
                  "body: collections.abc.Callable[[NetworkValue, list[NetworkValue]], tuple[typing.Any, "
                  "...]], name: str = '') -> "
                  "list[NetworkValue]"),
          "At most trips times (None: no limit) while the condition holds (None: at first true). body(index, "
          "carried) "
          "returns (condition or None, carried, stacked). Results: the carried values, then what was stacked "
          "along a "
          "new axis 0.")
      .def(
          "scan", &scan, "states"_a, "sequences"_a, "body"_a, "name"_a = "",
          nb::sig("def scan(self, states: collections.abc.Sequence[typing.Any], sequences: "
                  "collections.abc.Sequence[typing.Any], body: collections.abc.Callable[[list[NetworkValue], "
                  "list[NetworkValue]], tuple[typing.Any, ...]], name: str = '') -> list[NetworkValue]"),
          "Once per element along axis 0 of the sequences. body(states, slices) returns (states, stacked).");
}

}  // namespace tenon::python
