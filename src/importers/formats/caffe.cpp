// Caffe: a prototxt, with its weights and its mean image in files of their own.
#include "importers/caffe/import.hpp"
#include "importers/format.hpp"

#include <algorithm>

namespace tenon {
namespace {

// Text with a layer or an input in it; weights are recognized so that they can be refused with a reason.
bool is_caffe(const std::filesystem::path& path, std::string_view head) {
  if (path.extension() == ".caffemodel") return true;
  const auto is_text = [](char c) {
    return static_cast<unsigned char>(c) >= ' ' || (c >= '\t' && c <= '\r');
  };
  if (!std::all_of(head.begin(), head.end(), is_text)) return false;
  const auto opens = [&](std::string_view word, char sign) {
    for (std::size_t at = head.find(word); at != std::string_view::npos; at = head.find(word, at + 1)) {
      const std::size_t next = head.find_first_not_of(" \t\r\n", at + word.size());
      if (next != std::string_view::npos && head[next] == sign) return true;
    }
    return false;
  };
  return opens("layer", '{') || opens("layers", '{') || opens("input", ':');
}

}  // namespace

void register_format_caffe(FormatRegistry& registry) {
  ModelFormat format;
  format.name = "Caffe";
  format.extensions = {".prototxt", ".caffemodel"};
  format.takes = {ImportOption::weights, ImportOption::random_weights, ImportOption::mean,
                  ImportOption::inputs,  ImportOption::outputs,        ImportOption::input_shapes};
  format.recognizes = is_caffe;
  format.load = [](const std::filesystem::path& path, const ImportOptions& options) {
    return import_caffe(path, options);
  };
  registry.add(std::move(format));
}

}  // namespace tenon
