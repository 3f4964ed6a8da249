// Signals, strings and pictures.
#include "exporters/onnx/node_writer.hpp"
#include "ops/dft.hpp"
#include "ops/image_decode.hpp"
#include "ops/max_unpool.hpp"
#include "ops/mel_weight_matrix.hpp"
#include "ops/space_to_depth.hpp"
#include "ops/stft.hpp"
#include "ops/strings.hpp"
#include "ops/tf_idf.hpp"

#include <array>

namespace tenon::onnx_export {
namespace {

std::int64_t flag(bool value) { return value ? 1 : 0; }

void dft(NodeWriter& node) {
  const auto& op = node.op<op::Dft>();
  const Name axis =
      op.axis ? node.constant(Tensor::of<std::int64_t>({}, std::span(&*op.axis, 1))) : node.int64_input(2);
  node.finish("DFT", {node.input(0), node.has(1) ? node.input(1) : Name(), axis},
              {{"inverse", flag(op.inverse)}, {"onesided", flag(op.onesided)}});
}

void stft(NodeWriter& node) {
  node.finish("STFT", node.inputs(), {{"onesided", flag(node.op<op::Stft>().onesided)}});
}

void mel_weight_matrix(NodeWriter& node) {
  node.finish("MelWeightMatrix", node.inputs(), {{"output_datatype", node.op<op::MelWeightMatrix>().dtype}});
}

void max_unpool(NodeWriter& node) {
  const auto& op = node.op<op::MaxUnpool>();
  AttributeList attributes = {{"kernel_shape", op.kernel}};
  if (!op.stride.empty()) attributes.push_back({"strides", op.stride});
  if (!op.pad.empty()) attributes.push_back({"pads", op.pad});
  node.finish("MaxUnpool", node.inputs(), attributes);
}

void string_concat(NodeWriter& node) { node.finish("StringConcat", node.inputs()); }

void string_normalize(NodeWriter& node) {
  const auto& op = node.op<op::StringNormalize>();
  constexpr std::array<const char*, 3> kActions = {"NONE", "LOWER", "UPPER"};
  AttributeList attributes = {
      {"case_change_action", std::string(kActions.at(static_cast<std::size_t>(op.case_change)))},
      {"is_case_sensitive", flag(op.case_sensitive)}};
  if (!op.stop_words.empty()) attributes.push_back({"stopwords", op.stop_words});
  if (!op.locale.empty()) attributes.push_back({"locale", op.locale});
  node.finish("StringNormalizer", node.inputs(), attributes);
}

void string_split(NodeWriter& node) {
  const auto& op = node.op<op::StringSplit>();
  AttributeList attributes = {{"delimiter", op.delimiter}};
  if (op.max_splits) attributes.push_back({"maxsplit", *op.max_splits});
  node.finish("StringSplit", node.inputs(), attributes);
}

void regex_full_match(NodeWriter& node) {
  node.finish("RegexFullMatch", node.inputs(), {{"pattern", node.op<op::RegexFullMatch>().pattern}});
}

void tf_idf(NodeWriter& node) {
  const auto& op = node.op<op::TfIdf>();
  constexpr std::array<const char*, 3> kModes = {"TF", "IDF", "TFIDF"};
  AttributeList attributes = {{"mode", std::string(kModes.at(static_cast<std::size_t>(op.mode)))},
                              {"min_gram_length", op.min_length},
                              {"max_gram_length", op.max_length},
                              {"max_skip_count", op.max_skip},
                              {"ngram_counts", op.ngram_counts},
                              {"ngram_indexes", op.ngram_indexes}};
  if (!op.integers.empty()) attributes.push_back({"pool_int64s", op.integers});
  if (!op.strings.empty()) attributes.push_back({"pool_strings", op.strings});
  if (!op.weights.empty()) attributes.push_back({"weights", op.weights});
  node.finish("TfIdfVectorizer", node.inputs(), attributes);
}

void image_decode(NodeWriter& node) {
  constexpr std::array<const char*, 3> kFormats = {"RGB", "BGR", "Grayscale"};
  const auto format = static_cast<std::size_t>(node.op<op::ImageDecode>().format);
  node.finish("ImageDecoder", node.inputs(), {{"pixel_format", std::string(kFormats.at(format))}});
}

// The mode came late.
void space_to_depth(NodeWriter& node) {
  const auto& op = node.op<op::SpaceToDepth>();
  AttributeList attributes = {{"blocksize", op.blocksize}};
  if (op.mode == op::DepthToSpaceMode::crd) {
    node.need_opset(28);
    attributes.push_back({"mode", std::string("CRD")});
  }
  node.finish("SpaceToDepth", node.inputs(), attributes);
}

}  // namespace
}  // namespace tenon::onnx_export

namespace tenon {

void register_onnx_export_signal(onnx_export::Registry& registry) {
  registry.add("dft", onnx_export::dft);
  registry.add("image_decode", onnx_export::image_decode);
  registry.add("max_unpool", onnx_export::max_unpool);
  registry.add("mel_weight_matrix", onnx_export::mel_weight_matrix);
  registry.add("regex_full_match", onnx_export::regex_full_match);
  registry.add("space_to_depth", onnx_export::space_to_depth);
  registry.add("stft", onnx_export::stft);
  registry.add("string_concat", onnx_export::string_concat);
  registry.add("string_normalize", onnx_export::string_normalize);
  registry.add("string_split", onnx_export::string_split);
  registry.add("tf_idf", onnx_export::tf_idf);
}

}  // namespace tenon
