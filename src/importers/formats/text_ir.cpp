// The textual IR, which may have a side file path + ".blob" with its large constants.
#include "importers/format.hpp"
#include "ir/parser.hpp"
#include "ops/registry.hpp"

namespace tenon {

void register_format_text_ir(FormatRegistry& registry) {
  ModelFormat format;
  format.name = "textual IR";
  format.extensions = {".ir"};
  format.recognizes = nullptr;
  format.load = [](const std::filesystem::path& path, const ImportOptions&) {
    return read_text(path, builtin_ops());
  };
  registry.add(std::move(format));
}

}  // namespace tenon
