// The tables of a plan file: everything but bulk data.
#pragma once

#include "plan/plan.hpp"

#include <span>
#include <vector>

namespace tenon {

// Where a blob lies in the file.
struct BlobEntry {
  // Smaller ones are copied when a plan is loaded, so that they need no alignment in the file.
  static constexpr std::size_t kLeastMapped = 4096;

  DataType dtype = DataType::u8;
  Shape shape;
  std::uint64_t offset = 0;  // from the start of the section of small blobs or of that of mapped ones
  std::uint64_t hash = 0;    // of mapped ones

  std::uint64_t bytes() const;  // ModelError when they are too many to count
  bool is_small() const { return bytes() < kLeastMapped; }
};

struct Tables {
  Plan plan;                                  // without blobs and portable text
  std::vector<std::uint64_t> portable_sizes;  // of each profile's text; they follow one another
  std::vector<BlobEntry> blobs, portable_blobs;
  std::uint64_t portable_hash = 0;  // of that section as it is in the file
  std::uint64_t small_hash = 0;     // of the section of small blobs
};

std::vector<std::byte> write_tables(const Tables& tables);

// ModelError for what write_tables cannot have written. Ids, places and sizes are as found.
Tables read_tables(std::span<const std::byte> bytes);

}  // namespace tenon
