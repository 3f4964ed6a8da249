// tenon.Plugin: operators written in Python, and plugin libraries.
#include "bindings/python/arrays.hpp"
#include "bindings/python/bindings.hpp"
#include "bindings/python/callback.hpp"
#include "bindings/python/network_values.hpp"

#include <tenon/plugin.hpp>

#include <nanobind/stl/filesystem.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/string_view.h>
#include <nanobind/stl/vector.h>

#include <algorithm>
#include <cstring>

namespace tenon::python {
namespace {

using namespace nb::literals;

nb::object from_field(const FieldValue& value) {
  return std::visit(
      [](const auto& held) -> nb::object {
        if constexpr (std::is_same_v<std::decay_t<decltype(held)>, Tensor>) {
          return copy_to_numpy(held);
        } else {
          return nb::cast(held);
        }
      },
      value.variant());
}

nb::dict from_fields(const Fields& fields) {
  nb::dict out;
  for (const NamedField& field : fields) out[nb::str(field.name.c_str())] = from_field(field.value);
  return out;
}

nb::object from_dims(const std::optional<SymbolicDims>& dims) {
  if (!dims) return nb::none();
  nb::list list;
  for (const SymbolicDim& dim : *dims) {
    const auto number = dim.value();
    list.append(number ? nb::cast(*number) : nb::cast(dim.text()));
  }
  return list;
}

// What Python code raised, as the library knows errors: a tenon.Error by its text, others with their class.
[[noreturn]] void fail(const nb::python_error& error) {
  const auto text = nb::cast<std::string>(nb::str(error.value()));
  const auto type = nb::cast<std::string>(error.type().attr("__name__"));
  throw ModelError(type == "ModelError" ? text : type + ": " + text);
}

// Operands as Python sees them; it may keep them longer than what is known of their values.
class Operands {
 public:
  explicit Operands(std::span<const PluginOperand> operands) {
    for (const PluginOperand& operand : operands) {
      objects_.push_back(operand.present ? nb::cast(operand) : nb::none());
    }
  }
  Operands(const Operands&) = delete;
  Operands& operator=(const Operands&) = delete;
  ~Operands() {
    for (const nb::object& object : objects_) {
      if (!object.is_none()) nb::cast<PluginOperand&>(object).constant = nullptr;
    }
  }

  nb::list list() const {
    nb::list list;
    for (const nb::object& object : objects_) list.append(object);
    return list;
  }

 private:
  std::vector<nb::object> objects_;
};

// A Python object with name, fields, infer and run. The C++ side may drop it without the interpreter's lock.
class PythonPlugin final : public Plugin {
 public:
  explicit PythonPlugin(nb::object object) : object_(object) {
    name_ = {nb::cast<std::string>(object.attr("domain")), nb::cast<std::string>(object.attr("name")),
             nb::cast<std::int64_t>(object.attr("version"))};
    for (const auto& [name, value] : nb::cast<nb::dict>(object.attr("fields"))) {
      fields_.push_back({nb::cast<std::string>(name), to_field(value), false});
    }
    for (const nb::handle name : object.attr("required")) {
      for (PluginField& field : fields_)
        field.required = field.required || field.name == nb::cast<std::string>(name);
    }
  }

  PluginName name() const override { return name_; }
  std::vector<PluginField> fields() const override { return fields_; }

  std::vector<PluginResult> infer(std::span<const PluginOperand> operands,
                                  const Fields& fields) const override {
    const nb::gil_scoped_acquire lock;
    try {
      return infer_locked(operands, fields);
    } catch (const nb::python_error& error) {
      fail(error);
    }
  }

  std::unique_ptr<PluginKernel> create_kernel(Device, const Fields& fields) const override;

 private:
  std::vector<PluginResult> infer_locked(std::span<const PluginOperand> operands,
                                         const Fields& fields) const {
    const Operands given(operands);
    std::vector<PluginResult> results;
    for (const nb::handle result : object_.function().attr("infer")(given.list(), from_fields(fields))) {
      const auto pair = nb::cast<nb::tuple>(result);
      if (pair.size() != 2) throw ModelError("infer() gives a pair of element type and dims for each result");
      results.push_back({to_data_type(pair[0]), {}});
      if (!pair[1].is_none()) results.back().dims = to_dims(pair[1]);
    }
    return results;
  }

  Callback object_;
  PluginName name_;
  std::vector<PluginField> fields_;
};

class PythonKernel final : public PluginKernel {
 public:
  PythonKernel(Callback object, const Fields& fields)
      : object_(std::move(object)), fields_(from_fields(fields)) {}

  void run(PluginCall& call) const override {
    const nb::gil_scoped_acquire lock;
    try {
      run_locked(call);
    } catch (const nb::python_error& error) {
      fail(error);
    }
  }

