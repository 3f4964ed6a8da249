// tenon.verify: an optimized engine against the reference backend, as a report.
#include "bindings/python/arrays.hpp"
#include "bindings/python/build.hpp"

#include <tenon/verify.hpp>

#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

namespace tenon::python {
namespace {

using namespace nb::literals;

VerifyReport run(const Network& network, const nb::dict& inputs, std::uint64_t seed, double tolerance_factor,
                 bool bisect, nb::handle given, const nb::kwargs& fields) {
  VerifyOptions options;
  options.build = build_options(given, fields);
  for (const auto& [name, value] : inputs) options.inputs[nb::cast<std::string>(name)] = to_tensor(value);
  options.seed = seed;
  options.tolerance_factor = tolerance_factor;
  options.bisect = bisect;
  const nb::gil_scoped_release unlocked;
  return verify(network, options);
}

}  // namespace

void bind_verify(nb::module_& module) {
  nb::class_<TapResult>(module, "TapResult",
                        "How one tensor of the engine compares with the reference backend's.")
      .def_ro("name", &TapResult::name, "Of the value.")
      .def_ro("location", &TapResult::location, "Source node.")
      .def_ro("op", &TapResult::op)
      .def_ro("dtype", &TapResult::dtype)
      .def_prop_ro(
          "shape", [](const TapResult& self) { return shape_tuple(self.shape); },
          nb::sig("def shape(self) -> tuple[int, ...]"))
      .def_ro("difference", &TapResult::difference, "Largest |engine - reference|.")
      .def_ro("allowed", &TapResult::allowed)
      .def_ro("inherited", &TapResult::inherited,
              "Beyond the allowed difference, but right for the engine's own operands.")
      .def_ro("ok", &TapResult::ok)
      .def_ro("index", &TapResult::index, "Of the largest difference, row-major; -1 when nothing differs.")
      .def_ro("expected", &TapResult::expected)
      .def_ro("found", &TapResult::found)
      .def_ro("problem", &TapResult::problem, "Instead of numbers: \"shape [1, 3] instead of [1, 4]\".");

  nb::class_<VerifyReport> report(module, "VerifyReport");
  nb::class_<VerifyReport::Culprit>(report, "Culprit", "The rewrite that broke it.")
      .def_ro("rewrite", &VerifyReport::Culprit::rewrite, "0: wrong without any.")
      .def_ro("pass_name", &VerifyReport::Culprit::pass,
              "Empty when rewrite is 0: a tactic is wrong, not a pass.")
      .def_ro("description", &VerifyReport::Culprit::description);
  report.def_ro("taps", &VerifyReport::taps, "In topological order.")
      .def_ro("first", &VerifyReport::first, "Index of the first tap that is not ok, or None.")
      .def_ro("rewrites", &VerifyReport::rewrites, "That the passes made.")
      .def_ro("culprit", &VerifyReport::culprit)
      .def_prop_ro("ok", &VerifyReport::ok);

  module.def(
      "verify", &run, "network"_a, "inputs"_a = nb::dict(), "seed"_a = 1, "tolerance_factor"_a = 1.0,
      "bisect"_a = true, "options"_a = nb::none(), "fields"_a,
      nb::sig("def verify(network: Network, inputs: dict[str, typing.Any] = {}, seed: int = 1, "
              "tolerance_factor: float = 1.0, bisect: bool = True, options: BuildOptions | None = None, "
              "**fields: typing.Any) -> VerifyReport"),
      "Builds the network and compares every tensor with the reference backend's. Inputs that are not given "
      "are "
      "random_tensor(seed). Fields of BuildOptions can be given by name; accuracy is always exact.");
}

}  // namespace tenon::python
