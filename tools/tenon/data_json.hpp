// Any data as JSON: what .npy files cannot hold.
#pragma once

#include <tenon/data.hpp>

#include <nlohmann/json.hpp>

#include <filesystem>

namespace tenon::tool {

// Tensors are nested arrays (a scalar is its element), sequences are arrays, maps are lists of [key, value]
// pairs, an empty optional is null. NaN and infinities are null, as JSON has none. ModelError for dtypes
// other than bool, f32, f64, the integers of 8 to 64 bits, and strings.
nlohmann::ordered_json to_json(const Data& data);

// Replaces the file. ModelError when it cannot be written.
void save_json(const Data& data, const std::filesystem::path& path);

}  // namespace tenon::tool
