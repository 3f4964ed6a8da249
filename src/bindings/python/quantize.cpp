// tenon.quantize: integers in place of floats.
#include "bindings/python/bindings.hpp"

#include <tenon/quantize.hpp>

#include <nanobind/stl/filesystem.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/string_view.h>
#include <nanobind/stl/variant.h>
#include <nanobind/stl/vector.h>

#include <variant>

namespace tenon::python {
namespace {

using namespace nb::literals;

// A table, or the file that holds it.
using TableArgument = std::variant<CalibrationTable, std::filesystem::path>;

CalibrationTable to_table(const TableArgument& given) {
  if (const auto* table = std::get_if<CalibrationTable>(&given)) return *table;
  return CalibrationTable::load(std::get<std::filesystem::path>(given));
}

Network run(const Network& network, std::string_view scheme, const std::optional<TableArgument>& table,
            std::optional<std::string_view> calibrator, std::int64_t block, bool zero_points,
            std::vector<std::string> exclude, QuantizeReport* report) {
  QuantizeOptions options;
  if (table) {
    options.int8.emplace();
    options.int8->table = to_table(*table);
    if (calibrator) options.int8->rule = parse_calibration_rule(*calibrator);
  }
  options.scheme = parse_quantization_scheme(scheme);
  options.block = block;
  options.zero_points = zero_points;
  options.exclude = std::move(exclude);
  QuantizeReport local;
  Network result = [&] {
    const nb::gil_scoped_release unlocked;
    return quantize(network, options, &local);
  }();
  if (report != nullptr) *report = std::move(local);
  return result;
}

}  // namespace

void bind_quantize(nb::module_& module) {
  nb::class_<QuantizeReport> report(module, "QuantizeReport",
                                    "What quantize() did; give an empty one to it.");
  nb::class_<QuantizeReport::Layer>(report, "Layer")
      .def_ro("name", &QuantizeReport::Layer::name, "Of its nodes in the model.")
      .def_ro("op", &QuantizeReport::Layer::op)
      .def_ro("weights", &QuantizeReport::Layer::weights, "\"i8[64,3,7,7] per channel\".")
      .def_ro("sqnr_db", &QuantizeReport::Layer::sqnr_db,
              "10 log10 of the weights' power over that of what they lost; inf when nothing is lost.");
  nb::class_<QuantizeReport::Kept>(report, "Kept")
      .def_ro("name", &QuantizeReport::Kept::name)
      .def_ro("op", &QuantizeReport::Kept::op)
      .def_ro("reason", &QuantizeReport::Kept::reason);
  report.def(nb::init<>())
      .def_ro("layers", &QuantizeReport::layers, "Those that were quantized.")
      .def_ro("kept", &QuantizeReport::kept, "Convolutions and products that were not.");

  module.def(
      "quantize", run, "network"_a, "scheme"_a, "table"_a = nb::none(), "calibrator"_a = nb::none(),
      "block"_a = 32, "zero_points"_a = false, "exclude"_a = std::vector<std::string>(),
      "report"_a = nb::none(),
      "The network with its convolutions and matrix products of constant weights quantized. scheme: static "
      "or static-asymmetric (by the ranges of a table of calibrate(), or of its file; those that calibrator "
      "chose), dynamic-symmetric, dynamic-asymmetric, weights-int8, weights-int4 (block weights share a "
      "scale; with zero_points they are unsigned). exclude: names of nodes that stay as they are, with * "
      "and ? for other characters. Batch normalizations go into the weights first.");
}

}  // namespace tenon::python
