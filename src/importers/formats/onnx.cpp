// ONNX. First in the list: what no other format recognizes is taken for it.
#include "importers/format.hpp"
#include "importers/onnx/import.hpp"

namespace tenon {

void register_format_onnx(FormatRegistry& registry) {
  ModelFormat format;
  format.name = "ONNX";
  format.extensions = {".onnx"};
  format.takes = {ImportOption::outputs, ImportOption::input_shapes};
  format.recognizes = nullptr;
  format.load = [](const std::filesystem::path& path, const ImportOptions& options) {
    return import_onnx(path, OnnxOptions(options));
  };
  registry.add(std::move(format));
}

}  // namespace tenon
