// UFF, which NVIDIA's TensorFlow converter writes.
#include "importers/format.hpp"
#include "importers/uff/import.hpp"
#include "importers/uff/reader.hpp"

namespace tenon {

void register_format_uff(FormatRegistry& registry) {
  ModelFormat format;
  format.name = "UFF";
  format.extensions = {".uff"};
  format.takes = {ImportOption::outputs, ImportOption::input_shapes, ImportOption::input_orders};
  format.recognizes = [](const std::filesystem::path&, std::string_view head) {
    return uff::looks_like_uff(head);
  };
  format.load = [](const std::filesystem::path& path, const ImportOptions& options) {
    return import_uff(path, options);
  };
  registry.add(std::move(format));
}

}  // namespace tenon
