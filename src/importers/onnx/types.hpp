// ONNX element types, dims and types in the words of the IR.
#pragma once

#include "importers/onnx/model.hpp"
#include "ir/type.hpp"

#include <set>
#include <string>
#include <string_view>

namespace tenon::onnx {

// ModelError for a code that is undefined, unknown or has no counterpart.
DataType data_type(std::int64_t code);

// Names of symbolic dims. A dim_param keeps its name; dims without one get symbols that say which input and
// axis they belong to, distinct from all others.
class SymbolTable {
 public:
  // Takes the names in use first, so that made-up ones keep clear of them.
  explicit SymbolTable(const GraphDef& graph);
  Dim fresh(std::string_view base);

 private:
  void reserve(const TypeDef& type);

  std::set<std::string, std::less<>> taken_;
};

// The type of an input or region parameter called `name`; ModelError for sparse, opaque and missing types.
// Without `symbols`, dims that are not numbers are unknown.
Type to_type(const TypeDef& def, std::string_view name, SymbolTable* symbols);

}  // namespace tenon::onnx
