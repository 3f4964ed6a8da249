// tenon.Int8Options and tenon.HalfOptions: layers on integers and in 16-bit floats, for BuildOptions.int8 and
// BuildOptions.half, and what a build says of them.
#include "bindings/python/calibration.hpp"

#include <tenon/builder.hpp>

#include <nanobind/stl/map.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

namespace tenon::python {
namespace {

using namespace nb::literals;

Int8Options make_int8(CalibrationTable table, const std::string& calibrator,
                      const std::map<std::string, std::string>& calibrators, const std::string& scheme,
                      const std::vector<std::string>& overrides, const std::vector<std::string>& strict,
                      bool everywhere) {
  Int8Options options;
  if (everywhere) options.use = Int8Use::wherever_possible;
  options.table = std::move(table);
  options.rule = parse_calibration_rule(calibrator);
  for (const auto& [tensor, name] : calibrators) options.rules[tensor] = parse_calibration_rule(name);
  options.scheme = parse_activation_scheme(scheme);
  for (const std::string& text : overrides) options.overrides.push_back(parse_precision_override(text));
  for (const std::string& text : strict)
    options.overrides.push_back(parse_precision_override(text, PrecisionMode::strict));
  return options;
}

HalfOptions make_half(std::vector<DataType> types, const std::vector<std::string>& overrides,
                      std::optional<CalibrationTable> table) {
  HalfOptions options;
  options.types = std::move(types);
  for (const std::string& text : overrides) options.overrides.push_back(parse_precision_override(text));
  options.table = std::move(table);
  return options;
}

void bind_half(nb::module_& module) {
  nb::class_<HalfOptions>(
      module, "HalfOptions",
      "Values, and layers, in 16-bit floats: give it to build() as half. types: bf16, f16 or both. "
      "overrides: "
      "\"PATTERN=fp32\", layers that read and write f32. table: of calibrate(); layers around values that a "
      "type cannot hold do without it.")
      .def(
          "__init__",
          [](HalfOptions* self, std::vector<DataType> types, const std::vector<std::string>& overrides,
             std::optional<CalibrationTable> table) {
            new (self) HalfOptions(make_half(std::move(types), overrides, std::move(table)));
          },
          "types"_a, "overrides"_a = nb::list(), "table"_a = nb::none(),
          nb::sig("def __init__(self, types: collections.abc.Sequence[DataType], overrides: "
                  "collections.abc.Sequence[str] = [], table: CalibrationTable | None = None) -> None"))
      .def_ro("types", &HalfOptions::types);

  nb::class_<KeptLayer>(module, "KeptLayer", "A layer that does without a 16-bit type.")
      .def_ro("location", &KeptLayer::location, "In the model.")
      .def_ro("op", &KeptLayer::op)
      .def_ro("type", &KeptLayer::type)
      .def_ro("reason", &KeptLayer::reason);
}

}  // namespace

void bind_int8(nb::module_& module) {
  nb::class_<Int8Options>(
      module, "Int8Options",
      "Layers on integers: give it to build() as int8. table: of calibrate(). calibrator: "
      "whose ranges count, unless calibrators names another for a tensor. scheme of activations: symmetric, "
      "asymmetric, or fitted, which is asymmetric where that is a quarter finer. overrides: \"PATTERN=fp32\" "
      "and \"PATTERN=int8\"; what strict asks "
      "for and cannot be ends the build. everywhere: also layers that are not faster for it.")
      .def(
          "__init__",
          [](Int8Options* self, const CalibrationTable& table, const std::string& calibrator,
             const std::map<std::string, std::string>& calibrators, const std::string& scheme,
             const std::vector<std::string>& overrides, const std::vector<std::string>& strict,
             bool everywhere) {
            new (self)
                Int8Options(make_int8(table, calibrator, calibrators, scheme, overrides, strict, everywhere));
          },
          "table"_a, "calibrator"_a = to_string(Int8Options().rule), "calibrators"_a = nb::dict(),
          "scheme"_a = "fitted", "overrides"_a = nb::list(), "strict"_a = nb::list(), "everywhere"_a = false,
          nb::sig("def __init__(self, table: CalibrationTable, calibrator: str = ..., calibrators: dict[str, "
                  "str] = "
                  "{}, scheme: str = 'fitted', overrides: collections.abc.Sequence[str] = [], strict: "
                  "collections.abc.Sequence[str] = [], everywhere: bool = False) -> None"))
      .def_ro("table", &Int8Options::table)
      .def_prop_ro("calibrator", [](const Int8Options& self) { return to_string(self.rule); });

  nb::class_<LayerPrecision>(module, "LayerPrecision", "What a build for INT8 decided for one layer.")
      .def_ro("location", &LayerPrecision::location, "In the model.")
      .def_ro("op", &LayerPrecision::op)
      .def_ro("tensor", &LayerPrecision::tensor, "That it computes.")
      .def_ro("precision", &LayerPrecision::precision, "i8, u8 or f32: of what it reads.")
      .def_ro("reason", &LayerPrecision::reason, "Why it stays f32.");
  bind_half(module);

  nb::class_<LayerCost>(module, "LayerCost", "What a layer takes on floats and on integers, in nanoseconds.")
      .def_ro("layer", &LayerCost::layer, "Its nodes in the model.")
      .def_ro("precision", &LayerCost::precision, "i8, u8 or f32, as it was chosen.")
      .def_ro("float_ns", &LayerCost::float_ns)
      .def_ro("integer_ns", &LayerCost::integer_ns)
      .def_ro("quantize_ns", &LayerCost::quantize_ns, "Of rounding what it reads, for its sake.")
      .def_ro("dequantize_ns", &LayerCost::dequantize_ns, "Of making floats of its result.")
      .def_ro("measured", &LayerCost::measured, "Else the times are those of the cost model.")
      .def_ro("ordered", &LayerCost::ordered, "By an override, whatever it takes.")
      .def_prop_ro("profit_ns", &LayerCost::profit_ns);
  nb::class_<PrecisionTrial>(module, "PrecisionTrial", "The network with some layers on integers.")
      .def_ro("name", &PrecisionTrial::name)
      .def_ro("expected_ns", &PrecisionTrial::expected_ns, "Steps and conversions, added up.")
      .def_ro("timed_ns", &PrecisionTrial::timed_ns, "As a whole; 0: not timed.")
      .def_ro("chosen", &PrecisionTrial::chosen);
  nb::class_<PrecisionCosts>(module, "PrecisionCosts", "What decided which layers run on integers.")
      .def_ro("layers", &PrecisionCosts::layers, "In the order of execution.")
      .def_ro("trials", &PrecisionCosts::trials, "The least expected time first.");
}

}  // namespace tenon::python
