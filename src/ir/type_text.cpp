// Types and layouts as text and back.
#include "ir/dim_parser.hpp"
#include "ir/type_parser.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace tenon {
namespace {

// Axis letters of the ranks that have a short notation.
std::string_view axis_letters(std::size_t rank) { return rank == 4 ? "nchw" : rank == 5 ? "ncdhw" : ""; }

// "nchw16c" when the rank has letters and the order can be told from the default, else "".
std::string print_letters(const Layout& layout, std::size_t rank) {
  const std::string_view letters = axis_letters(rank);
  if (letters.empty()) return "";
  std::string text(letters);
  if (!layout.order.empty()) {
    for (std::size_t i = 0; i < rank; ++i) text[i] = letters[static_cast<std::size_t>(layout.order[i])];
    // Written as letters, the identity would be read as the empty order.
    if (text == letters) return "";
  }
  for (const Layout::Block& block : layout.blocks) {
    text += fmt::format("{}{}", block.size, letters[static_cast<std::size_t>(block.axis)]);
  }
  return text;
}

bool fits_rank(const Layout& layout, std::size_t rank) {
  const auto inside = [&](int axis) { return axis >= 0 && static_cast<std::size_t>(axis) < rank; };
  return (layout.order.empty() || layout.order.size() == rank) &&
         std::all_of(layout.order.begin(), layout.order.end(), inside) &&
         std::all_of(layout.blocks.begin(), layout.blocks.end(),
                     [&](const auto& block) { return inside(block.axis); });
}

std::string print_order(const Layout& layout, std::optional<std::size_t> rank) {
  if (layout.is_row_major()) return "";
  if (!rank && !layout.order.empty()) rank = layout.order.size();
  if (rank && fits_rank(layout, *rank)) {
    if (std::string text = print_letters(layout, *rank); !text.empty()) return text;
  }
  std::string text = fmt::format("({}", fmt::join(layout.order, ","));
  if (!layout.blocks.empty()) {
    text += '|';
    for (std::size_t i = 0; i < layout.blocks.size(); ++i) {
      text += fmt::format("{}{}:{}", i == 0 ? "" : ",", layout.blocks[i].axis, layout.blocks[i].size);
    }
  }
  return text + ')';
}

std::string print_layout(const Layout& layout, std::optional<std::size_t> rank) {
  std::string text = print_order(layout, rank);
  if (layout.stored) text += fmt::format(":{}", name(*layout.stored));
  return text;
}

bool is_permutation_of_axes(const std::vector<int>& order) {
  std::vector<bool> seen(order.size(), false);
  for (const int axis : order) {
    if (axis < 0 || static_cast<std::size_t>(axis) >= order.size() || seen[static_cast<std::size_t>(axis)])
      return false;
    seen[static_cast<std::size_t>(axis)] = true;
  }
  return true;
}

constexpr int kMaxBlock = 1 << 16;
constexpr std::int64_t kMaxAxis = 64;

int parse_bounded(Lexer& lexer, std::int64_t low, std::int64_t high, std::string_view what) {
  const std::size_t start = lexer.peek().offset;
  const std::int64_t value = lexer.expect_signed_integer();
  if (value < low || value > high)
    lexer.fail(start, fmt::format("{} must be from {} to {}", what, low, high));
  return static_cast<int>(value);
}

Layout parse_letters(Lexer& lexer, const Token& token) {
  const std::string& text = token.text;
  const std::size_t letter_count = std::min(text.find_first_of("0123456789"), text.size());
  const std::string_view letters = axis_letters(letter_count);
  const auto axis_of = [&](char letter) {
    const std::size_t axis = letters.find(letter);
    if (axis == std::string_view::npos) {
      lexer.fail(token.offset,
                 fmt::format("'{}' is not a layout: rank 4 has the axes nchw, rank 5 ncdhw", text));
    }
    return static_cast<int>(axis);
  };
  Layout layout;
  std::size_t i = 0;
  for (; i < letter_count; ++i) layout.order.push_back(axis_of(text[i]));
  if (!is_permutation_of_axes(layout.order)) lexer.fail(token.offset, "the layout names an axis twice");
  if (std::is_sorted(layout.order.begin(), layout.order.end())) layout.order.clear();
  while (i < text.size()) {
    int size = 0;
    for (; i < text.size() && text[i] >= '0' && text[i] <= '9'; ++i)
      size = std::min(size * 10 + (text[i] - '0'), kMaxBlock + 1);
    if (size < 1 || size > kMaxBlock || i >= text.size())
      lexer.fail(token.offset, "expected a layout like nchw16c");
    layout.blocks.push_back({axis_of(text[i++]), size});
  }
  return layout;
}

Layout parse_order(Lexer& lexer) {
  if (lexer.peek().is(':')) return {};
  if (lexer.peek().kind == Token::Kind::identifier) return parse_letters(lexer, lexer.next());
  const std::size_t start = lexer.peek().offset;
  Layout layout;
  lexer.expect('(');
  while (!lexer.peek().is('|') && !lexer.peek().is(')')) {
    layout.order.push_back(parse_bounded(lexer, 0, kMaxAxis, "an axis"));
    if (!lexer.accept(',')) break;
  }
  if (lexer.accept('|')) {
    do {
      Layout::Block block;
      block.axis = parse_bounded(lexer, 0, kMaxAxis, "an axis");
      lexer.expect(':');
      block.size = parse_bounded(lexer, 1, kMaxBlock, "a block");
      layout.blocks.push_back(block);
    } while (lexer.accept(','));
  }
  lexer.expect(')');
  if (!is_permutation_of_axes(layout.order))
    lexer.fail(start, "the layout's order is not a permutation of its axes");
  return layout;
}

Layout parse_layout(Lexer& lexer) {
  Layout layout = parse_order(lexer);
  if (!lexer.accept(':')) return layout;
  const Token token = lexer.expect(Token::Kind::identifier, "bf16 or f16");
  layout.stored = parse_data_type(token.text);
  if (layout.stored != DataType::bf16 && layout.stored != DataType::f16)
    lexer.fail(token.offset, fmt::format("values are stored as bf16 or f16, not as '{}'", token.text));
  return layout;
}

std::string print_quantization(const Quantization& quant, const ValueNamer& namer) {
  using Scheme = Quantization::Scheme;
  if (quant.scheme == Scheme::none) return "";
  std::string text = "{scale=" + namer(quant.scale);
  if (quant.zero_point.valid()) text += ", zero_point=" + namer(quant.zero_point);
  if (quant.scheme != Scheme::per_tensor) text += fmt::format(", axis={}", quant.axis);
  if (quant.scheme == Scheme::blocked) text += fmt::format(", block={}", quant.block);
  return text + '}';
}

ValueId parse_value_id(Lexer& lexer, const ValueResolver& resolve) {
  const Token token = lexer.expect(Token::Kind::value, "a value such as %scale");
  if (resolve) return resolve(token);
  std::uint64_t id = 0;
  for (const char c : token.text) {
    if (c < '0' || c > '9' || token.quoted)
      lexer.fail(token.offset, "outside of a graph a value is named by its id, such as %7");
    id = id * 10 + static_cast<std::uint64_t>(c - '0');
    if (id >= ValueId::kInvalid) lexer.fail(token.offset, "the value's id is too large");
  }
  return ValueId{static_cast<std::uint32_t>(id)};
}

Quantization parse_quantization(Lexer& lexer, const ValueResolver& resolve) {
  using Scheme = Quantization::Scheme;
  const std::size_t start = lexer.peek().offset;
  Quantization quant;
  bool has_axis = false;
  bool has_block = false;
  lexer.expect('{');
  do {
    const Token key = lexer.expect(Token::Kind::identifier, "scale, zero_point, axis or block");
    lexer.expect('=');
    if (key.text == "scale" && !quant.scale.valid()) {
      quant.scale = parse_value_id(lexer, resolve);
    } else if (key.text == "zero_point" && !quant.zero_point.valid()) {
      quant.zero_point = parse_value_id(lexer, resolve);
    } else if (key.text == "axis" && !has_axis) {
      quant.axis = parse_bounded(lexer, 0, kMaxAxis, "an axis");
      has_axis = true;
    } else if (key.text == "block" && !has_block) {
      quant.block = parse_bounded(lexer, 1, 1 << 30, "a block");
      has_block = true;
    } else {
      lexer.fail(key.offset,
                 fmt::format("expected scale, zero_point, axis or block once each, found '{}'", key.text));
    }
  } while (lexer.accept(','));
  lexer.expect('}');
  if (!quant.scale.valid()) lexer.fail(start, "a quantized type needs a scale");
  if (has_block && !has_axis) lexer.fail(start, "a block needs an axis");
  quant.scheme = has_block ? Scheme::blocked : has_axis ? Scheme::per_axis : Scheme::per_tensor;
  return quant;
}

std::string print_tensor_type(const TensorType& type, const ValueNamer& namer) {
  std::string text(name(type.dtype));
  if (type.dims) {
    text += '[';
    for (std::size_t i = 0; i < type.dims->size(); ++i) {
      if (i > 0) text += ',';
      text += (*type.dims)[i].to_string();
    }
    text += ']';
  } else {
    text += "[*]";
  }
  if (!type.layout.is_plain()) {
    text += '@' + print_layout(type.layout, type.dims ? std::optional(type.dims->size()) : std::nullopt);
  }
  return text + print_quantization(type.quant, namer);
}

DataType parse_dtype(Lexer& lexer, const Token& token) {
  const auto dtype = parse_data_type(token.text);
  if (!dtype) lexer.fail(token.offset, fmt::format("'{}' is not an element type", token.text));
  return *dtype;
}

}  // namespace

