#include "plan/plan_file.hpp"

#include "base/aligned_buffer.hpp"
#include "base/check.hpp"
#include "base/context.hpp"
#include "base/deflate.hpp"
#include "base/hash.hpp"
#include "base/mapped_file.hpp"
#include "plan/plan_tables.hpp"

#include <tenon/error.hpp>

#include <fmt/format.h>

#include <array>
#include <cstring>
#include <limits>
#include <numeric>
#include <ostream>
#include <unordered_map>

namespace tenon {
namespace {

constexpr std::array<char, 8> kMagic = {'T', 'E', 'N', 'O', 'N', 'P', 'L', 'N'};
constexpr std::size_t kBlobAlignment = AlignedBuffer::kAlignment;
// Deflated sections stand for at most so many times their size, so that a small file is a small plan.
constexpr std::size_t kMostDeflated = 64;

struct Header {
  std::array<char, 8> magic = kMagic;
  std::uint32_t format = kPlanFormat;
  std::uint32_t tables_plain = 0;    // bytes of the tables, which are deflated if that is more than they take
  std::uint64_t tables_bytes = 0;    // right behind the header
  std::uint64_t portable_bytes = 0;  // right behind the tables
  std::uint64_t small_bytes = 0;     // right behind the portable text
  std::uint64_t file_bytes = 0;
  std::uint64_t tables_hash = 0;
  std::uint64_t header_hash = 0;  // of all bytes before this field

  std::uint64_t compute_hash() const noexcept { return hash64(this, offsetof(Header, header_hash)); }
};
static_assert(sizeof(Header) == 64);

std::size_t round_up(std::size_t value, std::size_t alignment) {
  return (value + alignment - 1) / alignment * alignment;
}

// As it is stored: deflated where that makes it smaller.
std::vector<std::byte> stored(std::span<const std::byte> plain) {
  TENON_REQUIRE(plain.size() <= std::numeric_limits<std::int32_t>::max() / 2,
                "a plan with tables of {} bytes", plain.size());
  std::vector<std::byte> packed = deflate(plain);
  if (packed.size() < plain.size() && plain.size() <= kMostDeflated * packed.size()) return packed;
  return {plain.begin(), plain.end()};
}

std::vector<std::byte> restored(std::span<const std::byte> bytes, std::uint64_t plain) {
  if (plain == bytes.size()) return {bytes.begin(), bytes.end()};
  TENON_REQUIRE(plain > bytes.size() && plain <= kMostDeflated * bytes.size(),
                "plan file: {} bytes cannot stand for {}", bytes.size(), plain);
  return inflate(bytes, plain);
}

// Places blobs one after the other: small ones without gaps, the others aligned. Blobs of equal content share
// one place.
class BlobLayout {
 public:
  BlobEntry add(const Tensor& tensor) {
    TENON_REQUIRE(tensor.dtype() != DataType::string, "a plan cannot hold string constants");
    BlobEntry entry{tensor.dtype(), tensor.shape(), 0, hash64(tensor.data(), tensor.size_bytes())};
    for (auto [first, last] = placed_.equal_range(entry.hash); first != last; ++first) {
      const auto& [offset, other] = first->second;
      if (other.size_bytes() == tensor.size_bytes() &&
          (tensor.size_bytes() == 0 || std::memcmp(other.data(), tensor.data(), tensor.size_bytes()) == 0)) {
        entry.offset = offset;
        return entry;
      }
    }
    std::size_t& end = entry.is_small() ? small_ : mapped_;
    entry.offset = end;
    placed_.emplace(entry.hash, std::pair(end, tensor));
    end = entry.is_small() ? end + tensor.size_bytes() : round_up(end + tensor.size_bytes(), kBlobAlignment);
    return entry;
  }
  std::size_t small_bytes() const noexcept { return small_; }
  std::size_t mapped_bytes() const noexcept { return mapped_; }
  void copy_to(std::byte* small, std::byte* mapped) const {
    for (const auto& [hash, item] : placed_) {
      const auto& [offset, tensor] = item;
      if (tensor.size_bytes() == 0) continue;
      std::byte* section = tensor.size_bytes() < BlobEntry::kLeastMapped ? small : mapped;
      std::memcpy(section + offset, tensor.data(), tensor.size_bytes());
    }
  }

