// The plan container.
//
//   header    64 bytes: magic "TENONPLN", format, section offsets and sizes, checksums
//   tables    everything but bulk data; checksummed on every load
//   portable  the portable IR of each profile as text (may be empty); checksummed when it is used
//   blobs     page-aligned; every blob 64-byte aligned, mapped in place, checksummed by verify_blobs()
//
// A plan file is untrusted input: every offset, size and id is checked before it is used, and a file that
// does not check out is a ModelError that says what is wrong with it.
#pragma once

#include "plan/plan.hpp"

#include <filesystem>
#include <memory>
#include <span>
#include <vector>

namespace tenon {

inline constexpr std::uint32_t kPlanFormat = 4;

std::vector<std::byte> serialize_plan(const Plan& plan);

// Blobs view `bytes`, which `owner` keeps alive. `bytes` must be 64-byte aligned.
Plan parse_plan(std::span<const std::byte> bytes, const std::shared_ptr<const void>& owner);

// Written to a temporary file beside `path` and renamed.
void save_plan(const Plan& plan, const std::filesystem::path& path);

// Maps the file.
Plan load_plan(const std::filesystem::path& path);

// Recomputes every blob's checksum; ModelError naming the first that differs.
void verify_blobs(const std::filesystem::path& path);

// True when the bytes begin like a plan file.
bool looks_like_plan(std::span<const std::byte> bytes) noexcept;

// Ids in range, aliases acyclic, arena ranges inside the arena, blobs of the size that their type says.
// ModelError.
void validate_plan(const Plan& plan);

}  // namespace tenon
