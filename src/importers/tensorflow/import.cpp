#include "importers/tensorflow/import.hpp"

#include "base/context.hpp"
#include "base/mapped_file.hpp"
#include "base/text.hpp"
#include "importers/tensorflow/importer.hpp"
#include "importers/tensorflow/reader.hpp"

#include <tenon/error.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <memory>

namespace tenon {
namespace {

constexpr std::string_view kSavedModelFile = "saved_model.pb";

// saved_model_schema_version = 1, then a MetaGraphDef that begins with its MetaInfoDef or GraphDef. An ONNX
// file begins alike, but its second field is text.
bool looks_like_saved_model(std::string_view head) noexcept {
  if (head.substr(0, 3) != "\x08\x01\x12") return false;
  std::size_t at = 3;
  while (at < head.size() && (static_cast<unsigned char>(head[at]) & 0x80U) != 0) ++at;
  return at + 1 < head.size() && (head[at + 1] == '\x0A' || head[at + 1] == '\x12');
}

const tensorflow::SignatureDef* choose_signature(const std::vector<tensorflow::SignatureDef>& signatures) {
  const auto served = std::find_if(signatures.begin(), signatures.end(),
                                   [](const auto& signature) { return signature.key == "serving_default"; });
  if (served != signatures.end()) return &*served;
  const auto usable = std::find_if(signatures.begin(), signatures.end(), [](const auto& signature) {
    return !signature.outputs.empty() && signature.key.substr(0, 2) != "__";
  });
  return usable == signatures.end() ? nullptr : &*usable;
}

const tensorflow::MetaGraph& choose_graph(const std::vector<tensorflow::MetaGraph>& metas) {
  const auto served = std::find_if(metas.begin(), metas.end(), [](const auto& meta) {
    return std::find(meta.tags.begin(), meta.tags.end(), "serve") != meta.tags.end();
  });
  return served == metas.end() ? metas.front() : *served;
}

Graph import_tensorflow_bytes(std::string_view bytes, std::shared_ptr<const void> owner, std::string name,
                              const ImportOptions& options) {
  if (looks_like_saved_model(bytes)) {
    const std::vector<tensorflow::MetaGraph> metas = tensorflow::read_saved_model(bytes);
    const tensorflow::MetaGraph& meta = choose_graph(metas);
    const tensorflow::ModelView model{meta.graph, choose_signature(meta.signatures), std::move(owner),
                                      std::move(name)};
    return tensorflow::Importer(model, options).run();
  }
  const tensorflow::GraphDef graph = tensorflow::read_graph(bytes);
  return tensorflow::Importer({graph, nullptr, std::move(owner), std::move(name)}, options).run();
}

}  // namespace

Graph import_tensorflow(const std::filesystem::path& path, const ImportOptions& options) {
  return in_context(
      [&] {
        const bool folder = std::filesystem::is_directory(path);
        const auto file = MappedFile::open(folder ? path / kSavedModelFile : path);
        const std::string_view bytes(reinterpret_cast<const char*>(file->data()), file->size());
        const auto named = path.has_filename() ? path : path.parent_path();
        return import_tensorflow_bytes(bytes, file, named.stem().string(), options);
      },
      [&] { return fmt::format("importing {}", quote(path.string())); });
}

Graph import_tensorflow(std::span<const std::byte> bytes, const ImportOptions& options) {
  // Aligned like a mapped file, so that as many constants can be viewed in place.
  auto copy = std::make_shared<Tensor>(DataType::u8, Shape{static_cast<std::int64_t>(bytes.size())});
  if (!bytes.empty()) std::memcpy(copy->mutable_data(), bytes.data(), bytes.size());
  const std::string_view text(reinterpret_cast<const char*>(copy->data()), bytes.size());
  return import_tensorflow_bytes(text, copy, "main", options);
}

bool is_tensorflow_model(const std::filesystem::path& path, std::string_view head) noexcept {
  std::error_code error;
  if (std::filesystem::is_directory(path, error))
    return std::filesystem::is_regular_file(path / kSavedModelFile, error);
  return looks_like_saved_model(head) || tensorflow::looks_like_graph(head);
}

}  // namespace tenon
