#include "importers/caffe/weights.hpp"

#include "base/context.hpp"
#include "base/mapped_file.hpp"
#include "base/text.hpp"
#include "importers/wire.hpp"

#include <tenon/error.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

namespace tenon::caffe {
namespace {

// Field numbers of the messages, one group for each.
enum Net : std::uint32_t { kNetOldLayers = 2, kNetLayers = 100 };
enum Layer : std::uint32_t { kLayerName = 1, kLayerBlobs = 7 };
enum OldLayer : std::uint32_t { kOldLayerInner = 1, kOldLayerName = 4, kOldLayerBlobs = 6 };
enum OldestLayer : std::uint32_t { kOldestLayerName = 1, kOldestLayerBlobs = 50 };
enum Blob : std::uint32_t { kBlobNum = 1, kBlobWidth = 4, kBlobData = 5, kBlobShape = 7, kBlobDoubles = 8 };
enum BlobShape : std::uint32_t { kShapeDim = 1 };

constexpr std::size_t kMaxBlobAxes = 32;

struct Runs {
  std::vector<std::string_view> list;
  std::size_t bytes = 0;
  void add(std::string_view run) {
    bytes += run.size();
    list.push_back(run);
  }
};

struct StoredBlob {
  Shape shape;
  Runs floats, doubles;
};

StoredBlob read_blob(std::string_view message) {
  StoredBlob blob;
  Shape legacy(4, 0);
  bool has_legacy = false;
  bool has_shape = false;
  for (WireReader in(message); in.next();) {
    const std::uint32_t field = in.field();
    if (field >= kBlobNum && field <= kBlobWidth) {
      legacy[field - kBlobNum] = in.int32();
      has_legacy = true;
    } else if (field == kBlobData) {
      blob.floats.add(in.fixed_bytes(sizeof(float)));
    } else if (field == kBlobDoubles) {
      blob.doubles.add(in.fixed_bytes(sizeof(double)));
    } else if (field == kBlobShape) {
      has_shape = true;
      for (WireReader dims = in.message(); dims.next();) {
        if (dims.field() == kShapeDim) dims.append_to(blob.shape);
        if (blob.shape.size() > kMaxBlobAxes) throw ModelError("a blob has more than 32 axes");
      }
    }
  }
  if (has_legacy && !has_shape) blob.shape = legacy;
  for (const std::int64_t dim : blob.shape) {
    if (dim < 0) throw ModelError(fmt::format("a blob has the shape [{}]", join(blob.shape)));
  }
  return blob;
}

Tensor to_tensor(const StoredBlob& blob, const Shape& shape, const std::shared_ptr<const void>& owner) {
  const std::int64_t elements = element_count(shape);
  const Runs& floats = blob.floats;
  const bool wide = floats.list.empty() && !blob.doubles.list.empty();
  const std::size_t found = wide ? blob.doubles.bytes / sizeof(double) : floats.bytes / sizeof(float);
  if (found != static_cast<std::uint64_t>(elements)) {
    throw ModelError(fmt::format("a blob of shape [{}] comes with {} numbers", join(shape), found));
  }
  const bool in_place = owner != nullptr && floats.list.size() == 1 && elements > 0 &&
                        reinterpret_cast<std::uintptr_t>(floats.list[0].data()) % alignof(float) == 0;
  if (in_place) return Tensor::view_const(DataType::f32, shape, floats.list[0].data(), owner);
  Tensor tensor(DataType::f32, shape);
  std::byte* out = tensor.mutable_data();
  for (const std::string_view run : floats.list) {
    if (!wide && !run.empty()) std::memcpy(out, run.data(), run.size());
    out += run.size();
  }
  if (!wide) return tensor;
  float* value = tensor.mutable_values<float>().data();
  for (const std::string_view run : blob.doubles.list) {
    for (std::size_t at = 0; at < run.size(); at += sizeof(double)) {
      double number = 0;
      std::memcpy(&number, run.data() + at, sizeof number);
      *value++ = static_cast<float>(number);
    }
  }
  return tensor;
}

// [1, 1, n, k] and [n, k] are the same to Caffe.
Shape without_leading_ones(const Shape& shape) {
  const auto first = std::find_if(shape.begin(), shape.end(), [](std::int64_t dim) { return dim != 1; });
  return {first, shape.end()};
}

std::string_view as_text(const MappedFile& file) {
  return {reinterpret_cast<const char*>(file.data()), file.size()};
}

}  // namespace

Weights::Weights(std::string_view bytes, std::shared_ptr<const void> owner) : owner_(std::move(owner)) {
  for (WireReader in(bytes); in.next();) {
    if (in.field() == kNetLayers) add_layer(in.bytes(), kLayerName, kLayerBlobs, 0);
    if (in.field() == kNetOldLayers) add_layer(in.bytes(), kOldLayerName, kOldLayerBlobs, kOldLayerInner);
  }
  if (layers_.empty()) throw ModelError("no layer with weights is in it: is this a caffemodel?");
}

void Weights::add_layer(std::string_view message, std::uint32_t name_field, std::uint32_t blob_field,
                        std::uint32_t inner_field) {
  std::string name;
  std::vector<std::string_view> blobs;
  for (WireReader in(message); in.next();) {
    const std::uint32_t field = in.field();
    if (field == inner_field && inner_field != 0)
      return add_layer(in.bytes(), kOldestLayerName, kOldestLayerBlobs, 0);
    if (field == name_field) name = in.bytes();
    if (field == blob_field) blobs.push_back(in.bytes());
  }
  if (!blobs.empty()) layers_.emplace(std::move(name), std::move(blobs));
}

Weights Weights::open(const std::filesystem::path& path) {
  return in_context(
      [&] {
        const auto file = MappedFile::open(path);
        return Weights(as_text(*file), file);
      },
      [&] { return fmt::format("reading the weights {}", quote(path.string())); });
}

std::size_t Weights::count(const std::string& layer) const {
  const auto found = layers_.find(layer);
  return found == layers_.end() ? 0 : found->second.size();
}

Tensor Weights::blob(const std::string& layer, std::size_t index, const Shape& shape) const {
  const auto found = layers_.find(layer);
  if (found == layers_.end()) throw ModelError("the weights have no layer of that name");
  if (index >= found->second.size()) {
    throw ModelError(fmt::format("the weights have {} blobs for it, expected more", found->second.size()));
  }
  const StoredBlob blob = read_blob(found->second[index]);
  if (without_leading_ones(blob.shape) != without_leading_ones(shape)) {
    throw ModelError(fmt::format("blob {} of its weights has the shape [{}], expected [{}]", index,
                                 join(blob.shape), join(shape)));
  }
  const auto copy = copies_.find({layer, index});
  if (copy != copies_.end()) return copy->second.reshaped(shape);
  Tensor tensor = to_tensor(blob, shape, owner_);
  if (tensor.writable()) copies_.emplace(std::pair(layer, index), tensor);
  return tensor;
}

Tensor parse_mean(std::string_view bytes) {
  const StoredBlob blob = read_blob(bytes);
  const Shape shape = without_leading_ones(blob.shape);
  if (shape.size() > 3 || blob.shape.empty()) {
    throw ModelError(
        fmt::format("the shape is [{}], expected one image: [channels, height, width]", join(blob.shape)));
  }
  Shape image = shape;
  while (image.size() < 3) image.insert(image.begin(), 1);
  return to_tensor(blob, image, nullptr);
}

Tensor read_mean(const std::filesystem::path& path) {
  return in_context([&] { return parse_mean(as_text(*MappedFile::open(path))); },
                    [&] { return fmt::format("reading the mean image {}", quote(path.string())); });
}

}  // namespace tenon::caffe
