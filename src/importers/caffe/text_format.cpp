#include "importers/caffe/text_format.hpp"

#include "base/text.hpp"

#include <tenon/error.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>

namespace tenon::caffe {
namespace {

constexpr int kMaxDepth = 100;
constexpr std::size_t kMaxFields = 500'000;  // some hundred times what large networks have

[[noreturn]] void fail_at(std::uint32_t line, const std::string& message) {
  throw ModelError(fmt::format("line {}: {}", line, message));
}

[[noreturn]] void fail_value(const Field& field, std::string_view expected) {
  const std::string found = field.message != nullptr ? "a message" : quote(field.text);
  fail_at(field.line, fmt::format("field '{}' should be {}, found {}", field.name, expected, found));
}

bool is_word_start(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

std::int64_t to_integer(const Field& field) {
  std::string_view text = field.text;
  const bool negative = text.starts_with('-');
  if (negative) text.remove_prefix(1);
  int base = 10;
  if (text.starts_with("0x") || text.starts_with("0X")) {
    base = 16;
    text.remove_prefix(2);
  } else if (text.size() > 1 && text[0] == '0') {
    base = 8;
  }
  std::int64_t value = 0;
  const char* end = text.data() + text.size();
  const auto [at, error] = std::from_chars(text.data(), end, value, base);
  const bool fits = error == std::errc() && at == end && value >= 0;
  if (!fits || field.quoted || field.message != nullptr) fail_value(field, "an integer");
  return negative ? -value : value;
}

float to_number(const Field& field) {
  std::string_view text = field.text;
  const bool negative = text.starts_with('-');
  if (negative) text.remove_prefix(1);
  if (text.size() > 1 && !text.starts_with("0x") && (text.back() == 'f' || text.back() == 'F') &&
      (is_digit(text[text.size() - 2]) || text[text.size() - 2] == '.')) {
    text.remove_suffix(1);
  }
  double value = 0;
  const char* end = text.data() + text.size();
  const auto [at, error] = std::from_chars(text.data(), end, value);
  const bool fits =
      at == end && !text.empty() && (error == std::errc() || error == std::errc::result_out_of_range);
  if (!fits || field.quoted || field.message != nullptr) fail_value(field, "a number");
  // from_chars leaves the value alone when it is too large or too small for a double.
  if (error == std::errc::result_out_of_range) fail_value(field, "a number that a float can hold");
  return static_cast<float>(negative ? -value : value);
}

const std::string& to_word(const Field& field) {
  if (field.message != nullptr) fail_value(field, "a string");
  return field.text;
}

class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) {}

  Message parse() {
    Message message;
    parse_fields(message, '\0');
    return message;
  }

 private:
  char peek() const noexcept { return at_ < text_.size() ? text_[at_] : '\0'; }
  bool at_end() const noexcept { return at_ >= text_.size(); }
  char take() noexcept {
    const char c = text_[at_++];
    if (c == '\n') ++line_;
    return c;
  }

  void skip_blanks() {
    while (!at_end()) {
      const char c = peek();
      if (c == '#') {
        while (!at_end() && peek() != '\n') ++at_;
      } else if (c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f' || c == '\v') {
        take();
      } else {
        return;
      }
    }
  }

  bool accept(char c) {
    skip_blanks();
    if (at_end() || peek() != c) return false;
    take();
    return true;
  }

  [[noreturn]] void fail_here(std::string_view expected) const {
    fail_at(line_, at_end() ? fmt::format("expected {}, found the end", expected)
                            : fmt::format("expected {}, found {}", expected, quote(text_.substr(at_, 1))));
  }

  // Up to `close`, which is taken; '\0' stands for the end of the text.
  void parse_fields(Message& message, char close) {
    if (depth_ == kMaxDepth) fail_at(line_, fmt::format("messages are nested more than {} deep", kMaxDepth));
    ++depth_;
    while (true) {
      skip_blanks();
      if (close == '\0' && at_end()) break;
      if (close != '\0' && accept(close)) break;
      parse_field(message);
      if (!accept(',')) accept(';');
    }
    --depth_;
  }

  void parse_field(Message& message) {
    if (!is_word_start(peek())) fail_here("the name of a field");
    const std::string name = word();
    const bool colon = accept(':');
    skip_blanks();
    if (peek() == '[') {
      take();
      if (accept(']')) return;
      do {
        parse_value(message, name, true);
      } while (accept(','));
      if (!accept(']')) fail_here("',' or ']'");
      return;
    }
    parse_value(message, name, colon);
  }

  void parse_value(Message& message, const std::string& name, bool scalar_allowed) {
    if (++count_ > kMaxFields) fail_at(line_, fmt::format("there are more than {} fields", kMaxFields));
    skip_blanks();
    Field field;
    field.name = name;
    field.line = line_;
    const char c = peek();
    if (c == '{' || c == '<') {
      take();
      field.message = std::make_unique<Message>();
      parse_fields(*field.message, c == '{' ? '}' : '>');
    } else if (!scalar_allowed) {
      fail_here("':' or '{'");
    } else if (c == '"' || c == '\'') {
      field.quoted = true;
      do {
        parse_string(field.text);
        skip_blanks();
      } while (peek() == '"' || peek() == '\'');
    } else {
      if (accept('-')) {
        field.text = '-';
        skip_blanks();
      }
      if (!is_word_start(peek()) && !is_digit(peek()) && peek() != '.') fail_here("a value");
      field.text += number_or_word();
    }
    message.add(std::move(field));
  }

  std::string word() {
    const std::size_t begin = at_;
    while (is_word_start(peek()) || is_digit(peek())) ++at_;
    return std::string(text_.substr(begin, at_ - begin));
  }

