#include "importers/flat.hpp"

#include <tenon/error.hpp>

#include <fmt/format.h>

namespace tenon {

void FlatTable::require(std::size_t at, std::size_t size) const {
  if (at > file_.size() || size > file_.size() - at) {
    throw ModelError(fmt::format("malformed flatbuffer: {} bytes at byte {} of {}", size, at, file_.size()));
  }
}

void FlatTable::fail_limit(std::size_t count, std::size_t limit) const {
  throw ModelError(
      fmt::format("malformed flatbuffer: a list in the table at byte {} has {} elements, more than {}", at_,
                  count, limit));
}

FlatTable FlatTable::root(std::string_view file, std::string_view identifier) {
  FlatTable head;
  head.file_ = file;
  head.require(0, 8);
  if (file.substr(4, identifier.size()) != identifier) {
    throw ModelError(fmt::format("not a flatbuffer of the kind {}", identifier));
  }
  return {file, head.follow(0)};
}

FlatTable::FlatTable(std::string_view file, std::size_t at) : file_(file), at_(at) {
  require(at, sizeof(std::int32_t));
  const std::int64_t vtable = static_cast<std::int64_t>(at) - load<std::int32_t>(at);
  if (vtable < 0)
    throw ModelError(fmt::format("malformed flatbuffer: the table at byte {} has no vtable", at));
  vtable_ = static_cast<std::size_t>(vtable);
  require(vtable_, 2 * sizeof(std::uint16_t));
  vtable_size_ = load<std::uint16_t>(vtable_);
  size_ = load<std::uint16_t>(vtable_ + sizeof(std::uint16_t));
  require(vtable_, vtable_size_);
  require(at_, size_);
}

std::size_t FlatTable::field(std::size_t index, std::size_t size) const {
  const std::size_t entry = (index + 2) * sizeof(std::uint16_t);
  if (entry + sizeof(std::uint16_t) > vtable_size_) return 0;
  const std::size_t offset = load<std::uint16_t>(vtable_ + entry);
  if (offset == 0) return 0;
  if (offset + size > size_) {
    throw ModelError(
        fmt::format("malformed flatbuffer: field {} lies behind the table at byte {}", index, at_));
  }
  return at_ + offset;
}

std::size_t FlatTable::follow(std::size_t at) const {
  require(at, sizeof(std::uint32_t));
  const std::size_t to = at + load<std::uint32_t>(at);
  require(to, sizeof(std::uint32_t));
  return to;
}

std::optional<FlatTable> FlatTable::table(std::size_t index) const {
  const std::size_t at = field(index, sizeof(std::uint32_t));
  if (at == 0) return std::nullopt;
  return FlatTable(file_, follow(at));
}

std::string_view FlatTable::vector(std::size_t index, std::size_t width) const {
  const std::size_t at = field(index, sizeof(std::uint32_t));
  if (at == 0) return {};
  const std::size_t start = follow(at);
  const std::size_t size = load<std::uint32_t>(start) * width;
  require(start + sizeof(std::uint32_t), size);
  return file_.substr(start + sizeof(std::uint32_t), size);
}

std::string_view FlatTable::text(std::size_t index) const { return vector(index, 1); }
std::string_view FlatTable::bytes(std::size_t index) const { return vector(index, 1); }

std::vector<FlatTable> FlatTable::tables(std::size_t index, std::size_t limit) const {
  const std::size_t at = field(index, sizeof(std::uint32_t));
  if (at == 0) return {};
  const std::size_t start = follow(at);
  const std::size_t count = load<std::uint32_t>(start);
  require(start + sizeof(std::uint32_t), count * sizeof(std::uint32_t));
  if (count > limit) fail_limit(count, limit);
  std::vector<FlatTable> tables;
  for (std::size_t i = 0; i < count; ++i)
    tables.push_back(FlatTable(file_, follow(start + (i + 1) * sizeof(std::uint32_t))));
  return tables;
}

}  // namespace tenon
