// Lists of attributes as text: {stride=[2,2], group=32}. Fields of operators and options of passes.
#pragma once

#include "ir/attribute.hpp"
#include "ir/tensor_text.hpp"
#include "ir/type_parser.hpp"

#include <cstdint>
#include <string>
#include <variant>

namespace tenon {

// Without those that are identical in `defaults`; "" when none is left.
std::string print_attributes(const AttributeList& attributes, const AttributeList& defaults,
                             BlobStore* blobs = nullptr, const ValueNamer& namer = {});

class AttributeParser {
 public:
  explicit AttributeParser(Lexer& lexer, const BlobStore* blobs = nullptr, ValueResolver resolve = {})
      : lexer_(lexer), tensors_(blobs), resolve_(std::move(resolve)) {}

  // Empty when there is no brace.
  AttributeList parse();

 private:
  AttributeValue parse_value();
  AttributeValue parse_typed();
  AttributeValue parse_list();
  std::variant<std::int64_t, float> parse_int_or_float();

  Lexer& lexer_;
  TensorParser tensors_;
  ValueResolver resolve_;
};

}  // namespace tenon
