// BlobStore: bytes by their hash. The textual IR keeps large constants here, outside of the text.
#pragma once

#include "base/hash.hpp"

#include <cstddef>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <span>

namespace tenon {

// Content-addressed: equal bytes are kept once. The bytes are not copied, their owner keeps them alive.
class BlobStore {
 public:
  struct Blob {
    std::span<const std::byte> bytes;
    std::shared_ptr<const void> owner;
  };

  Hash128 add(std::span<const std::byte> bytes, std::shared_ptr<const void> owner);
  std::optional<Blob> find(const Hash128& hash) const;
  bool empty() const noexcept { return blobs_.empty(); }
  const std::map<Hash128, Blob>& blobs() const noexcept { return blobs_; }

  // An archive: a table of hash, offset and size, then the blobs, each at a multiple of 64 bytes.
  void write(const std::filesystem::path& path) const;
  // Maps the archive; every offset and every hash is checked. ModelError names the file and what is wrong
  // with it.
  static BlobStore read(const std::filesystem::path& path);

 private:
  std::map<Hash128, Blob> blobs_;
};

}  // namespace tenon
