// TensorFlow Lite.
#include "importers/format.hpp"
#include "importers/tflite/import.hpp"

namespace tenon {

void register_format_tflite(FormatRegistry& registry) {
  ModelFormat format;
  format.name = "TensorFlow Lite";
  format.extensions = {".tflite"};
  format.takes = {ImportOption::outputs, ImportOption::input_shapes};
  format.recognizes = [](const std::filesystem::path&, std::string_view head) {
    return head.size() >= 8 && head.substr(4, 4) == "TFL3";
  };
  format.load = [](const std::filesystem::path& path, const ImportOptions& options) {
    return import_tflite(path, options);
  };
  registry.add(std::move(format));
}

}  // namespace tenon
