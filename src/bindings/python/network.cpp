// tenon.Network: what an importer read, before it is built.
#include "bindings/python/bindings.hpp"

#include <tenon/builder.hpp>
#include <tenon/inspect.hpp>

#include <nanobind/stl/filesystem.h>
#include <nanobind/stl/map.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/string_view.h>
#include <nanobind/stl/vector.h>

namespace tenon::python {
namespace {

using namespace nb::literals;

using Path = std::filesystem::path;

Network load(const Path& path, const std::optional<Path>& weights,
             std::optional<std::uint64_t> random_weights, const std::optional<Path>& mean,
             std::vector<std::string> inputs, std::vector<std::string> outputs,
             std::map<std::string, Shape> input_shapes, std::map<std::string, ImageOrder> input_orders) {
  ImportOptions options;
  options.weights = weights.value_or(Path());
  options.random_weights = random_weights;
  options.mean = mean.value_or(Path());
  options.inputs = std::move(inputs);
  options.outputs = std::move(outputs);
  options.input_shapes = std::move(input_shapes);
  options.input_orders = std::move(input_orders);
  const nb::gil_scoped_release unlocked;
  return Network::load(path, options);
}

Network from_onnx(nb::object model) {
  if (nb::hasattr(model, "SerializeToString")) model = model.attr("SerializeToString")();
  const auto bytes = nb::cast<nb::bytes>(model);
  const std::span<const std::byte> view(static_cast<const std::byte*>(bytes.data()), bytes.size());
  const nb::gil_scoped_release unlocked;
  return Network::from_onnx(view);
}

std::string repr(const Network& network) {
  std::string text = "<tenon.Network '" + network.name() + "'";
  for (const TensorInfo& input : network.inputs()) text += ", " + input.name + ": " + input.type;
  text += " ->";
  for (const TensorInfo& output : network.outputs()) text += " " + output.name + ": " + output.type;
  return text + ">";
}

}  // namespace

void bind_network(nb::module_& module) {
  nb::class_<Network>(module, "Network",
                      "A network before it is built: what an importer read, or textual IR.")
      .def_static("load", &load, "path"_a, nb::kw_only(), "weights"_a = nb::none(),
                  "random_weights"_a = nb::none(), "mean"_a = nb::none(),
                  "inputs"_a = std::vector<std::string>(), "outputs"_a = std::vector<std::string>(),
                  "input_shapes"_a = std::map<std::string, Shape>(),
                  "input_orders"_a = std::map<std::string, ImageOrder>(),
                  "Reads a model of any format, judged by extension and content (list_formats()); what is "
                  "none of the "
                  "others is taken for ONNX. ModelError lists every node that cannot be imported, with its "
                  "reason.\n\n"
                  "A format refuses options that it has no use for:\n"
                  "weights: the file with them, of formats that keep them apart.\n"
                  "random_weights: a seed; weights are drawn, for measuring without a training.\n"
                  "mean: a mean image, subtracted from the input inside the network.\n"
                  "inputs, outputs: source names of the values that become inputs, and that are given out.\n"
                  "input_shapes: replaces what the model declares, by name; -1 for a dim that stays open.\n"
                  "input_orders: by name, where the format leaves it to the caller (UFF).")
      .def_static(
          "from_onnx", &from_onnx, "model"_a, nb::sig("def from_onnx(model: typing.Any) -> Network"),
          "From an onnx.ModelProto, or from the bytes of a file. Weights in files of their own are found by "
          "load() only.")
      .def_static("load_text", &Network::load_text, "path"_a, Unlocked(),
                  "Reads textual IR; beside it may lie path + \".blob\" with its large constants.")
      .def_static("from_text", &Network::from_text, "text"_a, Unlocked(), "Parses textual IR.")
      .def_prop_ro("name", &Network::name)
      .def_prop_ro("inputs", &Network::inputs, "Without a profile: symbolic dims have min 0 and max -1.")
      .def_prop_ro("outputs", &Network::outputs)
      .def("to_text", &Network::to_text, Unlocked(), "As textual IR, large constants by their hash.")
      .def("save_onnx", &Network::save_onnx, "path"_a, Unlocked(),
           "Writes an ONNX model that answers the same; above 1 GiB its constants go to path + \".data\".")
      .def("save_text", &Network::save_text, "path"_a, Unlocked(),
           "Writes the text and, when there are large constants, path + \".blob\".")
      .def("op_counts", &op_counts, Unlocked(), "How often each operator occurs, nested regions included.")
      .def("__copy__", [](const Network& self) { return Network(self); })
      .def(
          "__deepcopy__", [](const Network& self, nb::handle) { return Network(self); }, "memo"_a,
          nb::sig("def __deepcopy__(self, memo: typing.Any) -> Network"))
      .def("__repr__", &repr);
}

}  // namespace tenon::python
