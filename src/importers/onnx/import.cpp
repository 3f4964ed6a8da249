#include "importers/onnx/import.hpp"

#include "base/context.hpp"
#include "base/mapped_file.hpp"
#include "base/text.hpp"
#include "importers/onnx/importer.hpp"
#include "importers/onnx/reader.hpp"

#include <tenon/error.hpp>

#include <fmt/format.h>

#include <cstring>
#include <memory>

namespace tenon {
namespace {

Graph import_bytes(std::string_view bytes, std::shared_ptr<const void> owner,
                   const std::filesystem::path& directory, const OnnxOptions& options) {
  const onnx::ModelDef model = onnx::read_model(bytes);
  onnx::TensorLoader tensors(std::move(owner), directory);
  return onnx::Importer(model, tensors, options).run();
}

}  // namespace

Graph import_onnx(const std::filesystem::path& path, const OnnxOptions& options) {
  return in_context(
      [&] {
        const auto file = MappedFile::open(path);
        const std::string_view bytes(reinterpret_cast<const char*>(file->data()), file->size());
        const auto directory = path.has_parent_path() ? path.parent_path() : std::filesystem::path(".");
        return import_bytes(bytes, file, directory, options);
      },
      [&] { return fmt::format("importing {}", quote(path.string())); });
}

Graph import_onnx(std::span<const std::byte> bytes, const OnnxOptions& options) {
  // Aligned like a mapped file, so that as many constants can be viewed in place.
  auto copy = std::make_shared<Tensor>(DataType::u8, Shape{static_cast<std::int64_t>(bytes.size())});
  if (!bytes.empty()) std::memcpy(copy->mutable_data(), bytes.data(), bytes.size());
  const std::string_view text(reinterpret_cast<const char*>(copy->data()), bytes.size());
  return import_bytes(text, copy, {}, options);
}

}  // namespace tenon
