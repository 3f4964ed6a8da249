// Reads arbitrary bytes as the weights of a network and as a mean image. Only ModelError may come out.
#include "importers/caffe/import.hpp"
#include "importers/caffe/weights.hpp"

#include <tenon/error.hpp>

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace {

// Layers whose names the seeds use, with a blob of every rank.
constexpr std::string_view kNet = R"(
  input: "x" input_shape { dim: 1 dim: 2 dim: 3 dim: 3 }
  layer { name: "a" type: "Convolution" bottom: "x" top: "a" convolution_param { num_output: 2 kernel_size: 3 } }
  layer { name: "b" type: "BatchNorm" bottom: "x" top: "b" }
  layer { name: "c" type: "InnerProduct" bottom: "x" top: "c" inner_product_param { num_output: 2 } }
  layer { name: "d" type: "PReLU" bottom: "x" top: "d" prelu_param { channel_shared: true } })";

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  try {
    tenon::import_caffe(kNet, &bytes, {}).verify();
  } catch (const tenon::ModelError&) {
  }
  try {
    tenon::caffe::parse_mean(bytes);
  } catch (const tenon::ModelError&) {
  }
  return 0;
}
