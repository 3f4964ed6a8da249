#include "importers/tflite/import.hpp"

#include "base/context.hpp"
#include "base/mapped_file.hpp"
#include "base/text.hpp"
#include "importers/tflite/importer.hpp"
#include "importers/tflite/reader.hpp"

#include <tenon/error.hpp>

#include <fmt/format.h>

#include <cstring>
#include <memory>

namespace tenon {
namespace {

Graph import_tflite_bytes(std::string_view bytes, std::shared_ptr<const void> owner,
                          const ImportOptions& options) {
  const tflite::ModelDef def = tflite::read_model(bytes);
  return tflite::Importer(def, std::move(owner), options).run();
}

}  // namespace

Graph import_tflite(const std::filesystem::path& path, const ImportOptions& options) {
  return in_context(
      [&] {
        const auto file = MappedFile::open(path);
        const std::string_view bytes(reinterpret_cast<const char*>(file->data()), file->size());
        return import_tflite_bytes(bytes, file, options);
      },
      [&] { return fmt::format("importing {}", quote(path.string())); });
}

Graph import_tflite(std::span<const std::byte> bytes, const ImportOptions& options) {
  // Aligned like a mapped file, so that as many constants can be viewed in place.
  auto copy = std::make_shared<Tensor>(DataType::u8, Shape{static_cast<std::int64_t>(bytes.size())});
  if (!bytes.empty()) std::memcpy(copy->mutable_data(), bytes.data(), bytes.size());
  return import_tflite_bytes({reinterpret_cast<const char*>(copy->data()), bytes.size()}, copy, options);
}

}  // namespace tenon
