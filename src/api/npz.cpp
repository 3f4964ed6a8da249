// .npz: a zip archive of .npy files, stored or deflated, as numpy.savez and savez_compressed write them.
// Reference: PKWARE's APPNOTE.TXT 6.3, sections 4.3.7 (local header), 4.3.12 (central directory), 4.3.16 (its
// end), 4.5.3 (zip64).
#include "base/check.hpp"
#include "base/context.hpp"
#include "base/deflate.hpp"
#include "base/mapped_file.hpp"
#include "base/text.hpp"
#include "ir/npy.hpp"

#include <tenon/error.hpp>
#include <tenon/io.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>

namespace tenon {
namespace {

using Bytes = std::span<const std::byte>;

constexpr std::size_t kEndSize = 22;
constexpr std::size_t kCentralSize = 46;
constexpr std::size_t kLocalSize = 30;
// Deflate cannot do better than this, so a header that promises more is wrong.
constexpr std::uint64_t kMostRatio = 1032;
constexpr std::uint64_t kMostInflated = 0x7FFFFFFF;

// Little-endian, after a check that it is inside.
template <class T>
T read(Bytes bytes, std::uint64_t at) {
  TENON_REQUIRE(at <= bytes.size() && bytes.size() - at >= sizeof(T), "the archive is cut off");
  T value = 0;
  for (std::size_t i = 0; i < sizeof(T); ++i)
    value = static_cast<T>(value | static_cast<T>(static_cast<std::uint64_t>(bytes[at + i]) << (8 * i)));
  return value;
}

Bytes part(Bytes bytes, std::uint64_t at, std::uint64_t size) {
  TENON_REQUIRE(at <= bytes.size() && bytes.size() - at >= size, "the archive is cut off");
  return bytes.subspan(at, size);
}

std::string_view text_of(Bytes bytes) { return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; }

std::uint32_t crc32(Bytes bytes) {
  static const std::array<std::uint32_t, 256> table = [] {
    std::array<std::uint32_t, 256> entries{};
    for (std::uint32_t i = 0; i < 256; ++i) {
      std::uint32_t value = i;
      for (int bit = 0; bit < 8; ++bit) value = (value >> 1) ^ ((value & 1) != 0 ? 0xEDB88320U : 0U);
      entries[i] = value;
    }
    return entries;
  }();
  std::uint32_t crc = 0xFFFFFFFF;
  for (const std::byte b : bytes) crc = (crc >> 8) ^ table[(crc ^ static_cast<std::uint32_t>(b)) & 0xFFU];
  return ~crc;
}

struct Member {
  std::string name;
  std::uint16_t method = 0;
  std::uint16_t flags = 0;
  std::uint32_t crc = 0;
  std::uint64_t packed = 0;
  std::uint64_t size = 0;
  std::uint64_t local = 0;  // offset of the local header
};

// Sizes and offset that do not fit in 32 bits, in the order in which they did not.
void read_zip64(Bytes extra, Member& member) {
  for (std::uint64_t at = 0; at + 4 <= extra.size();) {
    const auto id = read<std::uint16_t>(extra, at);
    const Bytes field = part(extra, at + 4, read<std::uint16_t>(extra, at + 2));
    at += 4 + field.size();
    if (id != 1) continue;
    std::uint64_t next = 0;
    for (std::uint64_t* value : {&member.size, &member.packed, &member.local}) {
      if (*value != 0xFFFFFFFF) continue;
      *value = read<std::uint64_t>(field, next);
      next += 8;
    }
  }
}

std::vector<Member> read_directory(Bytes bytes) {
  // The end record is followed by a comment of at most 65535 bytes.
  TENON_REQUIRE(bytes.size() >= kEndSize, "it is no zip archive");
  std::uint64_t end = bytes.size() - kEndSize;
  const std::uint64_t first = end > 0xFFFF ? end - 0xFFFF : 0;
  while (end > first && read<std::uint32_t>(bytes, end) != 0x06054B50) --end;
  TENON_REQUIRE(read<std::uint32_t>(bytes, end) == 0x06054B50, "it is no zip archive");
  std::uint64_t count = read<std::uint16_t>(bytes, end + 10);
  std::uint64_t at = read<std::uint32_t>(bytes, end + 16);
  if (end >= 20 && read<std::uint32_t>(bytes, end - 20) == 0x07064B50) {  // zip64
    const auto end64 = read<std::uint64_t>(bytes, end - 12);
    TENON_REQUIRE(end64 < bytes.size() && read<std::uint32_t>(bytes, end64) == 0x06064B50,
                  "its zip64 directory is damaged");
    count = read<std::uint64_t>(bytes, end64 + 32);
    at = read<std::uint64_t>(bytes, end64 + 48);
  }
  std::vector<Member> members;
  for (std::uint64_t i = 0; i < count; ++i) {
    TENON_REQUIRE(read<std::uint32_t>(bytes, at) == 0x02014B50, "its directory is damaged");
    Member member;
    member.flags = read<std::uint16_t>(bytes, at + 8);
    member.method = read<std::uint16_t>(bytes, at + 10);
    member.crc = read<std::uint32_t>(bytes, at + 16);
    member.packed = read<std::uint32_t>(bytes, at + 20);
    member.size = read<std::uint32_t>(bytes, at + 24);
    const auto name = read<std::uint16_t>(bytes, at + 28);
    const auto extra = read<std::uint16_t>(bytes, at + 30);
    const auto comment = read<std::uint16_t>(bytes, at + 32);
    member.local = read<std::uint32_t>(bytes, at + 42);
    member.name = text_of(part(bytes, at + kCentralSize, name));
    read_zip64(part(bytes, at + kCentralSize + name, extra), member);
    at += kCentralSize + name + extra + comment;
    members.push_back(std::move(member));
  }
  return members;
}

Tensor read_member(Bytes bytes, const Member& member) {
  TENON_REQUIRE((member.flags & 1U) == 0, "it is encrypted");
  TENON_REQUIRE(read<std::uint32_t>(bytes, member.local) == 0x04034B50, "its local header is damaged");
  const std::uint64_t data = member.local + kLocalSize + read<std::uint16_t>(bytes, member.local + 26) +
                             read<std::uint16_t>(bytes, member.local + 28);
  const Bytes packed = part(bytes, data, member.packed);
  std::vector<std::byte> buffer;
  Bytes plain = packed;
  if (member.method == 8) {
    TENON_REQUIRE(member.size <= kMostInflated && member.size / kMostRatio <= member.packed,
                  "{} bytes cannot come from {} deflated ones, or are more than this reader takes",
                  member.size, member.packed);
    buffer = inflate(packed, member.size);
    plain = buffer;
  } else {
    TENON_REQUIRE(member.method == 0 && member.size == member.packed,
                  "method {} is neither stored nor deflated", member.method);
  }
  TENON_REQUIRE(crc32(plain) == member.crc, "its checksum is wrong");
  return parse_npy(plain);
}

}  // namespace

std::vector<std::pair<std::string, Tensor>> parse_npz(std::span<const std::byte> bytes) {
  std::vector<std::pair<std::string, Tensor>> arrays;
  for (const Member& member : read_directory(bytes)) {
    if (member.name.ends_with('/')) continue;
    std::string name = member.name;
    if (name.ends_with(".npy")) name.resize(name.size() - 4);
    in_context([&] { arrays.emplace_back(std::move(name), read_member(bytes, member)); },
               [&] { return fmt::format("reading its member {}", quote(member.name)); });
  }
  return arrays;
}

std::vector<std::pair<std::string, Tensor>> load_npz(const std::filesystem::path& path) {
  return in_context([&] { return parse_npz(MappedFile(path).bytes()); },
                    [&] { return fmt::format("reading {}", quote(path.string())); });
}

}  // namespace tenon
