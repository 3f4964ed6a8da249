// Protobuf's text format, in which Caffe writes networks, as a tree without a schema: whoever reads a field
// says what it should be. Fields that nobody asked for can be found afterwards.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tenon::caffe {

class Message;

struct Field {
  std::string name;
  std::string text;  // of a scalar: as written, strings without quotes and escapes
  bool quoted = false;
  std::unique_ptr<Message> message;  // null for a scalar
  std::uint32_t line = 0;
  mutable bool used = false;
};

// Reading a field marks it as used; a value that does not fit, or a second one where there may be one, is a
// ModelError with the line.
class Message {
 public:
  const std::vector<Field>& fields() const noexcept { return fields_; }
  std::vector<Field>& fields() noexcept { return fields_; }
  Field& add(Field field);

  bool has(std::string_view name) const noexcept;
  std::optional<std::int64_t> find_integer(std::string_view name) const;
  std::optional<float> find_number(std::string_view name) const;
  std::optional<std::string> find_word(std::string_view name) const;  // a string or an enumerator
  const Message* find_message(std::string_view name) const;           // null when absent

  std::int64_t integer(std::string_view name, std::int64_t otherwise) const {
    return find_integer(name).value_or(otherwise);
  }
  float number(std::string_view name, float otherwise) const { return find_number(name).value_or(otherwise); }
  bool flag(std::string_view name, bool otherwise) const;
  std::string word(std::string_view name, std::string otherwise) const {
    return find_word(name).value_or(std::move(otherwise));
  }
  const Message& message(std::string_view name) const;  // an empty one when absent

  std::vector<std::int64_t> integers(std::string_view name) const;
  std::vector<float> numbers(std::string_view name) const;
  std::vector<std::string> words(std::string_view name) const;
  std::vector<const Message*> messages(std::string_view name) const;

  void ignore(std::initializer_list<std::string_view> names) const;
  void ignore_all() const;
  // The first field here or inside that nobody asked for; null when there is none.
  const Field* unused() const noexcept;

 private:
  const Field* single(std::string_view name) const;

  std::vector<Field> fields_;
};

// ModelError with the line of the first character that does not fit, and for more than a hundred levels or
// half a million fields.
Message parse_text(std::string_view text);

}  // namespace tenon::caffe
