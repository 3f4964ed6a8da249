#include "importers/tflite/importer.hpp"

#include "base/check.hpp"
#include "base/text.hpp"
#include "importers/tflite/node_context.hpp"
#include "importers/tflite/reader.hpp"
#include "ops/cast.hpp"
#include "ops/dequantize_linear.hpp"
#include "ops/quantize_linear.hpp"

#include <tenon/error.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>

namespace tenon::tflite {
namespace {

constexpr std::int32_t kCustom = 32;

struct Broken {};  // thrown where something depends on a tensor whose operator is a problem

std::string tensor_name(const TensorDef& def, std::int32_t index) {
  return def.name.empty() ? fmt::format("tensor_{}", index) : std::string(def.name);
}

template <class T>
Tensor integers(const std::vector<std::int64_t>& values, const Shape& shape) {
  Tensor tensor = Tensor::of<T>(shape, std::span<const T>(std::vector<T>(values.begin(), values.end())));
  return tensor;
}

}  // namespace

Importer::Importer(const ModelDef& model, std::shared_ptr<const void> memory, const ImportOptions& options)
    : model_(model),
      blobs_(std::move(memory)),
      options_(options),
      graph_(model.name.empty() ? "main" : std::string(model.name)),
      slots_(model.tensors.size()) {}

Graph Importer::run() {
  for (const std::int32_t input : model_.inputs) add_input(input);
  for (const auto& entry : options_.input_shapes) {
    const bool known = std::any_of(model_.inputs.begin(), model_.inputs.end(), [&](std::int32_t input) {
      return tensor_name(model_.tensors[static_cast<std::size_t>(input)], input) == entry.first;
    });
    TENON_REQUIRE(known, "a shape is given for {}, which is no input of the model", quote(entry.first));
  }
  const auto outputs = wanted_outputs();
  TENON_REQUIRE(!outputs.empty(), "the graph of the model has no outputs");
  const std::vector<bool> needed = needed_operators(outputs);
  for (std::size_t i = 0; i < model_.operators.size(); ++i) {
    if (needed[i]) import_operator(model_.operators[i], i);
  }
  for (const std::int32_t output : outputs) {
    const std::string name = tensor_name(model_.tensors[static_cast<std::size_t>(output)], output);
    try {
      graph_.set_location(name);
      graph_.add_output(name, in_file_order(graph_, stored(output)));
    } catch (const Broken&) {
    } catch (const ModelError& error) {
      problems_.push_back(fmt::format("output {}: {}", quote(name), error.message()));
    }
  }
  if (problems_.empty()) return std::move(graph_);
  std::string message = problems_.size() == 1
                            ? "the model cannot be imported:"
                            : fmt::format("the model cannot be imported, {} problems:", problems_.size());
  for (const std::string& problem : problems_) message += "\n  " + problem;
  throw ModelError(message);
}

std::vector<std::int32_t> Importer::wanted_outputs() const {
  if (options_.outputs.empty()) return model_.outputs;
  std::vector<std::int32_t> outputs;
  for (const std::string& name : options_.outputs) {
    std::int32_t found = -1;
    for (std::size_t i = 0; i < model_.tensors.size() && found < 0; ++i) {
      const auto index = static_cast<std::int32_t>(i);
      if (tensor_name(model_.tensors[i], index) == name) found = index;
    }
    TENON_REQUIRE(found >= 0, "there is no tensor {} to give out", quote(name));
    outputs.push_back(found);
  }
  return outputs;
}

std::vector<bool> Importer::needed_operators(const std::vector<std::int32_t>& outputs) const {
  std::vector<bool> wanted(model_.tensors.size(), false);
  for (const std::int32_t output : outputs) wanted[static_cast<std::size_t>(output)] = true;
  std::vector<bool> needed(model_.operators.size(), false);
  // Operators are stored in an order in which they can run.
  for (std::size_t i = model_.operators.size(); i-- > 0;) {
    const OperatorDef& def = model_.operators[i];
    needed[i] = std::any_of(def.outputs.begin(), def.outputs.end(),
                            [&](std::int32_t output) { return wanted[static_cast<std::size_t>(output)]; });
    if (!needed[i]) continue;
    for (const std::int32_t input : def.inputs) {
      if (input >= 0) wanted[static_cast<std::size_t>(input)] = true;
    }
  }
  return needed;
}

Dim Importer::open_dim(std::string_view input, std::size_t axis) const {
  // The first axis of every input is the same batch.
  return axis == 0 ? Dim::symbol("N") : Dim::symbol(fmt::format("{}_{}", input, axis));
}

void Importer::add_input(std::int32_t tensor) {
  const TensorDef& def = model_.tensors[static_cast<std::size_t>(tensor)];
  const std::string name = tensor_name(def, tensor);
  Shape shape = def.signature.size() == def.shape.size() ? def.signature : def.shape;
  if (const auto given = options_.input_shapes.find(name); given != options_.input_shapes.end()) {
    TENON_REQUIRE(given->second.size() == shape.size(),
                  "input {}: the given shape has rank {}, the model's {}", quote(name), given->second.size(),
                  shape.size());
    shape = given->second;
  }
  Dims dims;
  for (std::size_t axis = 0; axis < shape.size(); ++axis)
    dims.push_back(shape[axis] >= 0 ? Dim(shape[axis]) : open_dim(name, axis));
  Slot& slot = slots_[static_cast<std::size_t>(tensor)];
  TENON_REQUIRE(!slot.defined, "tensor {} is an input twice", quote(name));
  slot.defined = true;
  slot.stored = Placed{graph_.add_input(name, Type::tensor(data_type(def.type), std::move(dims)))};
}

bool Importer::is_quantized(std::int32_t tensor) const {
  return !model_.tensors[static_cast<std::size_t>(tensor)].quantization.scale.empty();
}

ValueId Importer::add_constant(std::int32_t tensor) {
  const TensorDef& def = model_.tensors[static_cast<std::size_t>(tensor)];
  const DataType dtype = data_type(def.type);
  const auto elements = static_cast<std::uint64_t>(element_count(def.shape));
  const auto width = static_cast<std::uint64_t>(bit_width(dtype)) / 8;
  const std::string name = tensor_name(def, tensor);
  TENON_REQUIRE(def.data.size() % width == 0 && def.data.size() / width == elements,
                "tensor {} of type {}[{}] comes with {} bytes", quote(name), tenon::name(dtype),
                fmt::join(def.shape, ","), def.data.size());
  const bool odd_bools = dtype == DataType::boolean && std::any_of(def.data.begin(), def.data.end(),
                                                                   [](char c) { return c != 0 && c != 1; });
  TENON_REQUIRE(!odd_bools, "tensor {} holds booleans that are neither 0 nor 1", quote(name));
  const std::string location = graph_.location();
  graph_.set_location(name);
  const ValueId id = graph_.add_constant(blobs_.view(dtype, def.shape, def.data));
  graph_.set_value_name(id, name);
  graph_.set_location(location);
  return id;
}

Placed Importer::stored(std::int32_t tensor) {
  Slot& slot = slots_[static_cast<std::size_t>(tensor)];
  if (!slot.defined) {
    const TensorDef& def = model_.tensors[static_cast<std::size_t>(tensor)];
    const bool empty = std::find(def.shape.begin(), def.shape.end(), 0) != def.shape.end();
    TENON_REQUIRE(!def.variable && (!def.data.empty() || empty), "nothing gives tensor {} a value",
                  quote(tensor_name(def, tensor)));
    slot.stored = Placed{add_constant(tensor)};
    slot.defined = true;
  }
  if (!slot.stored) throw Broken{};
  return *slot.stored;
}

ValueId Importer::add_scale(const QuantDef& quantization) {
  const auto count = static_cast<std::int64_t>(quantization.scale.size());
  return graph_.add_constant(
      Tensor::of<float>(count == 1 ? Shape{} : Shape{count}, std::span(quantization.scale)));
}

ValueId Importer::add_zero_point(const QuantDef& quantization, DataType dtype) {
  std::vector<std::int64_t> values = quantization.zero_point;
  values.resize(quantization.scale.size(), 0);
  const auto count = static_cast<std::int64_t>(values.size());
  const Shape shape = count == 1 ? Shape{} : Shape{count};
  const auto fits = [&](std::int64_t low, std::int64_t high) {
    for (const std::int64_t value : values)
      TENON_REQUIRE(value >= low && value <= high, "the zero point {} does not fit {}", value, name(dtype));
  };
  switch (dtype) {
    case DataType::i8: fits(-128, 127); return graph_.add_constant(integers<std::int8_t>(values, shape));
    case DataType::u8: fits(0, 255); return graph_.add_constant(integers<std::uint8_t>(values, shape));
    case DataType::i16: fits(0, 0); return graph_.add_constant(integers<std::int16_t>(values, shape));
    case DataType::i32: fits(0, 0); return graph_.add_constant(integers<std::int32_t>(values, shape));
    default: throw ModelError(fmt::format("quantized tensors of type {} are not supported", name(dtype)));
  }
}

Placed Importer::real(std::int32_t tensor) {
  const Placed value = stored(tensor);
  const DataType dtype = graph_.type(value.id).as_tensor().dtype;
  Slot& slot = slots_[static_cast<std::size_t>(tensor)];
  if (slot.real) return *slot.real;
  if (is_quantized(tensor)) {
    const QuantDef& quantization = model_.tensors[static_cast<std::size_t>(tensor)].quantization;
    op::DequantizeLinear op;
    const std::int64_t rank = static_cast<std::int64_t>(file_dims(graph_, value).size());
    op.axis = quantization.scale.size() == 1 ? 0
              : value.moved                  ? moved_axis(quantization.axis, rank)
                                             : quantization.axis;
    slot.real =
        Placed{graph_.add(op, {value.id, add_scale(quantization), add_zero_point(quantization, dtype)}),
               value.moved};
  } else if (dtype == DataType::f16) {
    // Weights are stored so to save space; the operators compute in f32.
    slot.real = Placed{graph_.add(op::Cast{.to = DataType::f32}, {value.id}), value.moved};
  } else {
    slot.real = value;
  }
  return *slot.real;
}

bool Importer::one_scale(const OperatorDef& def) const {
  const QuantDef* first = nullptr;
  const auto same = [&](std::int32_t tensor) {
    if (tensor < 0 || !is_quantized(tensor)) return true;
    const QuantDef& quantization = model_.tensors[static_cast<std::size_t>(tensor)].quantization;
    if (quantization.scale.size() != 1) return false;
    if (first == nullptr) first = &quantization;
    return quantization.scale == first->scale && quantization.zero_point == first->zero_point;
  };
  return std::all_of(def.inputs.begin(), def.inputs.end(), same) &&
         std::all_of(def.outputs.begin(), def.outputs.end(), same);
}

void Importer::import_operator(const OperatorDef& def, std::size_t index) {
  const std::int32_t first = def.outputs.empty() ? -1 : def.outputs.front();
  const std::string where = first < 0 ? fmt::format("operator_{}", index)
                                      : tensor_name(model_.tensors[static_cast<std::size_t>(first)], first);
  const Converter* converter = registry().find(def.code);
  const std::string name = def.code == kCustom    ? std::string(def.custom)
                           : converter == nullptr ? fmt::format("builtin operator {}", def.code)
                                                  : std::string(converter->name);
  for (const std::int32_t output : def.outputs) slots_[static_cast<std::size_t>(output)].defined = true;
  try {
    TENON_REQUIRE(converter != nullptr, "the operator is not supported");
    graph_.set_location(where);
    convert(def, *converter);
  } catch (const Broken&) {
  } catch (const ModelError& error) {
    problems_.push_back(fmt::format("{} ({}): {}", quote(where), name, error.message()));
  }
}

void Importer::convert(const OperatorDef& def, const Converter& converter) {
  const bool elements = converter.handles == Handles::elements && one_scale(def);
  std::vector<std::optional<Placed>> operands;
  for (const std::int32_t input : def.inputs) {
    auto& operand = operands.emplace_back();
    if (input >= 0) operand = elements ? stored(input) : real(input);
  }
  NodeContext context(graph_, model_, def, std::move(operands));
  define(def, converter.convert(context), elements);
}

void Importer::define(const OperatorDef& def, std::vector<Placed> results, bool elements) {
  TENON_REQUIRE(results.size() >= def.outputs.size(), "output {} is not supported", results.size());
  for (std::size_t i = 0; i < def.outputs.size(); ++i) {
    const std::int32_t output = def.outputs[i];
    const TensorDef& tensor = model_.tensors[static_cast<std::size_t>(output)];
    Slot& slot = slots_[static_cast<std::size_t>(output)];
    TENON_REQUIRE(!slot.stored, "{} is defined twice", quote(tensor_name(tensor, output)));
    Placed result = results[i];
    const DataType dtype = data_type(tensor.type);
    if (is_quantized(output) && !elements) {
      TENON_REQUIRE(tensor.quantization.scale.size() == 1, "a computed tensor is quantized along an axis");
      op::QuantizeLinear op;
      op.axis = 0;
      result.id = graph_.add(
          op, {result.id, add_scale(tensor.quantization), add_zero_point(tensor.quantization, dtype)});
    }
    const DataType found = graph_.type(result.id).as_tensor().dtype;
    TENON_REQUIRE(found == dtype, "the result has type {}, the file says {}", name(found), name(dtype));
    if (graph_.value(result.id).name.empty()) graph_.set_value_name(result.id, tensor_name(tensor, output));
    slot.stored = result;
  }
}

}  // namespace tenon::tflite
