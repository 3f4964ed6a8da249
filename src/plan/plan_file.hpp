// The plan container.
//
//   header    64 bytes: magic "TENONPLN", format, sizes of the sections, checksums
//   tables    everything but bulk data (plan_tables.hpp), deflated
//   portable  the portable IR of each profile as text (may be empty), deflated
//   small     blobs of less than a page, without gaps
//   blobs     the others, each 64-byte aligned
//
// All but the last section is checksummed and copied on every load. What is in the last is used where it
// lies, in the file that is mapped, and is checksummed by verify_blobs().
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

inline constexpr std::uint32_t kPlanFormat = 5;

std::vector<std::byte> serialize_plan(const Plan& plan);

// Blobs of a page and more view `bytes`, which `owner` keeps alive. `bytes` must be 64-byte aligned.
Plan parse_plan(std::span<const std::byte> bytes, const std::shared_ptr<const void>& owner);

// Written to a temporary file beside `path` and renamed.
void save_plan(const Plan& plan, const std::filesystem::path& path);

// Maps the file.
Plan load_plan(const std::filesystem::path& path);

// Recomputes every checksum; ModelError naming the first blob that differs.
void verify_blobs(const std::filesystem::path& path);

// True when the bytes begin like a plan file.
bool looks_like_plan(std::span<const std::byte> bytes) noexcept;

// Ids in range, aliases acyclic, arena ranges inside the arena, blobs of the size that their type says.
// ModelError.
void validate_plan(const Plan& plan);

}  // namespace tenon
