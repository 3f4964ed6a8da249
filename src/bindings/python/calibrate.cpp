// tenon.calibrate: batches come from a Python object, called with the interpreter's lock.
#include "bindings/python/arrays.hpp"
#include "bindings/python/build.hpp"
#include "bindings/python/calibration.hpp"

#include <tenon/calibrate.hpp>

#include <nanobind/stl/filesystem.h>
#include <nanobind/stl/map.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <algorithm>
#include <memory>
#include <utility>

namespace tenon::python {
namespace {

using namespace nb::literals;

using Path = std::filesystem::path;

using Batch = std::map<std::string, Tensor>;

// A dict of arrays by name, or the array of the only input; None is none.
std::optional<Batch> to_batch(const nb::object& given, const std::vector<TensorInfo>& inputs) {
  if (given.is_none()) return std::nullopt;
  Batch batch;
  if (!nb::isinstance<nb::dict>(given)) {
    if (inputs.size() != 1) {
      throw ModelError("the network has " + std::to_string(inputs.size()) +
                       " inputs: a batch is a dict of arrays by name");
    }
    batch.emplace(inputs[0].name, to_tensor(given, inputs[0].dtype));
    return batch;
  }
  for (const auto& [key, value] : nb::cast<nb::dict>(given)) {
    const auto name = nb::cast<std::string>(key);
    const auto input =
        std::find_if(inputs.begin(), inputs.end(),
                     [&, &wanted = name](const TensorInfo& info) { return info.name == wanted; });
    batch.emplace(name, to_tensor(value, input == inputs.end() ? std::nullopt : std::optional(input->dtype)));
  }
  return batch;
}

// An object like those of tenon.Calibrator. What it raises ends the calibration and comes out of it.
class PythonCalibrator final : public Calibrator {
 public:
  PythonCalibrator(nb::handle object, const std::vector<TensorInfo>& inputs)
      : object_(object), inputs_(inputs) {}

  std::int64_t batch_size() const override {
    const nb::gil_scoped_acquire lock;
    return nb::cast<std::int64_t>(object_.attr("batch_size"));
  }
  std::optional<Batch> next_batch() override {
    const nb::gil_scoped_acquire lock;
    return to_batch(object_.attr("next_batch")(), inputs_);
  }
  bool skip_batch() override {
    const nb::gil_scoped_acquire lock;
    return nb::cast<bool>(object_.attr("skip_batch")());
  }
  std::uint64_t batch_count() const override {
    const nb::gil_scoped_acquire lock;
    return nb::cast<std::uint64_t>(object_.attr("batch_count"));
  }
  std::optional<std::string> read_cache() override {
    const nb::gil_scoped_acquire lock;
    return nb::cast<std::optional<std::string>>(object_.attr("read_cache")());
  }
  void write_cache(std::string_view text) override {
    const nb::gil_scoped_acquire lock;
    object_.attr("write_cache")(nb::str(text.data(), text.size()));
  }

 private:
  nb::handle object_;
  const std::vector<TensorInfo>& inputs_;
};

// Batches of anything that can be iterated over. Made with the lock; the first batch tells the size of all.
class BatchesOf final : public Calibrator {
 public:
  BatchesOf(nb::handle batches, const std::vector<TensorInfo>& inputs)
      : iterator_(nb::iter(batches)), inputs_(inputs), first_(advance()) {}
  ~BatchesOf() override {
    const nb::gil_scoped_acquire lock;
    first_.reset();
    iterator_ = nb::object();
  }
  BatchesOf(const BatchesOf&) = delete;
  BatchesOf& operator=(const BatchesOf&) = delete;

  std::int64_t batch_size() const override {
    const bool known = first_ && !first_->empty() && first_->begin()->second.rank() > 0;
    return known ? std::max<std::int64_t>(1, first_->begin()->second.shape()[0]) : 1;
  }
  std::optional<Batch> next_batch() override {
    if (first_) return std::exchange(first_, std::nullopt);
    const nb::gil_scoped_acquire lock;
    return advance();
  }

 private:
  std::optional<Batch> advance() {
    nb::object next = nb::steal(PyIter_Next(iterator_.ptr()));
    if (PyErr_Occurred() != nullptr) throw nb::python_error();
    return next.is_valid() ? to_batch(next, inputs_) : std::nullopt;
  }

