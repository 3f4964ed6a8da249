// Building: options, report, tenon.build and its kin.
#include "bindings/python/build.hpp"

#include "bindings/python/arrays.hpp"
#include "bindings/python/callback.hpp"

#include <tenon/error.hpp>
#include <tenon/inspect.hpp>

#include <nanobind/stl/filesystem.h>
#include <nanobind/stl/map.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

namespace tenon::python {
namespace {

using namespace nb::literals;

using Path = std::filesystem::path;

bool is_shape(nb::handle object) {
  if (!nb::isinstance<nb::tuple>(object) && !nb::isinstance<nb::list>(object)) return false;
  for (const nb::handle dim : object) {
    if (!nb::isinstance<nb::int_>(dim)) return false;
  }
  return true;
}

// One shape, three of them, or a ShapeRange.
ShapeRange to_range(nb::handle object) {
  if (nb::isinstance<ShapeRange>(object)) return nb::cast<ShapeRange>(object);
  if (is_shape(object)) {
    const auto shape = nb::cast<Shape>(object);
    return {shape, shape, shape};
  }
  if (nb::isinstance<nb::sequence>(object) && nb::len(object) == 3 && is_shape(object[0]) &&
      is_shape(object[1]) && is_shape(object[2])) {
    return {nb::cast<Shape>(object[0]), nb::cast<Shape>(object[1]), nb::cast<Shape>(object[2])};
  }
  throw ModelError("expected a shape, or the three shapes min, opt and max, found " +
                   nb::cast<std::string>(nb::repr(object)));
}

// Empty paths stand for none.
template <Path BuildOptions::*field>
void bind_path(nb::class_<BuildOptions>& bound, const char* name, const char* doc) {
  bound.def_prop_rw(
      name,
      [](const BuildOptions& self) {
        return (self.*field).empty() ? std::nullopt : std::optional(self.*field);
      },
      [](BuildOptions& self, const std::optional<Path>& path) { self.*field = path.value_or(Path()); },
      nb::for_setter(nb::arg("path").none()), doc);
}

constexpr const char* kSetShapes =
    "def shapes(self, shapes: dict[str, ShapeRange | collections.abc.Sequence[int] | "
    "collections.abc.Sequence[collections.abc.Sequence[int]]], /) -> None";
constexpr const char* kSetValues =
    "def values(self, values: dict[str, ShapeRange | collections.abc.Sequence[int] | "
    "collections.abc.Sequence[collections.abc.Sequence[int]]], /) -> None";

// What Python gave; nothing for other functions.
struct Progress {
  std::optional<Callback> callback;

