#include "plugins/plugin_op.hpp"

#include "base/check.hpp"
#include "base/context.hpp"
#include "base/text.hpp"

#include <algorithm>
#include <new>

namespace tenon {
namespace {

template <class F>
auto call_plugin(const PluginEntry& entry, const F& call) {
  try {
    return call();
  } catch (const Error&) {
    throw;
  } catch (const std::bad_alloc&) {
    throw;
  } catch (const std::exception& error) {
    throw ModelError(fmt::format("{}: {}", entry.op, error.what()));
  } catch (...) {
    throw ModelError(fmt::format("{}: an exception of unknown type", entry.op));
  }
}

SymbolicDims to_symbolic(const Dims& dims) {
  SymbolicDims texts;
  for (const Dim& dim : dims) texts.emplace_back(dim.to_string());
  return texts;
}

PluginOperand describe_operand(const InferContext& context, std::size_t i) {
  PluginOperand operand;
  operand.present = context.has(i);
  if (!operand.present) return operand;
  const TensorType& type = context.tensor(i);
  operand.dtype = type.dtype;
  if (type.dims) operand.dims = to_symbolic(*type.dims);
  operand.constant = context.constant(i);
  if (const Dims* values = context.symbolic_value(i)) operand.values = to_symbolic(*values);
  return operand;
}

Type to_type(const InferContext& context, const PluginResult& result) {
  if (!result.dims) return Type::tensor(result.dtype);
  Dims dims;
  for (const SymbolicDim& text : *result.dims) {
    dims.push_back(Dim::parse(text.text()));
    if (dims.back().is_const() && dims.back().value() < 0) {
      context.fail(fmt::format("inference gives the negative dim {}", dims.back().value()));
    }
  }
  return Type::tensor(result.dtype, std::move(dims));
}

// `given` as a value of the kind of `kind`, as far as the textual IR cannot tell them apart: 1 for 1.0, []
// for any list.
FieldValue as_kind(std::string_view name, const AttributeValue& given, const FieldValue& kind) {
  return std::visit(
      [&](const auto& wanted) -> FieldValue {
        using T = std::decay_t<decltype(wanted)>;
        T value{};
        detail::from_attribute(name, given, value);
        return value;
      },
      kind.variant());
}

}  // namespace

std::vector<PluginResult> PluginEntry::infer(std::span<const PluginOperand> operands,
                                             const Fields& values) const {
  return call_plugin(*this, [&] { return plugin->infer(operands, values); });
}

std::unique_ptr<PluginKernel> PluginEntry::create_kernel(Device device, const Fields& values) const {
  return call_plugin(*this, [&] {
    const Device other = device == Device::cpu ? Device::reference : Device::cpu;
    std::unique_ptr<PluginKernel> kernel = plugin->create_kernel(device, values);
    if (kernel == nullptr) kernel = plugin->create_kernel(other, values);
    TENON_REQUIRE(kernel != nullptr, "{}: the plugin has no kernel for any device of this machine", op);
    return kernel;
  });
}

namespace op {

Plugin plugin(std::shared_ptr<const PluginEntry> entry) {
  Plugin result{std::move(entry), {}};
  for (const PluginField& field : result.entry->fields) {
    if (!field.required) result.values.push_back({field.name, field.value});
  }
  return result;
}

Plugin Plugin::prototype() const { return plugin(entry); }

std::vector<Inference> Plugin::infer(InferContext& context) const {
  for (const PluginField& field : entry->fields) {
    const bool given = std::any_of(values.begin(), values.end(),
                                   [&](const NamedField& value) { return value.name == field.name; });
    if (!given) context.fail(fmt::format("the field {} is required", quote(field.name)));
  }
  std::vector<PluginOperand> operands;
  for (std::size_t i = 0; i < context.input_count(); ++i) operands.push_back(describe_operand(context, i));
  const std::vector<PluginResult> results =
      in_context([&] { return entry->infer(operands, values); },
                 [&] { return fmt::format("inferring the results of the plugin {}", entry->op); });
  if (results.empty()) context.fail("inference gives no result");
  std::vector<Inference> inferred;
  for (const PluginResult& result : results) inferred.emplace_back(to_type(context, result));
  return inferred;
}

AttributeList to_attributes(const Plugin& plugin) {
  AttributeList list;
  for (const NamedField& field : plugin.values) {
    list.push_back({field.name, std::visit([](const auto& value) { return AttributeValue(value); },
                                           field.value.variant())});
  }
  return list;
}

void set_attributes(Plugin& plugin, const AttributeList& list, std::string_view owner_name) {
  const std::vector<PluginField>& fields = plugin.entry->fields;
  for (const Attribute& attribute : list) {
    const bool known = std::any_of(fields.begin(), fields.end(),
                                   [&](const PluginField& field) { return field.name == attribute.name; });
    if (known) continue;
    std::vector<std::string_view> names;
    for (const PluginField& field : fields) names.push_back(field.name);
    detail::throw_unknown_attribute(owner_name, attribute.name, names.data(), names.size());
  }
  Fields values;
  for (const PluginField& field : fields) {
    const auto same_name = [&](const NamedField& value) { return value.name == field.name; };
    if (const AttributeValue* given = find(list, field.name)) {
      values.push_back({field.name, as_kind(field.name, *given, field.value)});
    } else if (const auto old = std::find_if(plugin.values.begin(), plugin.values.end(), same_name);
               old != plugin.values.end()) {
      values.push_back(*old);
    }
  }
  plugin.values = std::move(values);
}

}  // namespace op
}  // namespace tenon
