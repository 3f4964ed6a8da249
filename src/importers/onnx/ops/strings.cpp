// Strings, and ImageDecoder.
#include "ops/strings.hpp"

#include "importers/onnx/converters.hpp"
#include "ops/image_decode.hpp"
#include "ops/tf_idf.hpp"

namespace tenon::onnx {
namespace {

Values string_concat(NodeContext& node) {
  node.require_inputs(2, 2);
  return one(node.add(op::StringConcat{}, {node.input(0), node.input(1)}));
}

Values string_normalizer(NodeContext& node) {
  node.require_inputs(1, 1);
  op::StringNormalize op;
  op.stop_words = node.find_strings("stopwords").value_or(op.stop_words);
  op.case_sensitive = node.attr_bool("is_case_sensitive", false);
  op.case_change =
      static_cast<op::CaseChange>(node.attr_choice("case_change_action", {"NONE", "LOWER", "UPPER"}, 0));
  op.locale = node.attr_string("locale", "");
  return one(node.add(std::move(op), {node.input(0)}));
}

Values string_split(NodeContext& node) {
  node.require_inputs(1, 1);
  op::StringSplit op;
  op.delimiter = node.attr_string("delimiter", "");
  op.max_splits = node.find_int("maxsplit");
  return node.add_node(std::move(op), {node.input(0)});
}

Values regex_full_match(NodeContext& node) {
  node.require_inputs(1, 1);
  const auto pattern = node.find_string("pattern");
  if (!pattern) node.fail("attribute 'pattern' is missing");
  return one(node.add(op::RegexFullMatch{*pattern}, {node.input(0)}));
}

Values tf_idf_vectorizer(NodeContext& node) {
  node.require_inputs(1, 1);
  op::TfIdf op;
  if (!node.has_attr("mode")) node.fail("attribute 'mode' is missing");
  op.mode = static_cast<op::TfIdfMode>(node.attr_choice("mode", {"TF", "IDF", "TFIDF"}, 0));
  op.min_length = node.attr_int("min_gram_length");
  op.max_length = node.attr_int("max_gram_length");
  op.max_skip = node.attr_int("max_skip_count");
  op.ngram_counts = node.attr_ints("ngram_counts");
  op.ngram_indexes = node.attr_ints("ngram_indexes");
  op.integers = node.attr_ints("pool_int64s");
  op.strings = node.find_strings("pool_strings").value_or(op.strings);
  op.weights = node.find_floats("weights").value_or(op.weights);
  return one(node.add(std::move(op), {node.input(0)}));
}

Values image_decoder(NodeContext& node) {
  node.require_inputs(1, 1);
  const std::size_t format = node.attr_choice("pixel_format", {"RGB", "BGR", "Grayscale"}, 0);
  return one(node.add(op::ImageDecode{static_cast<op::PixelFormat>(format)}, {node.input(0)}));
}

}  // namespace
}  // namespace tenon::onnx

namespace tenon {

void register_onnx_strings(onnx::Registry& registry) {
  registry.add("ImageDecoder", onnx::image_decoder, {20});
  registry.add("RegexFullMatch", onnx::regex_full_match, {20});
  registry.add("StringConcat", onnx::string_concat, {20});
  registry.add("StringNormalizer", onnx::string_normalizer, {10});
  registry.add("StringSplit", onnx::string_split, {20});
  registry.add("TfIdfVectorizer", onnx::tf_idf_vectorizer, {9});
}

}  // namespace tenon
