// tenon.CalibrationTable and what is in it. Calibrators go by their names: "mse", "percentile:99.99".
#include "bindings/python/arrays.hpp"
#include "bindings/python/calibration.hpp"

#include <tenon/calibrate.hpp>

#include <nanobind/stl/filesystem.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/string_view.h>
#include <nanobind/stl/vector.h>

namespace tenon::python {
namespace {

using namespace nb::literals;

using Path = std::filesystem::path;

nb::object counts(const std::vector<std::uint64_t>& bins) {
  return copy_to_numpy(Tensor::of<std::uint64_t>({static_cast<std::int64_t>(bins.size())}, bins));
}

constexpr const char* kCounts = "(self) -> numpy.typing.NDArray[numpy.uint64]";

void bind_tensors(nb::module_& module) {
  nb::class_<TensorRange>(module, "TensorRange", "The range that one calibrator chose for one tensor.")
      .def_prop_ro(
          "calibrator", [](const TensorRange& self) { return to_string(self.rule); }, "\"percentile:99.99\".")
      .def_ro("threshold", &TensorRange::threshold, "Symmetric: [-threshold, threshold] maps to [-127, 127].")
      .def_ro("low", &TensorRange::low, "Asymmetric: [low, high], with 0 in it, maps to [0, 255].")
      .def_ro("high", &TensorRange::high)
      .def_prop_ro("scale", &TensorRange::scale, "Of int8; 0: only zeros were seen.");

  static const std::string negative = std::string("def negative") + kCounts;
  static const std::string positive = std::string("def positive") + kCounts;
  nb::class_<TensorHistogram>(module, "TensorHistogram",
                              "2048 counts of |x| for either sign: bin i holds i * width <= |x| < (i + 1) * "
                              "width. Zeros are in positive[0].")
      .def_ro("width", &TensorHistogram::width, "0: nothing but zeros.")
      .def_prop_ro(
          "negative", [](const TensorHistogram& self) { return counts(self.negative); },
          nb::sig(negative.c_str()))
      .def_prop_ro(
          "positive", [](const TensorHistogram& self) { return counts(self.positive); },
          nb::sig(positive.c_str()));

  nb::class_<CalibratedTensor>(module, "CalibratedTensor", "What was observed of a tensor, and its ranges.")
      .def_ro("name", &CalibratedTensor::name)
      .def_ro("dtype", &CalibratedTensor::dtype)
      .def_ro("elements", &CalibratedTensor::elements,
              "0: the ranges come from a cache, and the rest means nothing.")
      .def_ro("min", &CalibratedTensor::min)
      .def_ro("max", &CalibratedTensor::max)
      .def_ro("histogram", &CalibratedTensor::histogram, nb::rv_policy::reference_internal)
      .def_ro("ranges", &CalibratedTensor::ranges)
      .def(
          "range",
          [](const CalibratedTensor& self, std::string_view calibrator) {
            const TensorRange* range = self.range(parse_calibration_rule(calibrator));
            if (range == nullptr) throw nb::key_error(std::string(calibrator).c_str());
            return *range;
          },
          "calibrator"_a, nb::sig("def range(self, calibrator: str) -> TensorRange"),
          "KeyError where that calibrator did not choose.");
}

}  // namespace

std::vector<CalibrationRule> to_rules(const std::vector<std::string>& names) {
  std::vector<CalibrationRule> rules;
  for (const std::string& name : names) rules.push_back(parse_calibration_rule(name));
  return rules;
}

void bind_calibration_table(nb::module_& module) {
  nb::enum_<CalibrationMode>(module, "CalibrationMode", "How values become counts.")
      .value("order_independent", CalibrationMode::order_independent,
             "Neither the order of the batches nor shards change the table.")
      .value("faithful", CalibrationMode::faithful, "As TensorRT: the first batch sets the range.");
  bind_tensors(module);
  nb::class_<CalibrationTable>(module, "CalibrationTable",
                               "For every tensor of a network what was observed, and the range that each "
                               "calibrator chose.")
      .def_static("load", &CalibrationTable::load, "path"_a, Unlocked())
      .def_static(
          "parse", [](const std::string& text) { return CalibrationTable::parse(text); }, "text"_a,
          Unlocked(), "The text that to_text() gives. ModelError with the line.")
      .def_static(
          "merge", [](const std::vector<CalibrationTable>& tables) { return merge(tables); }, "tables"_a,
          Unlocked(), "The sum of all shards of one calibration: what one run over all batches gives.")
      .def("to_text", &CalibrationTable::to_text, Unlocked())
      .def("save", &CalibrationTable::save, "path"_a, Unlocked())
      .def_ro("network", &CalibrationTable::network, "Its name.")
      .def_ro("graph", &CalibrationTable::graph, "Content hash of the network.")
      .def_ro("mode", &CalibrationTable::mode)
      .def_ro("batch_size", &CalibrationTable::batch_size)
      .def_ro("batches", &CalibrationTable::batches)
      .def_ro("tensors", &CalibrationTable::tensors, nb::rv_policy::reference_internal,
              "In the order of the network.")
      .def(
          "__getitem__",
          [](const CalibrationTable& self, std::string_view name) {
            const CalibratedTensor* tensor = self.find(name);
            if (tensor == nullptr) throw nb::key_error(std::string(name).c_str());
            return *tensor;
          },
          "name"_a, nb::sig("def __getitem__(self, name: str) -> CalibratedTensor"))
      .def(
          "choose_ranges",
          [](CalibrationTable& self, const std::vector<std::string>& calibrators) {
            choose_ranges(self, to_rules(calibrators));
          },
          "calibrators"_a, "Chooses every range anew, by each of these.")
      .def(
          "to_cache",
          [](const CalibrationTable& self, const std::string& calibrator, const std::string& header) {
            return make_calibration_cache(self, parse_calibration_rule(calibrator), header).to_text();
          },
          "calibrator"_a, "header"_a = "", "The text of TensorRT's calibration cache.");
}

}  // namespace tenon::python
