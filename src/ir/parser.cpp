#include "ir/parser.hpp"

#include "base/check.hpp"
#include "base/mapped_file.hpp"
#include "base/text.hpp"
#include "ir/attribute_text.hpp"
#include "ir/dim_parser.hpp"
#include "ir/printer.hpp"
#include "ir/type_parser.hpp"

#include <tenon/error.hpp>

#include <fmt/format.h>

#include <map>
#include <type_traits>
#include <utility>
#include <vector>

namespace tenon {
namespace {

using TokenKind = Token::Kind;

constexpr std::size_t kMaxTextBytes = std::size_t{256} << 20;

class Parser {
 public:
  Parser(std::string_view text, const OpRegistry& registry, const BlobStore* blobs, const std::string& source)
      : lexer_(text, source),
        registry_(registry),
        attributes_(lexer_, blobs, [this](const Token& token) { return resolve(token); }) {}

  Graph run() {
    lexer_.expect("graph");
    lexer_.expect('@');
    graph_.set_name(parse_name("the graph's name"));
    parse_parameters(graph_.body());
    if (lexer_.accept("symbols")) parse_symbols();
    lexer_.expect('{');
    parse_statements(graph_.body());
    while (lexer_.accept("tap")) {
      const Token name = lexer_.expect(TokenKind::string, "the tap's name in quotes");
      for (const Tap& tap : graph_.taps()) {
        if (tap.name == name.text)
          lexer_.fail(name.offset, fmt::format("there are two taps named {}", quote(name.text)));
      }
      lexer_.expect('=');
      graph_.add_tap(name.text, resolve(lexer_.expect(TokenKind::value, "a value")));
    }
    lexer_.expect('}');
    lexer_.expect_end();
    return std::move(graph_);
  }

  Op run_op() {
    const std::size_t start = lexer_.peek().offset;
    const std::string name = parse_name("an operator");
    const AttributeList attributes = attributes_.parse();
    lexer_.expect_end();
    return located(start, [&] { return registry_.make(name, attributes); });
  }

 private:
  // What tells values apart in the text: the name (or number) and the number after '~'.
  using Key = std::pair<std::string, std::uint64_t>;

  static bool is_number(const Token& token) {
    return !token.quoted && token.text.find_first_not_of("0123456789") == std::string::npos;
  }
  static Key key_of(const Token& token) {
    return {(is_number(token) ? "#" : "%") + token.text, token.integer};
  }
  static std::string hint_of(const Token& token) { return is_number(token) ? std::string() : token.text; }

  ValueId resolve(const Token& token) const {
    const auto found = values_.find(key_of(token));
    if (found != values_.end()) return found->second;
    lexer_.fail(token.offset, fmt::format("{} is not defined here", token.source));
  }

  void define(const Token& token, ValueId id) {
    if (!values_.emplace(key_of(token), id).second) {
      lexer_.fail(token.offset, fmt::format("{} is defined twice", token.source));
    }
    scopes_.back().push_back(key_of(token));
  }

  // Runs f; a ModelError from it is reported at `offset`.
  template <class F>
  std::invoke_result_t<F> located(std::size_t offset, F&& f) const {
    try {
      return f();
    } catch (const ModelError& error) {
      lexer_.fail(offset, error.message());
    }
  }

  std::string parse_name(std::string_view what) {
    if (lexer_.peek().kind == TokenKind::string) return lexer_.next().text;
    return lexer_.expect(TokenKind::identifier, what).text;
  }

  Type parse_type_here() {
    return parse_type(lexer_, [this](const Token& token) { return resolve(token); });
  }

  void parse_parameters(RegionId region) {
    scopes_.emplace_back();
    lexer_.expect('(');
    if (lexer_.accept(')')) return;
    do {
      const Token token = lexer_.expect(TokenKind::value, "a parameter such as %x");
      lexer_.expect(':');
      Type type = parse_type_here();
      const ValueId id = located(token.offset, [&] {
        if (region != graph_.body()) return graph_.add_parameter(region, hint_of(token), std::move(type));
        if (is_number(token)) throw ModelError("the name of an input that is a number needs quotes");
        return graph_.add_input(token.text, std::move(type));
      });
      define(token, id);
      if (region == graph_.body()) parse_values(id);
    } while (lexer_.accept(','));
    lexer_.expect(')');
  }

  void parse_values(ValueId input) {
    const std::size_t start = lexer_.peek().offset;
    if (!lexer_.accept("is")) return;
    lexer_.expect('[');
    Dims values;
    if (!lexer_.accept(']')) {
      do values.push_back(parse_dim(lexer_));
      while (lexer_.accept(','));
      lexer_.expect(']');
    }
    located(start, [&] { graph_.set_input_values(input, std::move(values)); });
  }

  void parse_symbols() {
    lexer_.expect('(');
    do {
      const std::size_t start = lexer_.peek().offset;
      std::string symbol = parse_name("a symbol");
      lexer_.expect("in");
      lexer_.expect('[');
      Interval range;
      range.min = lexer_.expect_signed_integer();
      lexer_.expect(',');
      if (!lexer_.accept("inf")) range.max = lexer_.expect_signed_integer();
      lexer_.expect(']');
      located(start, [&] { graph_.set_symbol_range(std::move(symbol), range); });
    } while (lexer_.accept(','));
    lexer_.expect(')');
  }

