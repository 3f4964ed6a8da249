#include "caffe/model_writer.hpp"

#include <protozero/pbf_writer.hpp>

namespace tenon::test {

std::string blob_bytes(const BlobText& blob) {
  std::string bytes;
  protozero::pbf_writer out(bytes);
  if (blob.legacy) {
    std::vector<std::int64_t> four = blob.shape;
    while (four.size() < 4) four.insert(four.begin(), 1);
    for (std::uint32_t i = 0; i < 4; ++i) out.add_int32(i + 1, static_cast<std::int32_t>(four[i]));
  } else {
    std::string shape;
    protozero::pbf_writer(shape).add_packed_int64(1, blob.shape.begin(), blob.shape.end());
    out.add_message(7, shape);
  }
  if (blob.doubles) {
    out.add_packed_double(8, blob.values.begin(), blob.values.end());
  } else if (blob.packed) {
    out.add_packed_float(5, blob.values.begin(), blob.values.end());
  } else {
    for (const float value : blob.values) out.add_float(5, value);
  }
  return bytes;
}

std::string caffemodel(const std::vector<LayerBlobs>& layers, ModelForm form) {
  struct Numbers {
    protozero::pbf_tag_type layer, name, blobs;
  };
  constexpr Numbers kNumbers[] = {{100, 1, 7}, {2, 4, 6}, {2, 1, 50}};
  const Numbers numbers = kNumbers[static_cast<int>(form)];
  std::string bytes;
  protozero::pbf_writer net(bytes);
  net.add_string(1, "net");
  for (const LayerBlobs& layer : layers) {
    std::string message;
    protozero::pbf_writer out(message);
    out.add_string(numbers.name, layer.name);
    for (const BlobText& blob : layer.blobs) out.add_message(numbers.blobs, blob_bytes(blob));
    if (form == ModelForm::oldest) {
      std::string outer;
      protozero::pbf_writer(outer).add_message(1, message);
      message = outer;
    }
    net.add_message(numbers.layer, message);
  }
  return bytes;
}

}  // namespace tenon::test