std::string Layout::to_string() const { return print_layout(*this, std::nullopt); }

Layout Layout::parse(std::string_view text) {
  Lexer lexer(text, "layout");
  if (lexer.at_end()) return {};
  Layout layout = parse_layout(lexer);
  lexer.expect_end();
  return layout;
}

std::string print_type(const Type& type, const ValueNamer& namer) {
  switch (type.kind()) {
    case Type::Kind::tensor: return print_tensor_type(type.as_tensor(), namer);
    case Type::Kind::sequence: return "seq<" + print_type(type.element(), namer) + '>';
    case Type::Kind::optional: return "opt<" + print_type(type.element(), namer) + '>';
    case Type::Kind::map:
      return fmt::format("map<{}, {}>", name(type.key()), print_type(type.element(), namer));
  }
  return "";
}

Type parse_type(Lexer& lexer, const ValueResolver& resolve) {
  const Lexer::Nesting nesting(lexer);
  const Token word = lexer.expect(Token::Kind::identifier, "a type");
  if (word.text == "seq" || word.text == "opt") {
    lexer.expect('<');
    Type element = parse_type(lexer, resolve);
    lexer.expect('>');
    return word.text == "seq" ? Type::sequence(std::move(element)) : Type::optional(std::move(element));
  }
  if (word.text == "map") {
    lexer.expect('<');
    const Token key = lexer.expect(Token::Kind::identifier, "the element type of the keys");
    const DataType dtype = parse_dtype(lexer, key);
    if (!is_integer(dtype) && dtype != DataType::string)
      lexer.fail(key.offset, "the keys of a map are integers or strings");
    lexer.expect(',');
    Type value = parse_type(lexer, resolve);
    lexer.expect('>');
    return Type::map(dtype, std::move(value));
  }
  TensorType type;
  type.dtype = parse_dtype(lexer, word);
  lexer.expect('[');
  if (lexer.accept('*')) {
    lexer.expect(']');
  } else {
    type.dims.emplace();
    if (!lexer.accept(']')) {
      do {
        type.dims->push_back(parse_dim(lexer));
      } while (lexer.accept(','));
      lexer.expect(']');
    }
  }
  if (lexer.peek().is('@')) {
    const std::size_t start = lexer.next().offset;
    type.layout = parse_layout(lexer);
    if (type.layout.stored && type.dtype != DataType::f32)
      lexer.fail(start, fmt::format("only values of f32 are stored as {}", name(*type.layout.stored)));
  }
  if (lexer.peek().is('{')) type.quant = parse_quantization(lexer, resolve);
  return type;
}

std::string Type::to_string() const {
  return print_type(*this, [](ValueId id) { return fmt::format("%{}", id.value); });
}

Type Type::parse(std::string_view text) {
  Lexer lexer(text, "type");
  Type type = parse_type(lexer);
  lexer.expect_end();
  return type;
}

}  // namespace tenon
