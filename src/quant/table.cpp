#include "base/context.hpp"
#include "base/mapped_file.hpp"

#include <tenon/calibration_table.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <ostream>

namespace tenon {

const TensorRange* CalibratedTensor::range(const CalibrationRule& rule) const noexcept {
  const auto found =
      std::find_if(ranges.begin(), ranges.end(), [&](const TensorRange& r) { return r.rule == rule; });
  return found == ranges.end() ? nullptr : &*found;
}

const CalibratedTensor* CalibrationTable::find(std::string_view tensor) const noexcept {
  const auto found = std::find_if(tensors.begin(), tensors.end(),
                                  [&](const CalibratedTensor& t) { return t.name == tensor; });
  return found == tensors.end() ? nullptr : &*found;
}

CalibrationTable CalibrationTable::load(const std::filesystem::path& path) {
  return in_context(
      [&] {
        const MappedFile file(path);
        return parse({reinterpret_cast<const char*>(file.data()), file.size()});
      },
      [&] { return fmt::format("reading the calibration table '{}'", path.string()); });
}

void CalibrationTable::save(const std::filesystem::path& path) const {
  write_file_atomically(path, [&](std::ostream& out) { out << to_text(); });
}

}  // namespace tenon
