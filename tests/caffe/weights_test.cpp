#include "importers/caffe/weights.hpp"

#include "caffe/support.hpp"

#include <tenon/error.hpp>

#include <gtest/gtest.h>

namespace tenon::caffe {
namespace {

using test::BlobText;
using test::expect_close;
using test::Floats;
using test::ModelForm;

template <class F>
std::string message_of(F&& f) {
  try {
    f();
  } catch (const ModelError& error) {
    return error.message();
  }
  return {};
}

TEST(CaffeWeights, ReadsAllFormsOfLayers) {
  for (const ModelForm form : {ModelForm::newest, ModelForm::enumerated, ModelForm::oldest}) {
    const std::string bytes =
        test::caffemodel({{"a", {{{2, 2}, {1, 2, 3, 4}}, {{2}, {5, 6}}}}, {"b", {}}}, form);
    const Weights weights(bytes, nullptr);
    EXPECT_EQ(weights.count("a"), 2U);
    EXPECT_FALSE(weights.has("b"));
    expect_close(weights.blob("a", 0, {2, 2}), {2, 2}, {1, 2, 3, 4});
    expect_close(weights.blob("a", 1, {2}), {2}, {5, 6});
  }
}

TEST(CaffeWeights, ReadsAllFormsOfBlobs) {
  BlobText blob{{1, 3}, {1, 2, 3}};
  const auto read = [&] { return Weights(test::caffemodel({{"a", {blob}}}), nullptr).blob("a", 0, {1, 3}); };
  expect_close(read(), {1, 3}, {1, 2, 3});
  blob.legacy = true;
  expect_close(read(), {1, 3}, {1, 2, 3});
  blob.doubles = true;
  expect_close(read(), {1, 3}, {1, 2, 3});
  blob.doubles = false;
  blob.packed = false;
  expect_close(read(), {1, 3}, {1, 2, 3});
}

TEST(CaffeWeights, ViewsAlignedBlobsInPlace) {
  std::string bytes = test::caffemodel({{"a", {{{4}, {1, 2, 3, 4}}}}});
  const auto owner = std::make_shared<int>();
  const Floats values{1, 2, 3, 4};
  int in_place = 0;
  for (std::size_t shift = 0; shift < 4; ++shift) {
    const std::string padded = std::string(64 + shift, '\0') + bytes;
    const Tensor blob = Weights(std::string_view(padded).substr(64 + shift), owner).blob("a", 0, {4});
    expect_close(blob, {4}, values);
    if (!blob.writable()) ++in_place;
  }
  EXPECT_EQ(in_place, 1);
}

TEST(CaffeWeights, ToleratesOnesInFrontOnly) {
  const std::string bytes = test::caffemodel({{"a", {{{1, 1, 2, 3}, Floats(6, 1), true}}}});
  const Weights weights(bytes, nullptr);
  EXPECT_EQ(weights.blob("a", 0, {2, 3}).shape(), (Shape{2, 3}));
  EXPECT_EQ(message_of([&] {
              weights.blob("a", 0, {3, 2});
            }),
            "blob 0 of its weights has the shape [1, 1, 2, 3], expected [3, 2]");
  EXPECT_EQ(message_of([&] { weights.blob("a", 1, {3}); }), "the weights have 1 blobs for it, expected more");
  EXPECT_EQ(message_of([&] { weights.blob("b", 0, {3}); }), "the weights have no layer of that name");
}

TEST(CaffeWeights, RefusesShapesWithoutTheirNumbers) {
  const auto read = [](const BlobText& blob, const Shape& shape) {
    return message_of([&] { Weights(test::caffemodel({{"a", {blob}}}), nullptr).blob("a", 0, shape); });
  };
  EXPECT_EQ(read({{2, 2}, {1, 2, 3}}, {2, 2}), "a blob of shape [2, 2] comes with 3 numbers");
  EXPECT_EQ(read({{-1, 2}, {1, 2}}, {1, 2}), "a blob has the shape [-1, 2]");
  EXPECT_EQ(read({{1LL << 40, 1LL << 20}, {1}}, {1LL << 40, 1LL << 20}),
            "a blob of shape [1099511627776, 1048576] comes with 1 numbers");
  EXPECT_NE(read({{1LL << 40, 1LL << 40}, {1}}, {1LL << 40, 1LL << 40}), "");
  EXPECT_NE(message_of([] { Weights("", nullptr); }), "");
  EXPECT_NE(message_of([] { Weights("\x12", nullptr); }), "");
}

TEST(CaffeWeights, ReadsMeanImages) {
  expect_close(parse_mean(test::blob_bytes({{1, 2, 1, 2}, {1, 2, 3, 4}, true})), {2, 1, 2}, {1, 2, 3, 4});
  expect_close(parse_mean(test::blob_bytes({{2, 2}, {1, 2, 3, 4}})), {1, 2, 2}, {1, 2, 3, 4});
  EXPECT_NE(message_of([] { parse_mean(test::blob_bytes({{2, 2, 1, 1}, {1, 2, 3, 4}})); }), "");
  EXPECT_NE(message_of([] { parse_mean(""); }), "");
}

}  // namespace
}  // namespace tenon::caffe
