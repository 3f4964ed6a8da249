#include "importers/uff/import.hpp"

#include "base/context.hpp"
#include "base/mapped_file.hpp"
#include "base/text.hpp"
#include "importers/uff/importer.hpp"
#include "importers/uff/reader.hpp"

#include <tenon/error.hpp>

#include <fmt/format.h>

#include <cstring>
#include <memory>

namespace tenon {
namespace {

Graph import_uff_bytes(std::string_view bytes, std::shared_ptr<const void> owner,
                       const ImportOptions& options) {
  const uff::MetaGraphDef def = uff::read_meta_graph(bytes);
  return uff::Importer(def, std::move(owner), options).run();
}

}  // namespace

Graph import_uff(const std::filesystem::path& path, const ImportOptions& options) {
  return in_context(
      [&] {
        const auto file = MappedFile::open(path);
        const std::string_view bytes(reinterpret_cast<const char*>(file->data()), file->size());
        return import_uff_bytes(bytes, file, options);
      },
      [&] { return fmt::format("importing {}", quote(path.string())); });
}

Graph import_uff(std::span<const std::byte> bytes, const ImportOptions& options) {
  // Aligned like a mapped file, so that as many constants can be viewed in place.
  auto copy = std::make_shared<Tensor>(DataType::u8, Shape{static_cast<std::int64_t>(bytes.size())});
  if (!bytes.empty()) std::memcpy(copy->mutable_data(), bytes.data(), bytes.size());
  return import_uff_bytes({reinterpret_cast<const char*>(copy->data()), bytes.size()}, copy, options);
}

}  // namespace tenon