  std::string number_or_word() {
    const std::size_t begin = at_;
    const bool number = !is_word_start(peek());
    while (is_word_start(peek()) || is_digit(peek()) || peek() == '.' || (number && after_exponent(begin)))
      ++at_;
    return std::string(text_.substr(begin, at_ - begin));
  }

  // Whether a sign stands here that belongs to an exponent.
  bool after_exponent(std::size_t begin) const {
    if ((peek() != '-' && peek() != '+') || at_ == begin) return false;
    return text_[at_ - 1] == 'e' || text_[at_ - 1] == 'E';
  }

  void parse_string(std::string& out) {
    const std::uint32_t line = line_;
    const char close = take();
    while (true) {
      if (at_end() || peek() == '\n') fail_at(line, "a string has no end");
      const char c = take();
      if (c == close) return;
      out += c == '\\' ? escape(line) : c;
    }
  }

  char escape(std::uint32_t line) {
    if (at_end()) fail_at(line, "a string has no end");
    const char c = take();
    switch (c) {
      case 'n': return '\n';
      case 't': return '\t';
      case 'r': return '\r';
      case 'a': return '\a';
      case 'b': return '\b';
      case 'f': return '\f';
      case 'v': return '\v';
      case '\\':
      case '\'':
      case '"':
      case '?': return c;
      case 'x': return coded(line, 16, 2);
      default: --at_; return coded(line, 8, 3);
    }
  }

  char coded(std::uint32_t line, int base, std::size_t digits) {
    const char* begin = text_.data() + at_;
    const char* end = begin + std::min(digits, text_.size() - at_);
    unsigned value = 0;
    const auto [at, error] = std::from_chars(begin, end, value, base);
    if (error != std::errc() || value > 255) fail_at(line, "a string has an escape that does not exist");
    at_ += static_cast<std::size_t>(at - begin);
    return static_cast<char>(value);
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::uint32_t line_ = 1;
  int depth_ = 0;
  std::size_t count_ = 0;
};

template <class T, class F>
std::vector<T> read_all(const std::vector<Field>& fields, std::string_view name, F&& read) {
  std::vector<T> values;
  for (const Field& field : fields) {
    if (field.name != name) continue;
    field.used = true;
    values.push_back(read(field));
  }
  return values;
}

}  // namespace

Field& Message::add(Field field) {
  fields_.push_back(std::move(field));
  return fields_.back();
}

bool Message::has(std::string_view name) const noexcept {
  return std::any_of(fields_.begin(), fields_.end(), [&](const Field& field) { return field.name == name; });
}

const Field* Message::single(std::string_view name) const {
  const Field* found = nullptr;
  for (const Field& field : fields_) {
    if (field.name != name) continue;
    field.used = true;
    if (found != nullptr) fail_at(field.line, fmt::format("field '{}' is given twice", name));
    found = &field;
  }
  return found;
}

std::optional<std::int64_t> Message::find_integer(std::string_view name) const {
  const Field* field = single(name);
  return field == nullptr ? std::nullopt : std::optional(to_integer(*field));
}

std::optional<float> Message::find_number(std::string_view name) const {
  const Field* field = single(name);
  return field == nullptr ? std::nullopt : std::optional(to_number(*field));
}

std::optional<std::string> Message::find_word(std::string_view name) const {
  const Field* field = single(name);
  return field == nullptr ? std::nullopt : std::optional(to_word(*field));
}

const Message* Message::find_message(std::string_view name) const {
  const Field* field = single(name);
  if (field == nullptr) return nullptr;
  if (field->message == nullptr) fail_value(*field, "a message");
  return field->message.get();
}

bool Message::flag(std::string_view name, bool otherwise) const {
  const Field* field = single(name);
  if (field == nullptr) return otherwise;
  const std::string& text = to_word(*field);
  if (text == "true" || text == "True" || text == "t" || text == "1") return true;
  if (text == "false" || text == "False" || text == "f" || text == "0") return false;
  fail_value(*field, "true or false");
}

const Message& Message::message(std::string_view name) const {
  static const Message empty;
  const Message* found = find_message(name);
  return found == nullptr ? empty : *found;
}

std::vector<std::int64_t> Message::integers(std::string_view name) const {
  return read_all<std::int64_t>(fields_, name, to_integer);
}

std::vector<float> Message::numbers(std::string_view name) const {
  return read_all<float>(fields_, name, to_number);
}

std::vector<std::string> Message::words(std::string_view name) const {
  return read_all<std::string>(fields_, name, to_word);
}

std::vector<const Message*> Message::messages(std::string_view name) const {
  return read_all<const Message*>(fields_, name, [](const Field& field) {
    if (field.message == nullptr) fail_value(field, "a message");
    return field.message.get();
  });
}

void Message::ignore(std::initializer_list<std::string_view> names) const {
  for (const Field& field : fields_) {
    if (std::find(names.begin(), names.end(), field.name) == names.end()) continue;
    field.used = true;
    if (field.message != nullptr) field.message->ignore_all();
  }
}

void Message::ignore_all() const {
  for (const Field& field : fields_) {
    field.used = true;
    if (field.message != nullptr) field.message->ignore_all();
  }
}

const Field* Message::unused() const noexcept {
  for (const Field& field : fields_) {
    if (!field.used) return &field;
    if (field.message == nullptr) continue;
    if (const Field* inner = field.message->unused()) return inner;
  }
  return nullptr;
}

Message parse_text(std::string_view text) {
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);  // a byte order mark
  return Parser(text).parse();
}

}  // namespace tenon::caffe
