// Byte streams for plan files. Integers of more than a byte take seven bits a byte, the lowest first, with
// the eighth bit set in all but the last; signed ones are folded first (0, -1, 1, -2 … as 0, 1, 2, 3 …), so
// that small ones are short. Floats and hashes are as in memory, little-endian. The reader trusts nothing:
// every length is checked against what is left.
#pragma once

#include <tenon/error.hpp>

#include <algorithm>
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
    if constexpr (std::is_enum_v<T>) {
      put(static_cast<std::underlying_type_t<T>>(value));
    } else if constexpr (std::floating_point<T> || sizeof(T) == 1) {
      raw(&value, sizeof(value));
    } else if constexpr (std::signed_integral<T>) {
      const auto wide = static_cast<std::int64_t>(value);
      put_number((static_cast<std::uint64_t>(wide) << 1U) ^ static_cast<std::uint64_t>(wide >> 63));
    } else {
      put_number(value);
    }
  }
  void put(std::string_view text) {
    put_number(text.size());
    raw(text.data(), text.size());
  }
  void put_hash(std::uint64_t hash) { raw(&hash, sizeof(hash)); }
  template <class T, class F>
  void list(const std::vector<T>& items, F&& write_one) {
    put_number(items.size());
    for (const T& item : items) write_one(item);
  }
  std::size_t size() const noexcept { return bytes_.size(); }
  const std::vector<std::byte>& bytes() const noexcept { return bytes_; }

 private:
  void put_number(std::uint64_t value) {
    for (; value >= 0x80; value >>= 7U) bytes_.push_back(static_cast<std::byte>(value | 0x80U));
    bytes_.push_back(static_cast<std::byte>(value));
  }
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
    if constexpr (std::floating_point<T> || sizeof(T) == 1) {
      return raw<T>();
    } else {
      std::uint64_t number = get_number();
      if constexpr (std::signed_integral<T>) number = (number >> 1U) ^ (~(number & 1U) + 1);
      const auto value = static_cast<T>(number);
      if (static_cast<std::uint64_t>(value) != number)
        throw ModelError("plan file: a number is larger than its field");
      return value;
    }
  }
  std::uint64_t get_hash() { return raw<std::uint64_t>(); }
  // An enum whose values are 0 … count-1.
  template <class T>
  requires(std::is_enum_v<T>) T get_enum(int count) {
    const auto value = get<std::underlying_type_t<T>>();
    if (value >= count) throw ModelError("plan file: a field has a value that this version does not know");
    return static_cast<T>(value);
  }
  std::string text() {
    const auto bytes = take(get_number());
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
  }
  // `smallest` is the least number of bytes an item takes, which bounds the count.
  template <class T, class F>
  std::vector<T> list(std::size_t smallest, F&& read_one) {
    const std::uint64_t count = get_number();
    if (count > left_.size() / smallest) throw ModelError("plan file: a list is longer than the file");
    std::vector<T> items;
    items.reserve(std::min<std::uint64_t>(count, kMostReserved));
    for (std::uint64_t i = 0; i < count; ++i) items.push_back(read_one());
    return items;
  }
  bool done() const noexcept { return left_.empty(); }

 private:
  // Items take more memory than bytes of the file: what a long list takes has to be there first.
  static constexpr std::uint64_t kMostReserved = 256;

  template <class T>
  T raw() {
    T value;
    std::memcpy(&value, take(sizeof(T)).data(), sizeof(T));
    return value;
  }
  std::uint64_t get_number() {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
      const auto byte = raw<std::uint8_t>();
      value |= static_cast<std::uint64_t>(byte & 0x7FU) << shift;
      if (byte < 0x80) return value;
    }
    throw ModelError("plan file: a number without an end");
  }
  std::span<const std::byte> take(std::uint64_t size) {
    if (size > left_.size()) throw ModelError("plan file: it ends inside a table");
    const auto head = left_.first(size);
    left_ = left_.subspan(size);
    return head;
  }
  std::span<const std::byte> left_;
};

}  // namespace tenon
