// ONNX element types, dims and types in the words of the IR.
#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>

#include "importers/onnx/model.hpp"
#include "ir/type.hpp"

namespace tenon::onnx {

// ModelError for a code that is undefined, unknown or has no counterpart.
DataType data_type(std::int64_t code);

// Names of symbolic dims. A dim_param keeps its name as far as the textual IR can write it; dims without a name get symbols that
// say which input and axis they belong to. No two different things share a symbol.
class SymbolTable {
 public:
  // Takes the names in use first, so that made-up ones keep clear of them.
  explicit SymbolTable(const GraphDef& graph);
  Dim named(std::string_view param);
  Dim fresh(std::string_view base);

 private:
  void reserve(const TypeDef& type);
  std::string unique(std::string_view wish);

  std::map<std::string, std::string, std::less<>> named_;  // dim_param → symbol
  std::set<std::string, std::less<>> taken_;
};

// The type of an input or region parameter called `name`; ModelError for sparse, opaque and missing types. Without `symbols`,
// dims that are not numbers are unknown.
Type to_type(const TypeDef& def, std::string_view name, SymbolTable* symbols);

}  // namespace tenon::onnx
