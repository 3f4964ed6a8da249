// The formats that models come in. Each is one file in formats/, which says how the format is recognized and
// which of the caller's options it has a use for.
#pragma once

#include "ir/graph.hpp"

#include <tenon/import.hpp>

#include <cstdint>
#include <filesystem>
#include <string_view>
#include <vector>

namespace tenon {

enum class ImportOption : std::uint8_t {
  weights,
  random_weights,
  mean,
  inputs,
  outputs,
  input_shapes,
  input_orders
};

struct ModelFormat {
  std::string_view name;                     // "ONNX"
  std::vector<std::string_view> extensions;  // lower case, ".onnx"
  std::vector<ImportOption> takes;           // the others are refused
  // Whether the content fits; `head` is the beginning of the file, empty for a directory. Null: files of that
  // extension are of this format without looking.
  bool (*recognizes)(const std::filesystem::path& path, std::string_view head);
  // Names the path in its errors.
  Graph (*load)(const std::filesystem::path& path, const ImportOptions& options);
};

class FormatRegistry {
 public:
  void add(ModelFormat format) { formats_.push_back(std::move(format)); }
  const std::vector<ModelFormat>& all() const noexcept { return formats_; }
  // Extension and content; content; extension; in this order, else the first format that was added. Null for
  // a directory that no format recognizes. ModelError when the path cannot be read.
  const ModelFormat* find(const std::filesystem::path& path) const;

 private:
  std::vector<ModelFormat> formats_;
};

// Every format; filled on first use, thread-safe.
const FormatRegistry& model_formats();

// ModelError naming the first option that is set and that the format does not take.
void check_options(const ModelFormat& format, const ImportOptions& options);

// Recognizes the format and imports.
Graph import_model(const std::filesystem::path& path, const ImportOptions& options);

// Generated from the entries in CMakeLists.txt.
void register_all_format(FormatRegistry& registry);

}  // namespace tenon
