// Caffe's binary files, written field by field: for tests and for the seeds of fuzzers.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace tenon::test {

struct BlobText {
  std::vector<std::int64_t> shape;
  std::vector<float> values;
  bool legacy = false;   // the shape as four numbers
  bool doubles = false;  // the values as doubles
  bool packed = true;
};

struct LayerBlobs {
  std::string name;
  std::vector<BlobText> blobs;
};

// Which of the three forms of a layer holds the blobs.
enum class ModelForm { newest, enumerated, oldest };

std::string blob_bytes(const BlobText& blob);
std::string caffemodel(const std::vector<LayerBlobs>& layers, ModelForm form = ModelForm::newest);

}  // namespace tenon::test
