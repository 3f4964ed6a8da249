// Files with numbers: caffemodel (the blobs of every layer) and binaryproto (one blob, the mean image).
#pragma once

#include <tenon/tensor.hpp>

#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tenon::caffe {

// The blobs of layers by the layers' names, all three forms of layers. They stay in the mapped file wherever
// their alignment allows.
class Weights {
 public:
  // ModelError when the bytes are no network, or hold no layer with blobs. `owner` keeps them alive.
  Weights(std::string_view bytes, std::shared_ptr<const void> owner);
  static Weights open(const std::filesystem::path& path);

  bool has(const std::string& layer) const { return layers_.find(layer) != layers_.end(); }
  std::size_t count(const std::string& layer) const;

  // Blob `index` of a layer as f32 of that shape. The stored shape may differ by dims of 1 in front (old
  // files say [1, 1, n, k] for [n, k]). ModelError when there is no such blob, or of another shape.
  Tensor blob(const std::string& layer, std::size_t index, const Shape& shape) const;

 private:
  void add_layer(std::string_view message, std::uint32_t name_field, std::uint32_t blob_field,
                 std::uint32_t inner_field);

  std::map<std::string, std::vector<std::string_view>> layers_;  // the blobs' messages
  std::shared_ptr<const void> owner_;
  mutable std::map<std::pair<std::string, std::size_t>, Tensor> copies_;  // of blobs, which layers may share
};

// The mean image, f32[channels, height, width]. ModelError when the file holds something else.
Tensor read_mean(const std::filesystem::path& path);
Tensor parse_mean(std::string_view bytes);

}  // namespace tenon::caffe
