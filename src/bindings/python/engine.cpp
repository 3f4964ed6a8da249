// tenon.Engine: a loaded plan, and what it says of itself.
#include "bindings/python/bindings.hpp"

#include <tenon/engine.hpp>

#include <nanobind/stl/filesystem.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

namespace tenon::python {
namespace {

using namespace nb::literals;

LoadOptions with_threads(int threads) {
  LoadOptions options;
  options.threads = threads;
  return options;
}

Engine load(const std::filesystem::path& path, int threads) {
  const nb::gil_scoped_release unlocked;
  return Engine::load(path, with_threads(threads));
}

Engine deserialize(const nb::bytes& bytes, int threads) {
  const std::span<const std::byte> view(static_cast<const std::byte*>(bytes.data()), bytes.size());
  const nb::gil_scoped_release unlocked;
  return Engine::deserialize(view, with_threads(threads));
}

nb::bytes serialize(const Engine& engine) {
  std::vector<std::byte> bytes;
  {
    const nb::gil_scoped_release unlocked;
    bytes = engine.serialize();
  }
  return nb::bytes(bytes.data(), bytes.size());
}

std::string repr(const Engine& engine) {
  std::string text = "<tenon.Engine '" + engine.info().network + "'";
  for (const TensorInfo& input : engine.inputs()) text += ", " + input.name + ": " + input.type;
  text += " ->";
  for (const TensorInfo& output : engine.outputs()) text += " " + output.name + ": " + output.type;
  return text + ">";
}

void bind_infos(nb::module_& module) {
  nb::class_<StepInfo>(module, "StepInfo", "One step of an engine.")
      .def_ro("label", &StepInfo::label, "Source node or nodes.")
      .def_ro("op", &StepInfo::op, "Operator with its fields.")
      .def_ro("tactic", &StepInfo::tactic, "The implementation and its configuration.")
      .def_ro("problem", &StepInfo::problem, "Canonical key of the work.")
      .def_ro("note", &StepInfo::note, "Why this tactic: refused ones with their reason, times, one a line.")
      .def_ro("expected_ns", &StepInfo::expected_ns)
      .def_ro(
          "depth", &StepInfo::depth,
          "0 for steps of the network itself; those inside an If, a Loop or a Scan follow it, one deeper.")
      .def_ro("body", &StepInfo::body, "Which body of the step around it: of an If 0 is then, 1 is else.")
      .def_ro("types", &StepInfo::types, "Of operands and results as they are stored.")
      .def("__repr__", [](const StepInfo& self) { return "<" + self.label + ": " + self.tactic + ">"; });
  nb::class_<ProfileInfo>(module, "ProfileInfo",
                          "One optimization profile: the shapes that the engine takes.")
      .def_ro("inputs", &ProfileInfo::inputs, "The same names, order and element types in all profiles.")
      .def_ro("outputs", &ProfileInfo::outputs)
      .def_ro("symbols", &ProfileInfo::symbols, "Ranges of the symbolic dims: \"N in 1…4…8\".")
      .def_ro("arena_bytes", &ProfileInfo::arena_bytes, "Of a context that uses it.")
      .def_ro("arena_floor", &ProfileInfo::arena_floor);
  nb::class_<EngineInfo>(module, "EngineInfo", "What an engine was built for, and what it takes.")
      .def_ro("network", &EngineInfo::network)
      .def_ro("producer", &EngineInfo::producer)
      .def_ro("isa", &EngineInfo::isa, "Instruction set level that the steps need.")
      .def_ro("threads", &EngineInfo::threads)
      .def_ro("arena_bytes", &EngineInfo::arena_bytes, "Of one context.")
      .def_ro("arena_floor", &EngineInfo::arena_floor,
              "Most that is alive at one step, its scratch included.")
      .def_ro("weight_bytes", &EngineInfo::weight_bytes)
      .def_ro("symbols", &EngineInfo::symbols, "Ranges of the symbolic dims: \"N in 1…4…8\".");
}

}  // namespace

void bind_engine(nb::module_& module) {
  bind_infos(module);
  nb::class_<Engine>(module, "Engine",
                     "A loaded plan. Threads may share it; each needs a Context of its own.")
      .def_static(
          "load", &load, "path"_a, "threads"_a = 0,
          "Maps the file. threads: 0 for as many as the plan was made for. ModelError when it is damaged, or "
          "was made for a machine with more than this one has (see load_or_retune).")
      .def_static("deserialize", &deserialize, "data"_a, "threads"_a = 0, "From the bytes of a file.")
      .def("save", &Engine::save, "path"_a, Unlocked(), "Writes the file as a whole, or not at all.")
      .def("serialize", &serialize, "The bytes of the file.")
      .def_prop_ro("inputs", &Engine::inputs, nb::rv_policy::copy)
      .def_prop_ro("outputs", &Engine::outputs, nb::rv_policy::copy)
      .def_prop_ro("info", &Engine::info, nb::rv_policy::reference_internal)
      .def_prop_ro("profiles", &Engine::profiles, nb::rv_policy::copy, "At least one.")
      .def("steps", &Engine::steps, "profile"_a = 0, "Of a profile, in the order in which they run.")
      .def("precision_costs", &Engine::precision_costs, "profile"_a = 0, nb::rv_policy::copy,
           "What decided which layers run on integers.")
      .def("dump", &Engine::dump, Unlocked(),
           "The plan as text: buffers with their offsets, steps with their tactics.")
      .def("__repr__", &repr);
}

}  // namespace tenon::python
