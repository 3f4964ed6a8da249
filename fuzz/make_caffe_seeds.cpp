// Writes the seeds of the Caffe importer's fuzzers: make_caffe_seeds PROTOTXT_FOLDER WEIGHTS_FOLDER. One
// small network for each family of layers, and one file of weights for each form; the fuzzers combine them.
#include "caffe/model_writer.hpp"

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

namespace {

using tenon::test::BlobText;
using tenon::test::LayerBlobs;
using tenon::test::ModelForm;

const std::string kImage = "input: \"x\" input_shape { dim: 1 dim: 4 dim: 6 dim: 8 }\n";

std::string one(const std::string& type, const std::string& fields = {}, const std::string& more = {}) {
  return kImage + "layer { name: \"l\" type: \"" + type + "\" bottom: \"x\" " + more + "top: \"y\" " +
         fields + " }\n";
}

std::vector<std::pair<std::string, std::string>> networks() {
  const std::string second = "bottom: \"x\" ";
  const std::string sequence =
      "layer { name: \"i\" type: \"Input\" top: \"x\" top: \"c\" input_param { shape { dim: 3 dim: 2 dim: 4 "
      "} "
      "shape { dim: 3 dim: 2 } } }\n";
  return {
      {"convolution", one("Convolution",
                          "convolution_param { num_output: 4 group: 2 kernel_size: 3 pad: 1 dilation: 2 "
                          "weight_filler { type: \"msra\" } }")},
      {"deconvolution", one("Deconvolution",
                            "convolution_param { num_output: 2 kernel_h: 4 kernel_w: 2 stride: 2 "
                            "bias_term: false }")},
      {"pooling", one("Pooling", "pooling_param { pool: AVE kernel_size: 3 stride: 2 pad: 1 }")},
      {"mask", one("Pooling", "top: \"m\" pooling_param { kernel_size: 2 stride: 2 }") +
                   "layer { name: \"u\" type: \"Upsample\" bottom: \"y\" bottom: \"m\" top: \"u\" }"},
      {"inner_product", one("InnerProduct", "inner_product_param { num_output: 3 axis: 2 transpose: true }")},
      {"lrn", one("LRN", "lrn_param { local_size: 3 norm_region: WITHIN_CHANNEL alpha: 1e-4 }")},
      {"batch_norm", one("BatchNorm", "batch_norm_param { use_global_stats: false eps: 1e-3 }")},
      {"scale", one("Scale", "scale_param { axis: 1 num_axes: 2 bias_term: true }")},
      {"bias", one("Bias", "bias_param { axis: -4 num_axes: -1 }")},
      {"eltwise", one("Eltwise", "eltwise_param { operation: SUM coeff: 1 coeff: -0.5 }", second)},
      {"concat", one("Concat", "concat_param { axis: 2 }", second)},
      {"slice", one("Slice", "top: \"z\" slice_param { slice_point: 1 }")},
      {"reshape", one("Reshape", "reshape_param { shape { dim: 0 dim: -1 dim: 2 } axis: 1 num_axes: 2 }")},
      {"flatten", one("Flatten", "flatten_param { axis: 1 end_axis: -2 }")},
      {"crop", one("Crop", "crop_param { axis: 2 offset: 0 }", second)},
      {"permute", one("Permute", "permute_param { order: 0 order: 2 order: 3 }")},
      {"normalize",
       one("Normalize",
           "norm_param { across_spatial: false channel_shared: false scale_filler { value: 20 } }")},
      {"argmax", one("ArgMax", "argmax_param { top_k: 2 out_max_val: true }")},
      {"reduction", one("Reduction", "reduction_param { operation: MEAN axis: 1 coeff: 2 }")},
      {"power", one("Power", "power_param { power: 3 scale: .5 shift: -1 }")},
      {"prelu", one("PReLU", "prelu_param { channel_shared: true }")},
      {"spp", one("SPP", "spp_param { pyramid_height: 2 pool: STOCHASTIC }")},
      {"im2col", one("Im2col", "convolution_param { kernel_size: 2 stride: 2 }")},
      {"interp", one("Interp", "interp_param { zoom_factor: 2 pad_beg: -1 pad_end: 0 }")},
      {"shuffle", one("ShuffleChannel", "shuffle_channel_param { group: 2 }")},
      {"tile", one("Tile", "tile_param { tiles: 2 axis: 3 }")},
      {"embed", one("Embed", "embed_param { num_output: 2 input_dim: 5 }")},
      {"mvn", one("MVN", "mvn_param { across_channels: true }")},
      {"axpy", one("Axpy", "", "bottom: \"x\" bottom: \"x\" ")},
      {"filter", one("Filter", "", second)},
      {"loss",
       one("SoftmaxWithLoss", "include { phase: TEST not_stage: \"s\" }", second) +
           "layer { type: \"Accuracy\" bottom: \"y\" bottom: \"x\" top: \"a\" exclude { phase: TRAIN } }"},
      {"lstm", sequence + "layer { name: \"l\" type: \"LSTM\" bottom: \"x\" bottom: \"c\" top: \"y\" "
                          "recurrent_param { num_output: 3 } }"},
      {"rnn", sequence +
                  "layer { name: \"l\" type: \"RNN\" bottom: \"x\" bottom: \"c\" top: \"y\" "
                  "recurrent_param { num_output: 2 weight_filler { type: \"uniform\" min: -1 max: 1 } } }"},
      {"enumerated",
       "input: 'x' input_dim: 1 input_dim: 1 input_dim: 4 input_dim: 4 layers < name: 'l' type: RELU "
       "bottom: 'x' top: 'x' relu_param { negative_slope: 0x1 } >"},
      {"oldest",
       "input: 'x' input_dim: [1, 1, 4, 4] layers { layer { name: 'l' type: 'conv' num_output: 1 "
       "kernelsize: 3 pad: 1 } bottom: 'x' top: 'y' }"},
      {"dummy",
       "layer { name: 'd' type: 'DummyData' top: 'x' dummy_data_param { shape { dim: 2 } } } "
       "layer { name: 'p' type: 'Parameter' top: 'p' parameter_param { shape { dim: 2 } } } "
       "layer { name: 's' type: 'Eltwise' bottom: 'x' bottom: 'p' top: 's' }"},
  };
}

void write(const std::filesystem::path& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary).write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fputs("usage: make_caffe_seeds PROTOTXT_FOLDER WEIGHTS_FOLDER\n", stderr);
    return 1;
  }
  const std::filesystem::path texts = argv[1];
  const std::filesystem::path weights = argv[2];
  std::filesystem::create_directories(texts);
  std::filesystem::create_directories(weights);
  for (const auto& [name, text] : networks()) write(texts / name, text);
  const std::vector<float> values(36, 1);
  const std::vector<LayerBlobs> layers = {
      {"a", {{{2, 2, 3, 3}, values, true}, {{2}, {1, 2}}}},
      {"b", {{{2}, {1, 2}}, {{2}, {3, 4}, false, true}, {{1}, {2}, false, false, false}}},
      {"c", {{{1, 1, 2, 18}, values, true}, {{2}, {1, 2}}}},
      {"d", {{{}, {0.5F}}}}};
  write(weights / "newest", caffemodel(layers));
  write(weights / "enumerated", caffemodel(layers, ModelForm::enumerated));
  write(weights / "oldest", caffemodel(layers, ModelForm::oldest));
  write(weights / "mean", tenon::test::blob_bytes({{1, 3, 2, 2}, std::vector<float>(12, 100), true}));
  return 0;
}