 private:
  std::size_t small_ = 0, mapped_ = 0;  // bytes of the sections so far
  std::unordered_multimap<std::uint64_t, std::pair<std::size_t, Tensor>> placed_;
};

// The file's parts, checked against its size and, but for the mapped blobs, against their checksums.
struct Parts {
  Tables tables;
  std::string portable;
  std::span<const std::byte> small, mapped;
};

Parts read_parts(std::span<const std::byte> bytes) {
  TENON_REQUIRE(looks_like_plan(bytes), "not a plan file: it does not begin with the magic \"TENONPLN\"");
  TENON_REQUIRE(bytes.size() >= sizeof(Header), "plan file: {} bytes are too few for a header", bytes.size());
  Header header;
  std::memcpy(&header, bytes.data(), sizeof(header));
  TENON_REQUIRE(header.format == kPlanFormat,
                "plan file has format {}, this version reads format {}: build it again", header.format,
                kPlanFormat);
  TENON_REQUIRE(header.header_hash == header.compute_hash(), "plan file: the header is damaged");
  TENON_REQUIRE(header.file_bytes == bytes.size(),
                "plan file: {} bytes expected, found {} (cut off or appended to)", header.file_bytes,
                bytes.size());
  std::span<const std::byte> left = bytes.subspan(sizeof(Header));
  const auto take = [&](std::uint64_t size) {
    TENON_REQUIRE(size <= left.size(), "plan file: a section lies outside the file");
    const auto section = left.first(size);
    left = left.subspan(size);
    return section;
  };
  const auto tables = take(header.tables_bytes);
  TENON_REQUIRE(hash64(tables.data(), tables.size()) == header.tables_hash,
                "plan file: the tables are damaged");
  Parts parts{read_tables(restored(tables, header.tables_plain)), {}, {}, {}};
  const auto portable = take(header.portable_bytes);
  TENON_REQUIRE(hash64(portable.data(), portable.size()) == parts.tables.portable_hash,
                "plan file: the portable section is damaged");
  std::uint64_t plain = 0;
  for (const std::uint64_t size : parts.tables.portable_sizes) {
    TENON_REQUIRE(size <= std::numeric_limits<std::int32_t>::max() - plain,
                  "plan file: a portable section of {} bytes", size);
    plain += size;
  }
  const std::vector<std::byte> text = restored(portable, plain);
  parts.portable.assign(reinterpret_cast<const char*>(text.data()), text.size());
  parts.small = take(header.small_bytes);
  TENON_REQUIRE(hash64(parts.small.data(), parts.small.size()) == parts.tables.small_hash,
                "plan file: the small blobs are damaged");
  const std::size_t offset = round_up(bytes.size() - left.size(), kBlobAlignment);
  if (offset < bytes.size()) parts.mapped = bytes.subspan(offset);
  return parts;
}

// Makes tensors of entries.
class BlobReader {
 public:
  // Copies the small ones.
  BlobReader(const Parts& parts, std::shared_ptr<const void> owner)
      : parts_(parts), owner_(std::move(owner)) {
    std::size_t bytes = 0, end = 0;
    for (const auto* entries : {&parts.tables.blobs, &parts.tables.portable_blobs}) {
      for (const BlobEntry& entry : *entries) {
        if (!entry.is_small() || entry.bytes() == 0) continue;
        static_cast<void>(find(entry));
        if (!places_.emplace(key(entry), end).second) continue;
        bytes += entry.bytes();
        end += round_up(entry.bytes(), kBlobAlignment);
      }
    }
    TENON_REQUIRE(bytes <= parts.small.size(), "plan file: small blobs overlap");
    small_ = std::make_shared<AlignedBuffer>(end);
    for (const auto& [key, place] : places_)
      std::memcpy(small_->data() + place, parts.small.data() + (key >> 12U), key % BlobEntry::kLeastMapped);
  }

  Tensor read(const BlobEntry& entry) const {
    if (entry.bytes() == 0) return Tensor(entry.dtype, entry.shape);
    const std::byte* data = find(entry);
    if (entry.is_small()) {
      data = small_->data() + places_.at(key(entry));
      return Tensor::view_const(entry.dtype, entry.shape, data, small_);
    }
    TENON_REQUIRE(entry.offset % kBlobAlignment == 0, "plan file: a blob is not aligned");
    return Tensor::view_const(entry.dtype, entry.shape, data, owner_);
  }

 private:
  static_assert(BlobEntry::kLeastMapped == 1U << 12U);

  // Of a small one: place and size.
  static std::uint64_t key(const BlobEntry& entry) { return (entry.offset << 12U) | entry.bytes(); }

  const std::byte* find(const BlobEntry& entry) const {
    const auto section = entry.is_small() ? parts_.small : parts_.mapped;
    TENON_REQUIRE(entry.offset <= section.size() && entry.bytes() <= section.size() - entry.offset,
                  "plan file: a blob lies outside the file");
    return section.data() + entry.offset;
  }

