#include "importers/wire.hpp"

#include <tenon/error.hpp>

#include <fmt/format.h>
#include <protozero/varint.hpp>

#include <algorithm>
#include <bit>
#include <cstring>

namespace tenon {

static_assert(std::endian::native == std::endian::little,
              "fixed-width fields are viewed in the byte order of the file");

void WireReader::fail(const std::string& message) const {
  throw ModelError(fmt::format("malformed protobuf at byte {}: {}", offset(), message));
}

void WireReader::fail_wire(std::string_view expected) const {
  fail(fmt::format("field {} should be {} but has wire type {}", field_, expected, static_cast<int>(wire_)));
}

std::uint64_t WireReader::decode(Cursor& cursor) const {
  try {
    return protozero::decode_varint(&cursor.at, cursor.end);
  } catch (const protozero::exception&) {
    fail(cursor.end - cursor.at < 10 ? "the data ends inside a number" : "a number is longer than ten bytes");
  }
}

bool WireReader::next() {
  if (at_ == end_) return false;
  Cursor cursor{at_, end_};
  const std::uint64_t tag = decode(cursor);
  const std::uint64_t number = tag >> 3;
  if (number == 0 || number > 0x1FFFFFFF) fail(fmt::format("{} is not a field number", number));
  field_ = static_cast<std::uint32_t>(number);
  wire_ = static_cast<Wire>(tag & 7);
  std::uint64_t size = 0;
  switch (wire_) {
    case Wire::varint: value_ = decode(cursor); break;
    case Wire::fixed64: size = 8; break;
    case Wire::fixed32: size = 4; break;
    case Wire::bytes: size = decode(cursor); break;
    default: fail(fmt::format("wire type {} of field {} is not in use", tag & 7, field_));
  }
  const auto left = static_cast<std::uint64_t>(cursor.end - cursor.at);
  if (size > left) fail(fmt::format("field {} has {} bytes but only {} are left", field_, size, left));
  view_ = {cursor.at, static_cast<std::size_t>(size)};
  at_ = cursor.at + size;
  return true;
}

std::uint64_t WireReader::varint() const {
  if (wire_ != Wire::varint) fail_wire("a number");
  return value_;
}

float WireReader::float32() const {
  if (wire_ != Wire::fixed32) fail_wire("a float");
  float value = 0;
  std::memcpy(&value, view_.data(), sizeof value);
  return value;
}

std::string_view WireReader::bytes() const {
  if (wire_ != Wire::bytes) fail_wire("a string or message");
  return view_;
}

std::string_view WireReader::fixed_bytes(std::size_t width) const {
  const bool single = wire_ == (width == 4 ? Wire::fixed32 : Wire::fixed64);
  const bool packed = wire_ == Wire::bytes && view_.size() % width == 0;
  if (!single && !packed) fail_wire(width == 4 ? "floats" : "doubles");
  return view_;
}

std::size_t WireReader::varint_count() const {
  if (wire_ == Wire::varint) return 1;
  const std::string_view view = bytes();
  return static_cast<std::size_t>(std::count_if(
      view.begin(), view.end(), [](char c) { return (static_cast<unsigned char>(c) & 0x80U) == 0; }));
}

void WireReader::append_to(std::vector<std::int64_t>& values) const {
  each_varint([&](std::uint64_t value) { values.push_back(static_cast<std::int64_t>(value)); });
}

void WireReader::append_to(std::vector<float>& values) const {
  const std::string_view view = fixed_bytes(sizeof(float));
  if (view.empty()) return;
  const std::size_t before = values.size();
  values.resize(before + view.size() / sizeof(float));
  std::memcpy(values.data() + before, view.data(), view.size());
}

}  // namespace tenon