  nb::object iterator_;
  const std::vector<TensorInfo>& inputs_;
  std::optional<Batch> first_;
};

std::vector<std::string> names_of(const std::vector<CalibrationRule>& rules) {
  std::vector<std::string> names;
  for (const CalibrationRule& rule : rules) names.push_back(to_string(rule));
  return names;
}

void bind_calibrate_options(nb::module_& module) {
  nb::enum_<OnMismatch>(module, "OnMismatch", "What to do with a cache that does not fit.")
      .value("recalibrate", OnMismatch::recalibrate)
      .value("stop", OnMismatch::stop, "A ModelError that says what differs.")
      .value("accept", OnMismatch::accept, "Take the scales that there are.");

  nb::class_<CalibrateOptions>(module, "CalibrateOptions",
                               "How to calibrate; any field can be given by name.")
      .def(
          "__init__",
          [](nb::pointer_and_handle<CalibrateOptions> self, const nb::kwargs& fields) {
            new (self.p) CalibrateOptions();
            nb::inst_mark_ready(self.h);
            set_fields(self.h, fields);
          },
          nb::sig("def __init__(self, **fields: typing.Any) -> None"))
      .def_prop_rw(
          "calibrators", [](const CalibrateOptions& self) { return names_of(self.rules); },
          [](CalibrateOptions& self, const std::vector<std::string>& names) { self.rules = to_rules(names); },
          "Names: \"entropy-2\", \"mse\", \"percentile:99.99\". The cache is of the first. Empty: all but "
          "\"entropy\".")
      .def_rw("mode", &CalibrateOptions::mode)
      .def_prop_rw(
          "shapes", [](const CalibrateOptions& self) { return self.shapes; },
          [](CalibrateOptions& self, const nb::dict& shapes) { self.shapes = to_ranges(shapes); },
          nb::for_setter(nb::sig("def shapes(self, shapes: dict[str, typing.Any], /) -> None")),
          "As in BuildOptions. Empty: an engine for each shape that occurs.")
      .def_rw("shard", &CalibrateOptions::shard, "Observes the batches shard, shard + shard_count, …")
      .def_rw("shard_count", &CalibrateOptions::shard_count)
      .def_rw("threads", &CalibrateOptions::threads, "0: all cores that this process may use.")
      .def_prop_rw(
          "state",
          [](const CalibrateOptions& self) {
            return self.state.empty() ? std::nullopt : std::optional(self.state);
          },
          [](CalibrateOptions& self, const std::optional<Path>& path) { self.state = path.value_or(Path()); },
          nb::for_setter(nb::arg("path").none()), "Written now and then, for resume, and removed at the end.")
      .def_rw("state_interval_s", &CalibrateOptions::state_interval_s)
      .def_rw("resume", &CalibrateOptions::resume, "Go on from state where that file exists.")
      .def_rw("on_mismatch", &CalibrateOptions::on_mismatch)
      .def_rw("cache_header", &CalibrateOptions::cache_header, "Empty: by the first calibrator.")
      .def_prop_rw(
          "progress", [](const CalibrateOptions& self) { return progress_function(self.progress); },
          [](CalibrateOptions& self, nb::object function) {
            self.progress = to_progress(std::move(function));
          },
          nb::for_getter(
              nb::sig("def progress(self) -> collections.abc.Callable[[str, int, int], typing.Any] | None")),
          nb::for_setter(nb::arg("function").none()),
          nb::for_setter(
              nb::sig("def progress(self, function: collections.abc.Callable[[str, int, int], typing.Any] "
                      "| None, /) -> None")),
          "Called as in BuildOptions. What it raises ends the calibration.");

  nb::class_<CalibrateReport>(module, "CalibrateReport",
                              "What a calibration did; give an empty one to calibrate().")
      .def(nb::init<>())
      .def_ro("from_cache", &CalibrateReport::from_cache)
      .def_ro("mismatch", &CalibrateReport::mismatch, "Why the cache was not taken.")
      .def_ro("resumed", &CalibrateReport::resumed, "Batches that an earlier run had observed.")
      .def_ro("running_s", &CalibrateReport::running_s, "Seconds that the network took.")
      .def_ro("observing_s", &CalibrateReport::observing_s, "And counting its tensors.");
}

CalibrationTable run_calibration(const Network& network, nb::handle calibrator, nb::handle given,
                                 CalibrateReport* report, const nb::kwargs& fields) {
  const nb::object chosen =
      nb::cast(given.is_none() ? CalibrateOptions() : nb::cast<CalibrateOptions>(given));
  set_fields(chosen, fields);
  auto options = nb::cast<CalibrateOptions>(chosen);
  if (!options.progress) options.progress = to_progress(nb::none());
  const std::vector<TensorInfo> inputs = network.inputs();
  const std::unique_ptr<Calibrator> source =
      nb::hasattr(calibrator, "next_batch")
          ? std::unique_ptr<Calibrator>(std::make_unique<PythonCalibrator>(calibrator, inputs))
          : std::make_unique<BatchesOf>(calibrator, inputs);
  CalibrateReport local;
  CalibrationTable table = [&] {
    const nb::gil_scoped_release unlocked;
    return calibrate(network, *source, options, &local);
  }();
  if (report != nullptr) *report = std::move(local);
  return table;
}

}  // namespace

void bind_calibrate(nb::module_& module) {
  bind_calibrate_options(module);
  nb::class_<RangeFinding>(module, "RangeFinding", "A tensor that a 16-bit type cannot be trusted with.")
      .def_ro("tensor", &RangeFinding::tensor)
      .def_ro("nodes", &RangeFinding::nodes, "That have to stay in FP32.")
      .def_prop_ro(
          "overflow", [](const RangeFinding& self) { return self.verdict == RangeVerdict::overflow; },
          "False: unsafe.")
      .def_ro("reason", &RangeFinding::reason);

  module.def(
      "calibrate", &run_calibration, "network"_a, "calibrator"_a, "options"_a = nb::none(),
      "report"_a = nb::none(), "fields"_a,
      nb::sig(
          "def calibrate(network: Network, calibrator: typing.Any, options: CalibrateOptions | None = None, "
          "report: CalibrateReport | None = None, **fields: typing.Any) -> CalibrationTable"),
      "Runs the network over representative inputs and notes the range of every tensor. calibrator: an "
      "object "
      "like those of tenon.Calibrator, or batches: anything that can be iterated over, of dicts of arrays by "
      "name, or of arrays for a network of one input. Fields of CalibrateOptions that are given by name "
      "replace "
      "those of options.");
  module.def(
      "check_ranges",
      [](const Network& network, const CalibrationTable& table, nb::handle type) {
        const DataType dtype = to_data_type(type);
        const nb::gil_scoped_release unlocked;
        return check_ranges(network, table, dtype);
      },
      "network"_a, "table"_a, "dtype"_a,
      nb::sig("def check_ranges(network: Network, table: CalibrationTable, dtype: DataType | str) -> "
              "list[RangeFinding]"),
      "Where f16 or bf16 overflows, or is not to be trusted.");
}

}  // namespace tenon::python
