#include "importers/onnx/types.hpp"

#include <tenon/error.hpp>

#include <fmt/format.h>

#include <array>
#include <optional>

namespace tenon::onnx {
namespace {

constexpr std::array<std::optional<DataType>, 27> kDataTypes = {
    std::nullopt,         DataType::f32,  DataType::u8,       DataType::i8,         DataType::u16,
    DataType::i16,        DataType::i32,  DataType::i64,      DataType::string,     DataType::boolean,
    DataType::f16,        DataType::f64,  DataType::u32,      DataType::u64,        DataType::c64,
    DataType::c128,       DataType::bf16, DataType::f8e4m3fn, DataType::f8e4m3fnuz, DataType::f8e5m2,
    DataType::f8e5m2fnuz, DataType::u4,   DataType::i4,       DataType::f4e2m1,     DataType::f8e8m0,
    DataType::u2,         DataType::i2,
};

}  // namespace

DataType data_type(std::int64_t code) {
  if (code < 0 || code >= static_cast<std::int64_t>(kDataTypes.size()) ||
      !kDataTypes[static_cast<std::size_t>(code)]) {
    throw ModelError(code == 0 ? "the element type is undefined"
                               : fmt::format("element type {} is not supported", code));
  }
  return *kDataTypes[static_cast<std::size_t>(code)];
}

SymbolTable::SymbolTable(const GraphDef& graph) {
  for (const ValueDef& input : graph.inputs) reserve(input.type);
}

void SymbolTable::reserve(const TypeDef& type) {
  if (type.shape) {
    for (const DimDef& dim : *type.shape) {
      if (!dim.param.empty()) taken_.emplace(dim.param);
    }
  }
  for (const TypeDef& element : type.element) reserve(element);
}

Dim SymbolTable::fresh(std::string_view base) {
  std::string name(base);
  for (int i = 1; !taken_.insert(name).second; ++i) name = fmt::format("{}_{}", base, i);
  return Dim::symbol(std::move(name));
}

Type to_type(const TypeDef& def, std::string_view name, SymbolTable* symbols) {
  switch (def.kind) {
    case TypeDef::Kind::tensor: {
      const DataType dtype = data_type(def.data_type);
      if (!def.shape) return Type::tensor(dtype);
      Dims dims;
      for (const DimDef& dim : *def.shape) {
        const bool number = dim.value && *dim.value >= 0;  // exporters write -1 for "any"
        if (number) {
          dims.emplace_back(*dim.value);
        } else if (symbols == nullptr) {
          dims.push_back(Dim::unknown());
        } else if (!dim.param.empty()) {
          dims.push_back(Dim::symbol(std::string(dim.param)));
        } else {
          dims.push_back(symbols->fresh(fmt::format("{}_{}", name, dims.size())));
        }
      }
      return Type::tensor(dtype, std::move(dims));
    }
    // One sequence may hold tensors of different extents, so a name inside it is no single number.
    case TypeDef::Kind::sequence:
    case TypeDef::Kind::optional:
    case TypeDef::Kind::map: {
      if (def.element.empty()) throw ModelError(fmt::format("the type of '{}' has no element type", name));
      Type element = to_type(def.element.front(), name, nullptr);
      if (def.kind == TypeDef::Kind::sequence) return Type::sequence(std::move(element));
      if (def.kind == TypeDef::Kind::optional) return Type::optional(std::move(element));
      return Type::map(data_type(def.data_type), std::move(element));
    }
    case TypeDef::Kind::sparse_tensor:
      throw ModelError(fmt::format("'{}' is a sparse tensor, which is supported for constants only", name));
    case TypeDef::Kind::opaque:
      throw ModelError(fmt::format("'{}' has an opaque type, which is not supported", name));
    case TypeDef::Kind::none: break;
  }
  throw ModelError(fmt::format("'{}' has no type", name));
}

}  // namespace tenon::onnx