 private:
  void run_locked(PluginCall& call) const {
    nb::list inputs;
    for (std::size_t i = 0; i < call.input_count(); ++i) {
      if (!call.has(i)) {
        inputs.append(nb::none());
        continue;
      }
      const TensorView& view = call.input(i);
      inputs.append(share_with_numpy(
          Tensor::view_const(view.dtype, Shape(view.shape.begin(), view.shape.end()), view.data)));
    }
    const nb::object given = object_.function().attr("run")(inputs, fields_.function());
    const bool several = nb::isinstance<nb::tuple>(given) || nb::isinstance<nb::list>(given);
    const nb::object results = several ? given : nb::make_tuple(given);
    if (nb::len(results) != call.output_count()) {
      throw ModelError("run() gave " + std::to_string(nb::len(results)) + " results, infer() said " +
                       std::to_string(call.output_count()));
    }
    std::size_t i = 0;
    for (const nb::handle result : results) deliver(call, i++, to_tensor(result));
  }

  // Into the engine's memory, or into new memory where only this tensor says the size.
  static void deliver(PluginCall& call, std::size_t i, const Tensor& tensor) {
    if (!call.wants(i)) return;
    const MutableTensorView& view = call.has_memory(i) ? call.output(i) : call.allocate(i, tensor.shape());
    const bool fits =
        view.dtype == tensor.dtype() &&
        std::equal(view.shape.begin(), view.shape.end(), tensor.shape().begin(), tensor.shape().end());
    if (!fits) {
      throw ModelError("run() gave " + described(tensor.dtype(), tensor.shape()) + " as result " +
                       std::to_string(i) + ", infer() said " + described(view.dtype, view.shape));
    }
    if (view.dtype == DataType::string) {
      const auto from = tensor.values<std::string>();
      std::copy(from.begin(), from.end(), view.values<std::string>().begin());
    } else if (tensor.size_bytes() != 0) {
      std::memcpy(view.data, tensor.data(), tensor.size_bytes());
    }
  }

  static std::string described(DataType dtype, std::span<const std::int64_t> shape) {
    std::string text(tenon::name(dtype));
    for (std::size_t axis = 0; axis < shape.size(); ++axis)
      text += (axis == 0 ? "[" : ",") + std::to_string(shape[axis]);
    return text + (shape.empty() ? "[]" : "]");
  }

  Callback object_;
  Callback fields_;
};

std::unique_ptr<PluginKernel> PythonPlugin::create_kernel(Device, const Fields& fields) const {
  const nb::gil_scoped_acquire lock;
  return std::make_unique<PythonKernel>(object_, fields);
}

nb::list names_of(const std::vector<PluginName>& names) {
  nb::list texts;
  for (const PluginName& name : names) texts.append(to_string(name));
  return texts;
}

}  // namespace

void bind_plugins(nb::module_& module) {
  nb::class_<PluginOperand>(module, "PluginOperand", "One operand at a plugin's inference.")
      .def_ro("dtype", &PluginOperand::dtype)
      .def_prop_ro(
          "dims", [](const PluginOperand& self) { return from_dims(self.dims); },
          nb::sig("def dims(self) -> list[int | str] | None"),
          "Numbers, and expressions over symbols; \"?\" where nothing is known; None: unknown rank.")
      .def_prop_ro(
          "values", [](const PluginOperand& self) { return from_dims(self.values); },
          nb::sig("def values(self) -> list[int | str] | None"),
          "Elements of i32 and i64 operands of rank 0 and 1, as far as known.")
      .def_prop_ro(
          "constant",
          [](const PluginOperand& self) {
            return self.constant == nullptr ? nb::none() : copy_to_numpy(*self.constant);
          },
          nb::sig("def constant(self) -> numpy.typing.NDArray[typing.Any] | None"),
          "The value as far as known: of constants, and while running of every operand.");

  module.def(
      "register_plugin",
      [](nb::object plugin) {
        auto made = std::make_shared<const PythonPlugin>(std::move(plugin));
        const nb::gil_scoped_release unlocked;
        register_plugin(std::move(made));
      },
      "plugin"_a, nb::sig("def register_plugin(plugin: typing.Any) -> None"),
      "Adds an operator for the rest of the process: an object like those of tenon.Plugin. ModelError when "
      "the "
      "name is taken.");
  module.def(
      "load_plugins",
      [](const std::filesystem::path& library) {
        std::vector<PluginName> names;
        {
          const nb::gil_scoped_release unlocked;
          names = load_plugins(library);
        }
        return names_of(names);
      },
      "library"_a, nb::sig("def load_plugins(library: str | os.PathLike) -> list[str]"),
      "Loads a shared library of C++ plugins, whose code then runs in this process, and returns their "
      "names.");
  module.def(
      "registered_plugins", [] { return names_of(registered_plugins()); },
      nb::sig("def registered_plugins() -> list[str]"), "\"com.example:PillarScatter:1\".");
}

}  // namespace tenon::python
