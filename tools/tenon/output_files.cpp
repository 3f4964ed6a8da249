#include "output_files.hpp"

#include "data_json.hpp"

#include <tenon/error.hpp>
#include <tenon/io.hpp>

#include <fmt/format.h>

#include <set>

namespace tenon::tool {
namespace fs = std::filesystem;

std::string safe_file_name(const std::string& name) {
  std::string safe;
  for (const char c : name) {
    if ((static_cast<unsigned char>(c) & 0xC0) == 0x80)
      continue;  // the character's first byte gave the '_' already
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    safe += letter || c == '.' || c == '_' || c == '-' ? c : '_';
  }
  return safe.empty() ? "_" : safe;
}

std::vector<fs::path> write_outputs(const fs::path& folder,
                                    const std::vector<std::pair<std::string, Data>>& outputs) {
  std::error_code error;
  const bool existed = fs::exists(folder, error);
  fs::create_directories(folder, error);
  if (error || !fs::is_directory(folder)) {
    throw ModelError(fmt::format("cannot create the directory '{}': {}", folder.string(),
                                 error ? error.message() : std::string("a file of that name exists")));
  }
  std::vector<fs::path> written;
  std::set<std::string> taken;
  try {
    for (const auto& [name, data] : outputs) {
      const std::string base = safe_file_name(name);
      std::string unique = base;
      for (int i = 2; !taken.insert(unique).second; ++i) unique = fmt::format("{}_{}", base, i);
      const bool numbers = data.is_tensor() && data.tensor().dtype() != DataType::string;
      const fs::path path = folder / (unique + (numbers ? ".npy" : ".json"));
      if (numbers) {
        save_npy(data.tensor(), path);
      } else {
        save_json(data, path);
      }
      written.push_back(path);
    }
  } catch (...) {
    for (const fs::path& path : written) fs::remove(path, error);
    if (!existed) fs::remove(folder, error);
    throw;
  }
  return written;
}

}  // namespace tenon::tool
