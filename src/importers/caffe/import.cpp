#include "importers/caffe/import.hpp"

#include "base/check.hpp"
#include "base/context.hpp"
#include "base/mapped_file.hpp"
#include "base/text.hpp"
#include "importers/caffe/importer.hpp"
#include "importers/caffe/net.hpp"
#include "importers/caffe/weights.hpp"

#include <fmt/format.h>

#include <optional>

namespace tenon {
namespace {

// Real ones stay below a megabyte.
constexpr std::size_t kMaxTextBytes = std::size_t{64} << 20;

}  // namespace

Graph import_caffe(const std::filesystem::path& prototxt, const ImportOptions& options) {
  return in_context(
      [&] {
        TENON_REQUIRE(
            prototxt.extension() != ".caffemodel",
            "this is a file of weights; the model is the prototxt that it belongs to, and the weights "
            "are given beside it");
        const auto file = MappedFile::open(prototxt);
        TENON_REQUIRE(file->size() <= kMaxTextBytes, "a prototxt of {} is not supported",
                      format_bytes(file->size()));
        const caffe::NetDef net =
            caffe::read_net({reinterpret_cast<const char*>(file->data()), file->size()});
        std::optional<caffe::Weights> weights;
        if (!options.weights.empty()) weights = caffe::Weights::open(options.weights);
        std::optional<Tensor> mean;
        if (!options.mean.empty()) mean = caffe::read_mean(options.mean);
        return caffe::Importer(net, weights ? &*weights : nullptr, mean ? &*mean : nullptr, options,
                               kMaxDrawnWeights)
            .run();
      },
      [&] { return fmt::format("importing {}", quote(prototxt.string())); });
}

Graph import_caffe(std::string_view prototxt, const std::string_view* caffemodel,
                   const ImportOptions& options, std::int64_t drawable) {
  const caffe::NetDef net = caffe::read_net(prototxt);
  std::optional<caffe::Weights> weights;
  if (caffemodel != nullptr) weights.emplace(*caffemodel, nullptr);
  return caffe::Importer(net, weights ? &*weights : nullptr, nullptr, options, drawable).run();
}

}  // namespace tenon
