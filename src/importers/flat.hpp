// FlatTable: reads tables of a flatbuffer in place, with every access checked against the file's bounds. Used
// by importers whose source is a flatbuffer.
//
// A table starts with the distance back to its vtable, which says where each field lies; absent fields have
// their defaults. Offsets always point forwards, so nothing refers to itself. Views point into the file.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace tenon {

class FlatTable {
 public:
  FlatTable() = default;  // no fields
  // ModelError when the file is too small, or `identifier` (four characters at byte 4) is not there.
  static FlatTable root(std::string_view file, std::string_view identifier);

  // Field `index` as the schema numbers them; a wrong extent is a ModelError that says where.
  template <class T>
  T scalar(std::size_t index, T otherwise) const {
    static_assert(std::is_arithmetic_v<T> && std::endian::native == std::endian::little);
    const std::size_t at = field(index, sizeof(T));
    return at == 0 ? otherwise : load<T>(at);
  }
  bool has(std::size_t index) const { return field(index, 0) != 0; }
  std::optional<FlatTable> table(std::size_t index) const;
  std::string_view text(std::size_t index) const;   // empty when absent
  std::string_view bytes(std::size_t index) const;  // of a vector of bytes
  // A vector of numbers of that type, widened; ModelError beyond `limit` elements.
  template <class T, class Wide = T>
  std::vector<Wide> numbers(std::size_t index, std::size_t limit) const {
    const std::string_view raw = vector(index, sizeof(T));
    const std::size_t count = raw.size() / sizeof(T);
    if (count > limit) fail_limit(count, limit);
    std::vector<Wide> values(count);
    for (std::size_t i = 0; i < count; ++i) {
      T value;
      std::memcpy(&value, raw.data() + i * sizeof(T), sizeof(T));
      values[i] = static_cast<Wide>(value);
    }
    return values;
  }
  std::vector<FlatTable> tables(std::size_t index, std::size_t limit) const;

 private:
  FlatTable(std::string_view file, std::size_t at);

  template <class T>
  T load(std::size_t at) const {
    T value;
    std::memcpy(&value, file_.data() + at, sizeof(T));
    return value;
  }
  std::size_t field(std::size_t index, std::size_t size) const;  // its place in the file; 0: absent
  std::size_t follow(std::size_t at) const;                      // where the offset there points to
  std::string_view vector(std::size_t index, std::size_t width) const;
  void require(std::size_t at, std::size_t size) const;  // ModelError unless these bytes exist
  [[noreturn]] void fail_limit(std::size_t count, std::size_t limit) const;

  std::string_view file_;
  std::size_t at_ = 0;
  std::size_t vtable_ = 0;
  std::size_t vtable_size_ = 0;
  std::size_t size_ = 0;
};

}  // namespace tenon
