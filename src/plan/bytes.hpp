// Little-endian byte streams for plan files. The reader trusts nothing: every length is checked against what
// is left.
#pragma once

#include <tenon/error.hpp>

#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace tenon {

static_assert(std::endian::native == std::endian::little, "plan files are read and written in place");

class ByteWriter {
 public:
  template <class T>
  requires(std::integral<T> || std::floating_point<T> || std::is_enum_v<T>) void put(T value) {
    raw(&value, sizeof(value));
  }
  void put(std::string_view text) {
    put(static_cast<std::uint32_t>(text.size()));
    raw(text.data(), text.size());
  }
  template <class T, class F>
  void list(const std::vector<T>& items, F&& write_one) {
    put(static_cast<std::uint32_t>(items.size()));
    for (const T& item : items) write_one(item);
  }
  std::size_t size() const noexcept { return bytes_.size(); }
  const std::vector<std::byte>& bytes() const noexcept { return bytes_; }

 private:
  void raw(const void* data, std::size_t size) {
    const auto* first = static_cast<const std::byte*>(data);
    bytes_.insert(bytes_.end(), first, first + size);
  }
  std::vector<std::byte> bytes_;
};

class ByteReader {
 public:
  explicit ByteReader(std::span<const std::byte> bytes) : left_(bytes) {}

  template <class T>
  requires(std::integral<T> || std::floating_point<T>) T get() {
    T value;
    std::memcpy(&value, take(sizeof(T)).data(), sizeof(T));
    return value;
  }
  // An enum whose values are 0 … count-1.
  template <class T>
  requires(std::is_enum_v<T>) T get_enum(int count) {
    const auto value = get<std::underlying_type_t<T>>();
    if (value >= count) throw ModelError("plan file: a field has a value that this version does not know");
    return static_cast<T>(value);
  }
  std::string text() {
    const auto size = get<std::uint32_t>();
    const auto bytes = take(size);
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
  }
  // `smallest` is the least number of bytes an item takes: it bounds the count before anything is allocated.
  template <class T, class F>
  std::vector<T> list(std::size_t smallest, F&& read_one) {
    const auto count = get<std::uint32_t>();
    if (count > left_.size() / smallest) throw ModelError("plan file: a list is longer than the file");
    std::vector<T> items;
    items.reserve(count);
    for (std::uint32_t i = 0; i < count; ++i) items.push_back(read_one());
    return items;
  }
  bool done() const noexcept { return left_.empty(); }

 private:
  std::span<const std::byte> take(std::size_t size) {
    if (size > left_.size()) throw ModelError("plan file: it ends inside a table");
    const auto head = left_.first(size);
    left_ = left_.subspan(size);
    return head;
  }
  std::span<const std::byte> left_;
};

}  // namespace tenon