  // Nodes up to and including the return, in the scope that is open; closes it unless it is the body's.
  void parse_statements(RegionId region) {
    const Lexer::Nesting nesting(lexer_);
    graph_.set_insertion_region(region);
    while (!lexer_.accept("return")) parse_node(region);
    const bool body = region == graph_.body();
    std::vector<ValueId> results;
    if (lexer_.peek().kind == TokenKind::value) {
      do {
        const Token token = lexer_.expect(TokenKind::value, "a value");
        results.push_back(resolve(token));
        if (body) {
          lexer_.expect("as");
          const Token name = lexer_.expect(TokenKind::string, "the output's name in quotes");
          located(name.offset, [&] { graph_.add_output(name.text, results.back()); });
        }
      } while (lexer_.accept(','));
    }
    if (body) return;
    graph_.set_results(region, std::move(results));
    for (const Key& key : scopes_.back()) values_.erase(key);
    scopes_.pop_back();
  }

  void parse_node(RegionId region) {
    std::vector<Token> results;
    if (lexer_.peek().kind == TokenKind::value) {
      do {
        results.push_back(lexer_.expect(TokenKind::value, "a value"));
      } while (lexer_.accept(','));
      lexer_.expect('=');
    }
    const std::size_t start = lexer_.peek().offset;
    const std::string name = parse_name(results.empty() ? "a node or return" : "an operator");
    if (registry_.find(name) == nullptr) located(start, [&] { registry_.make(name, {}); });
    std::vector<ValueId> inputs = parse_operands();
    const AttributeList attributes = attributes_.parse();
    Op op = located(start, [&] { return registry_.make(name, attributes); });

    std::vector<Type> types;
    std::vector<std::size_t> type_offsets;
    if (lexer_.accept(':')) {
      do {
        type_offsets.push_back(lexer_.peek().offset);
        types.push_back(parse_type_here());
      } while (lexer_.accept(','));
    }
    if (types.size() != results.size()) {
      lexer_.fail(start,
                  fmt::format("{} results need as many types, found {}", results.size(), types.size()));
    }
    std::string location;
    if (lexer_.accept("loc")) {
      lexer_.expect('(');
      location = lexer_.expect(TokenKind::string, "a location in quotes").text;
      lexer_.expect(')');
    }
    std::vector<RegionId> regions = parse_regions(region);

    graph_.set_location(std::move(location));
    const std::vector<ValueId> outputs = located(start, [&] {
      return regions.empty() ? graph_.add_node(std::move(op), std::move(inputs), results.size())
                             : graph_.add_region_node(std::move(op), std::move(inputs), std::move(regions),
                                                      results.size());
    });
    if (outputs.size() != results.size()) {
      lexer_.fail(start, fmt::format("{} gives {} results, found names for {}", name, outputs.size(),
                                     results.size()));
    }
    for (std::size_t i = 0; i < outputs.size(); ++i) {
      const Type& inferred = graph_.value(outputs[i]).type;
      if (!(inferred == types[i])) {
        lexer_.fail(type_offsets[i],
                    fmt::format("inference gives {} here",
                                print_type(inferred, [&](ValueId id) { return spelling(id); })));
      }
      define(results[i], outputs[i]);
      if (std::string hint = hint_of(results[i]); !hint.empty())
        graph_.set_value_name(outputs[i], std::move(hint));
    }
  }

  std::vector<ValueId> parse_operands() {
    std::vector<ValueId> inputs;
    if (!lexer_.accept('(') || lexer_.accept(')')) return inputs;
    do {
      inputs.push_back(lexer_.accept("_") ? ValueId{}
                                          : resolve(lexer_.expect(TokenKind::value, "an operand")));
    } while (lexer_.accept(','));
    lexer_.expect(')');
    return inputs;
  }

  std::vector<RegionId> parse_regions(RegionId outer) {
    std::vector<RegionId> regions;
    while (lexer_.accept("region")) {
      const RegionId id = graph_.add_region();
      if (lexer_.peek().is('(')) {
        parse_parameters(id);
      } else {
        scopes_.emplace_back();
      }
      lexer_.expect('{');
      parse_statements(id);
      lexer_.expect('}');
      regions.push_back(id);
    }
    graph_.set_insertion_region(outer);
    return regions;
  }

  std::string spelling(ValueId id) const {
    for (const auto& [key, value] : values_) {
      if (value == id) return '%' + key.first.substr(1);
    }
    return fmt::format("value {}", id.value);
  }

  Lexer lexer_;
  const OpRegistry& registry_;
  AttributeParser attributes_;
  Graph graph_;
  std::map<Key, ValueId> values_;         // visible ones
  std::vector<std::vector<Key>> scopes_;  // what each open region defined
};

}  // namespace

Graph parse(std::string_view text, const OpRegistry& registry, const BlobStore* blobs,
            const std::string& source) {
  return Parser(text, registry, blobs, source).run();
}

Op parse_op(std::string_view text, const OpRegistry& registry, const BlobStore* blobs,
            const std::string& source) {
  return Parser(text, registry, blobs, source).run_op();
}

Graph read_text(const std::filesystem::path& path, const OpRegistry& registry) {
  const MappedFile file(path);
  TENON_REQUIRE(file.size() <= kMaxTextBytes, "{}: {} is more text than {}", path.string(),
                format_bytes(file.size()), format_bytes(kMaxTextBytes));
  const std::filesystem::path blobs = blob_path(path);
  std::optional<BlobStore> store;
  if (std::filesystem::exists(blobs)) store = BlobStore::read(blobs);
  const std::string_view text(reinterpret_cast<const char*>(file.data()), file.size());
  return parse(text, registry, store ? &*store : nullptr, path.string());
}

}  // namespace tenon