  // A signal, such as that of Ctrl-C, ends the build too.
  void operator()(std::string_view stage, std::size_t done, std::size_t total) const {
    const nb::gil_scoped_acquire lock;
    if (PyErr_CheckSignals() != 0) throw nb::python_error();
    if (callback) callback->function()(nb::str(stage.data(), stage.size()), done, total);
  }
};

void bind_options(nb::module_& module) {
  nb::class_<ShapeRange>(module, "ShapeRange",
                         "Shapes that one input may take: min <= opt <= max in every dim.")
      .def(
          "__init__",
          [](ShapeRange* self, Shape min, Shape opt, Shape max) {
            new (self) ShapeRange{std::move(min), std::move(opt), std::move(max)};
          },
          "min"_a, "opt"_a, "max"_a)
      .def_prop_rw(
          "min", [](const ShapeRange& self) { return shape_tuple(self.min); },
          [](ShapeRange& self, Shape shape) { self.min = std::move(shape); })
      .def_prop_rw(
          "opt", [](const ShapeRange& self) { return shape_tuple(self.opt); },
          [](ShapeRange& self, Shape shape) { self.opt = std::move(shape); })
      .def_prop_rw(
          "max", [](const ShapeRange& self) { return shape_tuple(self.max); },
          [](ShapeRange& self, Shape shape) { self.max = std::move(shape); });

  nb::class_<OptimizationProfile>(
      module, "OptimizationProfile",
      "What an engine is asked to take: everything from min to max runs, opt is what it is "
      "fastest at. values: of i32 and i64 inputs of rank 0 or 1 whose elements become dims.")
      .def(
          "__init__",
          [](OptimizationProfile* self, const nb::dict& shapes, const nb::dict& values) {
            new (self) OptimizationProfile{to_ranges(shapes), to_ranges(values)};
          },
          "shapes"_a = nb::dict(), "values"_a = nb::dict())
      .def_prop_rw(
          "shapes", [](const OptimizationProfile& self) { return self.shapes; },
          [](OptimizationProfile& self, const nb::dict& shapes) { self.shapes = to_ranges(shapes); },
          nb::for_setter(nb::sig(kSetShapes)))
      .def_prop_rw(
          "values", [](const OptimizationProfile& self) { return self.values; },
          [](OptimizationProfile& self, const nb::dict& values) { self.values = to_ranges(values); },
          nb::for_setter(nb::sig(kSetValues)));

  nb::class_<BuildOptions> options(module, "BuildOptions", "How to build; any field can be given by name.");
  options
      .def(
          "__init__",
          [](nb::pointer_and_handle<BuildOptions> self, const nb::kwargs& fields) {
            new (self.p) BuildOptions();
            nb::inst_mark_ready(self.h);
            set_fields(self.h, fields);
          },
          nb::sig("def __init__(self, **fields: typing.Any) -> None"))
      .def_rw("device", &BuildOptions::device)
      .def_rw("threads", &BuildOptions::threads, "0: all cores that this process may use.")
      .def_prop_rw(
          "shapes", [](const BuildOptions& self) { return self.shapes; },
          [](BuildOptions& self, const nb::dict& shapes) { self.shapes = to_ranges(shapes); },
          nb::for_setter(nb::sig(kSetShapes)),
          "By input name a shape, or the three of a range: (min, opt, max). Inputs with symbolic dims that "
          "are "
          "not named run at 1. Reading gives a copy: assign it as a whole.")
      .def_prop_rw(
          "values", [](const BuildOptions& self) { return self.values; },
          [](BuildOptions& self, const nb::dict& values) { self.values = to_ranges(values); },
          nb::for_setter(nb::sig(kSetValues)),
          "Ranges of the elements of inputs that become dims, by name; see OptimizationProfile.")
      .def_rw("profiles", &BuildOptions::profiles,
              "Several profiles, each optimized for itself; shapes and values are then empty.")
      .def_rw("optimize", &BuildOptions::optimize, "False: the graph as imported.")
      .def_rw("measure", &BuildOptions::measure, "False: choose by the cost model alone.")
      .def_rw("accuracy", &BuildOptions::accuracy, "Which algorithms may be chosen.")
      .def_rw("budget_s", &BuildOptions::budget_s,
              "Seconds of measuring, then the cost model alone; 0: no limit.")
      .def_rw("portable", &BuildOptions::portable, "Keep the portable IR in the plan.")
      .def_rw("pipeline", &BuildOptions::pipeline, "Passes; empty: the default ones.")
      .def_rw("rule_order_seed", &BuildOptions::rule_order_seed, "0: the listed order of rewrite rules.")
      .def_rw("stop_after_rewrites", &BuildOptions::stop_after_rewrites,
              nb::for_setter(nb::arg("count").none()), "For bisection.")
      .def_rw("int8", &BuildOptions::int8, nb::for_setter(nb::arg("options").none()),
              "Layers on integers, where they pay.")
      .def_rw("half", &BuildOptions::half, "Values, and layers, in 16-bit floats where that is faster.")
      .def_rw("taps", &BuildOptions::taps, "Tapped values become outputs too, named as the taps.")
      .def_prop_rw(
          "progress", [](const BuildOptions& self) { return progress_function(self.progress); },
          [](BuildOptions& self, nb::object function) { self.progress = to_progress(std::move(function)); },
          nb::for_getter(
              nb::sig("def progress(self) -> collections.abc.Callable[[str, int, int], typing.Any] | None")),
          nb::for_setter(nb::arg("function").none()),
          nb::for_setter(
              nb::sig("def progress(self, function: collections.abc.Callable[[str, int, int], typing.Any] "
                      "| None, /) -> None")),
          "Called with what is being done, how much of it, and of how much (0: unknown). What it raises ends "
          "the "
          "build.");
  bind_path<&BuildOptions::timing_cache>(options, "timing_cache", "Read if it exists, written back.");
  bind_path<&BuildOptions::dump_dir>(options, "dump_dir", "IR after every pass goes there.");
  bind_path<&BuildOptions::reproducer>(
      options, "reproducer", "Where a failing pass leaves the IR before it and the rest of the pipeline.");
}

void bind_report(nb::module_& module) {
  nb::class_<BuildReport> report(module, "BuildReport", "What a build did; give an empty one to build().");
  nb::class_<BuildReport::Pass>(report, "Pass")
      .def_ro("name", &BuildReport::Pass::name)
      .def_ro("ms", &BuildReport::Pass::ms)
      .def_ro("rewrites", &BuildReport::Pass::rewrites);
  report.def(nb::init<>())
      .def_ro("passes", &BuildReport::passes)
      .def_ro("rewrites", &BuildReport::rewrites)
      .def_ro("last_rewrite", &BuildReport::last_rewrite, "\"fuse_activation at 'relu_3'\".")
      .def_ro("timed", &BuildReport::timed, "Candidates measured.")
      .def_ro("cache_hits", &BuildReport::cache_hits, "Taken from the timing cache.")
      .def_ro("cache_misses", &BuildReport::cache_misses)
      .def_ro("network_ms", &BuildReport::network_ms,
              "Of the two best assignments timed as whole networks, the one that promised more first; empty: "
              "none was "
              "close.")
      .def_ro("layers", &BuildReport::layers, "Of a build with int8, in the order of execution.")
      .def_ro("kept", &BuildReport::kept,
              "Of a build with half: layers that do without a type, in the order of execution.")
      .def_ro("costs", &BuildReport::costs, "Likewise: the times that decided, for the first profile.")
      .def_ro("seconds", &BuildReport::seconds);
}

// The functions run without the lock, on copies: another thread may change the originals.
template <class Work>
auto with_report(BuildReport* report, Work work) {
  BuildReport local;
  auto result = [&] {
    const nb::gil_scoped_release unlocked;
    return work(&local);
  }();
  if (report != nullptr) *report = std::move(local);
  return result;
}

}  // namespace

std::map<std::string, ShapeRange> to_ranges(const nb::dict& shapes) {
  std::map<std::string, ShapeRange> ranges;
  for (const auto& [name, shape] : shapes) ranges[nb::cast<std::string>(name)] = to_range(shape);
  return ranges;
}

ProgressFn to_progress(nb::object function) {
  if (function.is_none()) return Progress{};
  return Progress{Callback(std::move(function))};
}

nb::object progress_function(const ProgressFn& progress) {
  const auto* given = progress.target<Progress>();
  return given != nullptr && given->callback ? nb::borrow(given->callback->function()) : nb::none();
}

void set_fields(nb::handle object, const nb::kwargs& fields) {
  for (const auto& [name, value] : fields) {
    if (!nb::hasattr(object, name)) {
      throw nb::type_error((nb::cast<std::string>(object.type().attr("__name__")) + " has no field '" +
                            nb::cast<std::string>(name) + "'")
                               .c_str());
    }
    nb::setattr(object, name, value);
  }
}

BuildOptions build_options(nb::handle given, const nb::kwargs& fields) {
  nb::object options = nb::cast(given.is_none() ? BuildOptions() : nb::cast<BuildOptions>(given));
  set_fields(options, fields);
  auto out = nb::cast<BuildOptions>(options);
  if (!out.progress) out.progress = to_progress(nb::none());
  return out;
}

void bind_build(nb::module_& module) {
  bind_options(module);
  bind_report(module);

  module.def(
      "build",
      [](const Network& network, nb::handle given, BuildReport* report, const nb::kwargs& fields) {
        const BuildOptions options = build_options(given, fields);
        return with_report(report, [&](BuildReport* out) { return build(network, options, out); });
      },
      "network"_a, "options"_a = nb::none(), "report"_a = nb::none(), "fields"_a,
      nb::sig("def build(network: Network, options: BuildOptions | None = None, report: BuildReport | None = "
              "None, "
              "**fields: typing.Any) -> Engine"),
      "Optimizes, chooses, lowers. Fields of BuildOptions that are given by name replace those of options. "
      "Deterministic for the same network, options and a complete timing cache.");
  module.def(
      "optimize",
      [](const Network& network, nb::handle given, BuildReport* report, const nb::kwargs& fields) {
        const BuildOptions options = build_options(given, fields);
        return with_report(report, [&](BuildReport* out) { return optimize(network, options, out); });
      },
      "network"_a, "options"_a = nb::none(), "report"_a = nb::none(), "fields"_a,
      nb::sig("def optimize(network: Network, options: BuildOptions | None = None, report: BuildReport | "
              "None = None, "
              "**fields: typing.Any) -> Network"),
      "The network after its passes.");
  module.def(
      "load_or_retune",
      [](const Path& path, nb::handle given, int load_threads, const nb::kwargs& fields) {
        const BuildOptions options = build_options(given, fields);
        LoadOptions load;
        load.threads = load_threads;
        const nb::gil_scoped_release unlocked;
        return load_or_retune(path, options, load);
      },
      "path"_a, "options"_a = nb::none(), "load_threads"_a = 0, "fields"_a,
      nb::sig("def load_or_retune(path: str | os.PathLike, options: BuildOptions | None = None, "
              "load_threads: int = 0, "
              "**fields: typing.Any) -> Engine"),
      "Loads a plan; where it does not fit this machine, builds it again from its portable section.");
  module.def(
      "load_reproducer",
      [](const Path& path, nb::handle given) {
        BuildOptions options = build_options(given, nb::kwargs());
        Network network = [&] {
          const nb::gil_scoped_release unlocked;
          return load_reproducer(path, options);
        }();
        return std::pair(std::move(network), std::move(options));
      },
      "path"_a, "options"_a = nb::none(),
      nb::sig("def load_reproducer(path: str | os.PathLike, options: BuildOptions | None = None) -> "
              "tuple[Network, "
              "BuildOptions]"),
      "The network before the pass that failed, and the options that repeat the failure.");
}

}  // namespace tenon::python
