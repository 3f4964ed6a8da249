// Results as files: one per output, all or none.
#pragma once

#include <tenon/data.hpp>

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

namespace tenon::tool {

// Every character but letters, digits, '.', '_' and '-' becomes '_'.
std::string safe_file_name(const std::string& name);

// Creates `folder` if need be and writes each tensor to <safe name>.npy there, strings and what is no tensor
// to <safe name>.json; names that collide get "_2",
// "_3"… appended. Returns the paths. When one cannot be written, those written before it are removed.
std::vector<std::filesystem::path> write_outputs(const std::filesystem::path& folder,
                                                 const std::vector<std::pair<std::string, Data>>& outputs);

}  // namespace tenon::tool
