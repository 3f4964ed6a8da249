#include "ir/attribute_text.hpp"

#include "base/text.hpp"
#include "ir/number_text.hpp"

#include <fmt/format.h>

#include <utility>
#include <vector>

namespace tenon {
namespace {

struct AttributePrinter {
  std::string& text;
  BlobStore* blobs;
  const ValueNamer& namer;

  void operator()(bool value) const { text += value ? "true" : "false"; }
  void operator()(std::int64_t value) const { text += fmt::format("{}", value); }
  void operator()(float value) const { text += print_number(value); }
  void operator()(const std::string& value) const { text += quote_literal(value); }
  void operator()(DataType value) const { text += name(value); }
  void operator()(const Type& value) const { text += namer ? print_type(value, namer) : value.to_string(); }
  void operator()(const Tensor& value) const { text += print_tensor(value, blobs); }
  void operator()(const PointwiseProgram& value) const {
    text += "program " + quote_literal(value.to_string());
  }
  template <class T>
  void operator()(const std::vector<T>& values) const {
    text += '[';
    for (std::size_t i = 0; i < values.size(); ++i) {
      if (i > 0) text += ',';
      (*this)(values[i]);
    }
    text += ']';
  }
};

}  // namespace

std::string print_attributes(const AttributeList& attributes, const AttributeList& defaults, BlobStore* blobs,
                             const ValueNamer& namer) {
  std::string text;
  for (const Attribute& attribute : attributes) {
    const AttributeValue* fallback = find(defaults, attribute.name);
    if (fallback != nullptr && identical(*fallback, attribute.value)) continue;
    text += (text.empty() ? "{" : ", ") + attribute.name + '=';
    std::visit(AttributePrinter{text, blobs, namer}, attribute.value);
  }
  if (!text.empty()) text += '}';
  return text;
}

AttributeList AttributeParser::parse() {
  AttributeList attributes;
  if (!lexer_.accept('{') || lexer_.accept('}')) return attributes;
  do {
    const Token name = lexer_.expect(Token::Kind::identifier, "a field");
    if (find(attributes, name.text) != nullptr) {
      lexer_.fail(name.offset, fmt::format("the field {} is given twice", quote(name.text)));
    }
    lexer_.expect('=');
    attributes.push_back({name.text, parse_value()});
  } while (lexer_.accept(','));
  lexer_.expect('}');
  return attributes;
}

AttributeValue AttributeParser::parse_value() {
  const Token& token = lexer_.peek();
  if (token.is('[')) return parse_list();
  if (token.kind == Token::Kind::string) return lexer_.next().text;
  if (lexer_.accept("true")) return true;
  if (lexer_.accept("false")) return false;
  if (lexer_.accept("program")) {
    const Token text = lexer_.expect(Token::Kind::string, "a pointwise program in quotes");
    try {
      PointwiseProgram program = PointwiseProgram::parse(text.text);
      if (!program.empty()) program.verify();
      return program;
    } catch (const ModelError& error) {
      lexer_.fail(text.offset, error.message());
    }
  }
  if (token.kind == Token::Kind::identifier && !token.is("inf") && !token.is("nan")) return parse_typed();
  return std::visit([](auto number) { return AttributeValue(number); }, parse_int_or_float());
}

// A dtype, a type, or a tensor: all start with an element type.
AttributeValue AttributeParser::parse_typed() {
  const std::size_t start = lexer_.peek().offset;
  if (const auto dtype = parse_data_type(lexer_.peek().text)) {
    Lexer ahead = lexer_;
    ahead.next();
    if (!ahead.peek().is('[')) {
      lexer_.next();
      return *dtype;
    }
  }
  Type type = parse_type(lexer_, resolve_);
  if (!TensorParser::starts(lexer_)) return type;
  return tensors_.parse(lexer_, start, type);
}

std::variant<std::int64_t, float> AttributeParser::parse_int_or_float() {
  Lexer ahead = lexer_;
  ahead.accept('-');
  if (ahead.peek().kind == Token::Kind::integer) return lexer_.expect_signed_integer();
  return parse_number<float>(lexer_);
}

AttributeValue AttributeParser::parse_list() {
  lexer_.expect('[');
  if (lexer_.accept(']')) return std::vector<std::int64_t>{};
  if (lexer_.peek().kind == Token::Kind::string) {
    std::vector<std::string> strings;
    do {
      strings.push_back(lexer_.expect(Token::Kind::string, "a string").text);
    } while (lexer_.accept(','));
    lexer_.expect(']');
    return strings;
  }
  std::vector<std::int64_t> integers;
  std::vector<float> floats;
  do {
    const auto number = parse_int_or_float();
    if (const auto* integer = std::get_if<std::int64_t>(&number)) {
      integers.push_back(*integer);
      floats.push_back(static_cast<float>(*integer));
    } else {
      floats.push_back(std::get<float>(number));
    }
  } while (lexer_.accept(','));
  lexer_.expect(']');
  if (integers.size() == floats.size()) return integers;
  return floats;
}

}  // namespace tenon
