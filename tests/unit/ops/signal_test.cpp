// Inference of the signal, string and picture operators.
#include "inference_fixture.hpp"
#include "ops/dft.hpp"
#include "ops/image_decode.hpp"
#include "ops/max_unpool.hpp"
#include "ops/mel_weight_matrix.hpp"
#include "ops/stft.hpp"
#include "ops/strings.hpp"
#include "ops/tf_idf.hpp"

namespace tenon {
namespace {

using SignalInference = InferenceTest;

op::Dft dft(std::optional<std::int64_t> axis, bool inverse = false, bool onesided = false) {
  return {axis, inverse, onesided};
}

TEST_F(SignalInference, DftKeepsOrCutsTheAxis) {
  const ValueId real = input("f32[N,20,3,1]");
  const ValueId complex = input("f32[N,11,3,2]");
  EXPECT_EQ(type(add(dft(1), {real})), "f32[N,20,3,2]");
  EXPECT_EQ(type(add(dft(-3, false, true), {real})), "f32[N,11,3,2]");
  EXPECT_EQ(type(add(dft(1, true, true), {complex})), "f32[N,20,3,1]");
  EXPECT_EQ(type(add(dft(1), {real, scalar(8)})), "f32[N,8,3,2]");
  EXPECT_EQ(type(add(dft({}), {real, {}, scalar(2)})), "f32[N,20,3,2]");
  EXPECT_EQ(type(add(dft({}), {real, {}, input("i64[]")})), "f32[?,?,?,2]");
  EXPECT_EQ(type(add(dft(0), {input("f16[T,2]")})), "f16[T,2]");
}

TEST_F(SignalInference, DftRefusesWhatIsNoSignal) {
  const ValueId real = input("f32[20,1]");
  EXPECT_NE(error(dft(1), {real}), "");  // the parts
  EXPECT_NE(error(dft(0), {input("f32[20,3]")}), "");
  EXPECT_NE(error(dft(0), {input("i32[20,1]")}), "");
  EXPECT_NE(error(dft(0, true, true), {real}), "");
  EXPECT_NE(error(dft(0, false, true), {input("f32[20,2]")}), "");
  EXPECT_NE(error(dft(0), {real, scalar(0)}), "");
  EXPECT_NE(error(dft(0), {real, scalar(std::int64_t{1} << 40)}), "");
  EXPECT_NE(error(dft({}), {real}), "");
}

TEST_F(SignalInference, StftCountsFrames) {
  const ValueId signal = input("f32[B,100,1]");
  EXPECT_EQ(type(add(op::Stft{}, {signal, scalar(10), input("f32[16]")})), "f32[B,9,9,2]");
  EXPECT_EQ(type(add(op::Stft{false}, {signal, scalar(10), {}, scalar(16)})), "f32[B,9,16,2]");
  EXPECT_EQ(type(add(op::Stft{}, {signal, input("i64[]"), input("f32[16]")})), "f32[B,?,9,2]");
  EXPECT_NE(error(op::Stft{}, {signal, scalar(0), input("f32[16]")}), "");
  EXPECT_NE(error(op::Stft{}, {signal, scalar(1), input("f32[101]")}), "");
  EXPECT_NE(error(op::Stft{}, {signal, scalar(1), input("f32[16]"), scalar(15)}), "");
  EXPECT_NE(error(op::Stft{}, {input("f32[B,100,2]"), scalar(1), input("f32[16]")}), "");
}

TEST_F(SignalInference, MelWeightMatrixHasARowPerBin) {
  const auto hertz = [&](float value) { return constant<float>({}, {value}); };
  const std::vector<ValueId> good = {scalar(8), scalar(16), scalar(8192), hertz(0), hertz(4096)};
  EXPECT_EQ(type(add(op::MelWeightMatrix{}, good)), "f32[9,8]");
  std::vector<ValueId> bad = good;
  bad[0] = scalar(0);
  EXPECT_NE(error(op::MelWeightMatrix{}, bad), "");
  EXPECT_NE(error(op::MelWeightMatrix{DataType::string}, good), "");
}

TEST_F(SignalInference, MaxUnpoolUndoesThePool) {
  const ValueId x = input("f32[N,3,5,7]");
  const ValueId indices = input("i64[N,3,5,7]");
  const op::MaxUnpool op{{2, 3}, {2, 1}, {1, 0, 0, 0}};
  EXPECT_EQ(type(add(op, {x, indices})), "f32[N,3,9,9]");
  EXPECT_EQ(type(add(op, {x, indices, ints({1, 3, 10, 10})})), "f32[1,3,10,10]");
  EXPECT_NE(error(op::MaxUnpool{{2}, {}, {}}, {x, indices}), "");
  EXPECT_NE(error(op::MaxUnpool{{2, 2}, {0, 1}, {}}, {x, indices}), "");
  EXPECT_NE(error(op, {x, input("i64[N,3,5,8]")}), "");
}

TEST_F(SignalInference, Strings) {
  const ValueId words = input("str[N]");
  EXPECT_EQ(type(add(op::StringConcat{}, {words, input("str[2,1]")})), "str[2,N]");
  EXPECT_EQ(type(add(op::StringNormalize{}, {words})), "str[?]");
  EXPECT_EQ(type(add(op::StringNormalize{}, {input("str[1,4]")})), "str[1,?]");
  EXPECT_EQ(type(add(op::RegexFullMatch{"a"}, {words})), "bool[N]");
  EXPECT_EQ(type(add(op::ImageDecode{op::PixelFormat::gray}, {input("u8[B]")})), "u8[?,?,1]");
  EXPECT_NE(error(op::StringConcat{}, {words, input("f32[N]")}), "");
  EXPECT_NE(error(op::StringNormalize{}, {input("str[2,4]")}), "");
  EXPECT_NE(error(op::StringSplit{"", -1}, {words}), "");
  EXPECT_NE(error(op::ImageDecode{}, {input("i8[B]")}), "");
}

TEST_F(SignalInference, TfIdfChecksItsPool) {
  op::TfIdf op;
  op.max_length = 2;
  op.ngram_counts = {0, 2};
  op.ngram_indexes = {0, 3, 1};
  op.integers = {7, 8, 7, 8};
  EXPECT_EQ(type(add(op, {input("i64[N,C]")})), "f32[N,4]");
  EXPECT_EQ(type(add(op, {input("i32[C]")})), "f32[4]");
  EXPECT_NE(error(op, {input("str[C]")}), "");
  op::TfIdf odd = op;
  odd.integers.push_back(9);
  EXPECT_NE(error(odd, {input("i64[C]")}), "");
  op::TfIdf negative = op;
  negative.ngram_indexes[0] = -1;
  EXPECT_NE(error(negative, {input("i64[C]")}), "");
  op::TfIdf unweighted = op;
  unweighted.weights = {1, 2};
  EXPECT_NE(error(unweighted, {input("i64[C]")}), "");
}

}  // namespace
}  // namespace tenon
