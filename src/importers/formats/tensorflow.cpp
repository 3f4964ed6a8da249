// TensorFlow: frozen GraphDef files and SavedModel folders.
#include "importers/format.hpp"
#include "importers/tensorflow/import.hpp"

namespace tenon {

void register_format_tensorflow(FormatRegistry& registry) {
  ModelFormat format;
  format.name = "TensorFlow";
  format.extensions = {".pb"};
  format.takes = {ImportOption::inputs, ImportOption::outputs, ImportOption::input_shapes};
  format.recognizes = is_tensorflow_model;
  format.load = [](const std::filesystem::path& path, const ImportOptions& options) {
    return import_tensorflow(path, options);
  };
  registry.add(std::move(format));
}

}  // namespace tenon
