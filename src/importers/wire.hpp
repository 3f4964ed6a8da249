// WireReader: walks the fields of one protobuf message in place. Used by every importer whose source is
// protobuf.
//
// Unlike protozero's own reader it takes 64-bit lengths (a model may exceed 4 GiB) and reports a field of an
// unexpected wire type as the file's fault instead of asserting. Views point into the message; nothing is
// copied.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace tenon {

class WireReader {
 public:
  explicit WireReader(std::string_view message) noexcept : WireReader(message, message.data()) {}

  // Moves to the next field and decodes its extent; false at the end. ModelError with the byte offset when
  // the bytes are no protobuf or end too early.
  bool next();
  std::uint32_t field() const noexcept { return field_; }

  // The current field's value; ModelError when it is stored as another wire type. Repeated scalars may be
  // packed or not.
  std::uint64_t varint() const;
  std::int64_t int64() const { return static_cast<std::int64_t>(varint()); }
  std::int32_t int32() const { return static_cast<std::int32_t>(varint()); }
  float float32() const;
  std::string_view bytes() const;
  WireReader message() const { return {bytes(), origin_}; }
  void append_to(std::vector<std::int64_t>& values) const;
  void append_to(std::vector<float>& values) const;

  // Calls f(std::uint64_t) for each varint of a packed or unpacked repeated field.
  template <class F>
  void each_varint(F&& f) const {
    if (wire_ == Wire::varint) return f(value_);
    for (Cursor c{bytes().data(), bytes().data() + bytes().size()}; c.at != c.end;) f(decode(c));
  }
  // The bytes of a packed or unpacked repeated fixed-width field (float, double).
  std::string_view fixed_bytes(std::size_t width) const;
  // How many elements a packed or unpacked repeated varint field holds.
  std::size_t varint_count() const;

  std::size_t offset() const noexcept { return static_cast<std::size_t>(at_ - origin_); }
  [[noreturn]] void fail(const std::string& message) const;

 private:
  enum class Wire : std::uint8_t { varint = 0, fixed64 = 1, bytes = 2, fixed32 = 5 };
  struct Cursor {
    const char* at;
    const char* end;
  };

  WireReader(std::string_view message, const char* origin) noexcept
      : at_(message.data()), end_(message.data() + message.size()), origin_(origin) {}
  std::uint64_t decode(Cursor& cursor) const;
  [[noreturn]] void fail_wire(std::string_view expected) const;

  const char* at_;
  const char* end_;
  const char* origin_;
  std::uint32_t field_ = 0;
  Wire wire_ = Wire::varint;
  std::uint64_t value_ = 0;  // of a varint
  std::string_view view_;    // of the others
};

}  // namespace tenon
