#include "ir/blob_store.hpp"

#include "base/check.hpp"
#include "base/mapped_file.hpp"

#include <bit>
#include <cstdint>
#include <cstring>
#include <ostream>
#include <vector>

namespace tenon {
namespace {

static_assert(std::endian::native == std::endian::little, "archives are little-endian");

constexpr char kMagic[8] = {'T', 'N', 'B', 'L', 'O', 'B', '0', '1'};
constexpr std::size_t kBlobAlignment = 64;

struct ArchiveHeader {
  char magic[8];
  std::uint64_t count;
};

struct ArchiveEntry {
  std::uint64_t high;
  std::uint64_t low;
  std::uint64_t offset;
  std::uint64_t size;
};

std::uint64_t align_up(std::uint64_t offset) {
  return (offset + kBlobAlignment - 1) / kBlobAlignment * kBlobAlignment;
}

template <class T>
void write_raw(std::ostream& out, const T& value) {
  out.write(reinterpret_cast<const char*>(&value), sizeof value);
}

}  // namespace

Hash128 BlobStore::add(std::span<const std::byte> bytes, std::shared_ptr<const void> owner) {
  const Hash128 hash = hash128(bytes);
  blobs_.try_emplace(hash, Blob{bytes, std::move(owner)});
  return hash;
}

std::optional<BlobStore::Blob> BlobStore::find(const Hash128& hash) const {
  const auto found = blobs_.find(hash);
  if (found == blobs_.end()) return std::nullopt;
  return found->second;
}

void BlobStore::write(const std::filesystem::path& path) const {
  write_file_atomically(path, [&](std::ostream& out) {
    ArchiveHeader header{};
    std::memcpy(header.magic, kMagic, sizeof kMagic);
    header.count = blobs_.size();
    write_raw(out, header);
    const std::uint64_t first = align_up(sizeof(ArchiveHeader) + blobs_.size() * sizeof(ArchiveEntry));
    std::uint64_t offset = first;
    for (const auto& [hash, blob] : blobs_) {
      write_raw(out, ArchiveEntry{hash.high, hash.low, offset, blob.bytes.size()});
      offset = align_up(offset + blob.bytes.size());
    }
    const std::vector<char> zeros(kBlobAlignment, 0);
    std::uint64_t at = sizeof(ArchiveHeader) + blobs_.size() * sizeof(ArchiveEntry);
    for (const auto& entry : blobs_) {
      const auto bytes = entry.second.bytes;
      out.write(zeros.data(), static_cast<std::streamsize>(align_up(at) - at));
      out.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
      at = align_up(at) + bytes.size();
    }
  });
}

BlobStore BlobStore::read(const std::filesystem::path& path) {
  const auto file = MappedFile::open(path);
  const std::string name = path.string();
  ArchiveHeader header{};
  TENON_REQUIRE(file->size() >= sizeof header, "{}: too short for a blob archive", name);
  std::memcpy(&header, file->data(), sizeof header);
  TENON_REQUIRE(std::memcmp(header.magic, kMagic, sizeof kMagic) == 0, "{}: not a blob archive", name);
  TENON_REQUIRE(header.count <= (file->size() - sizeof header) / sizeof(ArchiveEntry),
                "{}: {} entries do not fit in the file", name, header.count);
  BlobStore store;
  for (std::uint64_t i = 0; i < header.count; ++i) {
    ArchiveEntry entry{};
    std::memcpy(&entry, file->data() + sizeof header + i * sizeof entry, sizeof entry);
    TENON_REQUIRE(entry.offset <= file->size() && entry.size <= file->size() - entry.offset,
                  "{}: entry {} reaches beyond the end of the file", name, i);
    TENON_REQUIRE(entry.offset % kBlobAlignment == 0, "{}: entry {} is not aligned", name, i);
    const auto bytes = file->bytes().subspan(entry.offset, entry.size);
    const Hash128 hash{entry.high, entry.low};
    TENON_REQUIRE(hash128(bytes) == hash, "{}: the bytes of entry {} do not have its hash", name, i);
    store.blobs_.try_emplace(hash, Blob{bytes, file});
  }
  return store;
}

}  // namespace tenon