  const Parts& parts_;
  std::shared_ptr<const void> owner_;
  std::shared_ptr<AlignedBuffer> small_;
  std::unordered_map<std::uint64_t, std::size_t> places_;  // of copies, by key
};

}  // namespace

bool looks_like_plan(std::span<const std::byte> bytes) noexcept {
  return bytes.size() >= kMagic.size() && std::memcmp(bytes.data(), kMagic.data(), kMagic.size()) == 0;
}

std::vector<std::byte> serialize_plan(const Plan& plan) {
  Tables tables;
  BlobLayout layout;
  for (const Tensor& blob : plan.blobs) tables.blobs.push_back(layout.add(blob));
  for (const Tensor& blob : plan.portable_blobs) tables.portable_blobs.push_back(layout.add(blob));
  std::vector<std::byte> small(layout.small_bytes()), mapped(layout.mapped_bytes());
  layout.copy_to(small.data(), mapped.data());
  std::string text;
  for (const PlanProfile& profile : plan.profiles) text += profile.portable_ir;
  const std::vector<std::byte> portable = stored(std::as_bytes(std::span(text)));
  tables.portable_hash = hash64(portable.data(), portable.size());
  tables.small_hash = hash64(small.data(), small.size());
  tables.plan = plan;
  const std::vector<std::byte> plain = write_tables(tables);
  const std::vector<std::byte> packed = stored(plain);

  Header header;
  header.tables_plain = static_cast<std::uint32_t>(plain.size());
  header.tables_bytes = packed.size();
  header.portable_bytes = portable.size();
  header.small_bytes = small.size();
  std::size_t blobs = sizeof(Header) + packed.size() + portable.size() + small.size();
  if (!mapped.empty()) blobs = round_up(blobs, kBlobAlignment);
  header.file_bytes = blobs + mapped.size();
  header.tables_hash = hash64(packed.data(), packed.size());
  header.header_hash = header.compute_hash();

  std::vector<std::byte> file;
  file.reserve(header.file_bytes);
  const auto append = [&](std::span<const std::byte> bytes) {
    file.insert(file.end(), bytes.begin(), bytes.end());
  };
  append(std::as_bytes(std::span(&header, 1)));
  append(packed);
  append(portable);
  append(small);
  file.resize(blobs);
  append(mapped);
  return file;
}

Plan parse_plan(std::span<const std::byte> bytes, const std::shared_ptr<const void>& owner) {
  Parts parts = read_parts(bytes);
  const BlobReader blobs(parts, owner);
  Plan plan = std::move(parts.tables.plan);
  for (const BlobEntry& entry : parts.tables.blobs) plan.blobs.push_back(blobs.read(entry));
  for (const BlobEntry& entry : parts.tables.portable_blobs) plan.portable_blobs.push_back(blobs.read(entry));
  TENON_REQUIRE(plan.portable_hashes.size() == plan.portable_blobs.size(),
                "plan file: portable blobs without names");
  std::size_t from = 0;
  for (std::size_t i = 0; i < plan.profiles.size(); ++i) {
    plan.profiles[i].portable_ir = parts.portable.substr(from, parts.tables.portable_sizes[i]);
    from += parts.tables.portable_sizes[i];
  }
  validate_plan(plan);
  return plan;
}

void save_plan(const Plan& plan, const std::filesystem::path& path) {
  const std::vector<std::byte> bytes = serialize_plan(plan);
  write_file_atomically(path, [&](std::ostream& out) {
    out.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  });
}

Plan load_plan(const std::filesystem::path& path) {
  return in_context(
      [&] {
        auto file = MappedFile::open(path);
        return parse_plan(file->bytes(), file);
      },
      [&] { return fmt::format("loading the plan '{}'", path.string()); });
}

void verify_blobs(const std::filesystem::path& path) {
  const MappedFile file(path);
  const Parts parts = read_parts(file.bytes());
  const BlobReader blobs(parts, {});
  const auto check = [&](const std::vector<BlobEntry>& entries, std::string_view what) {
    for (std::size_t i = 0; i < entries.size(); ++i) {
      if (entries[i].is_small()) continue;
      const Tensor blob = blobs.read(entries[i]);
      TENON_REQUIRE(hash64(blob.data(), blob.size_bytes()) == entries[i].hash, "plan '{}': {} {} is damaged",
                    path.string(), what, i);
    }
  };
  check(parts.tables.blobs, "weight blob");
  check(parts.tables.portable_blobs, "portable blob");
}

}  // namespace tenon
