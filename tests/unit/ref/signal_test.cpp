// Signals, strings and pictures: what the official data does not show.
#include "backends/ref/fft.hpp"
#include "evaluation.hpp"
#include "ops/dft.hpp"
#include "ops/image_decode.hpp"
#include "ops/max_unpool.hpp"
#include "ops/mel_weight_matrix.hpp"
#include "ops/stft.hpp"
#include "ops/strings.hpp"
#include "ops/tf_idf.hpp"

#include <tenon/error.hpp>
#include <tenon/image.hpp>

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>

namespace tenon::test {
namespace {

using Complexes = std::vector<std::complex<double>>;

// The defining sum.
Complexes slow_transform(const Complexes& x, bool inverse) {
  Complexes y(x.size());
  for (std::size_t k = 0; k < x.size(); ++k) {
    for (std::size_t n = 0; n < x.size(); ++n) {
      const double turns = static_cast<double>(k * n % x.size()) / static_cast<double>(x.size());
      y[k] += x[n] * std::polar(1.0, (inverse ? 2 : -2) * std::numbers::pi * turns);
    }
  }
  return y;
}

class FourierLength : public ::testing::TestWithParam<std::size_t> {};

TEST_P(FourierLength, FollowsTheDefinition) {
  Complexes x(GetParam());
  for (std::size_t i = 0; i < x.size(); ++i)
    x[i] = {std::sin(static_cast<double>(i * i)), std::cos(static_cast<double>(3 * i))};
  for (const bool inverse : {false, true}) {
    const Complexes expected = slow_transform(x, inverse);
    Complexes found = x;
    ref::Fourier transform(x.size(), inverse);
    transform.run(found);
    for (std::size_t i = 0; i < x.size(); ++i)
      EXPECT_LT(std::abs(found[i] - expected[i]), 1e-12 * static_cast<double>(x.size())) << i;
  }
}

INSTANTIATE_TEST_SUITE_P(Lengths, FourierLength, ::testing::Values(1, 2, 3, 4, 5, 12, 64, 97, 100, 243));

TEST(Dft, OneSidedInverseGivesTheSignalBack) {
  for (const std::int64_t length : {7, 8}) {
    Tensor x(DataType::f64, {2, length, 1});
    for (std::size_t i = 0; i < static_cast<std::size_t>(x.elements()); ++i)
      x.mutable_values<double>()[i] = std::sin(static_cast<double>(i));
    const Tensor spectrum = evaluate(op::Dft{1, false, true}, {x});
    EXPECT_EQ(spectrum.shape(), (Shape{2, length / 2 + 1, 2}));
    const Tensor back = evaluate(op::Dft{1, true, true}, {spectrum, ints({length}).reshaped({})});
    ASSERT_EQ(back.shape(), x.shape());
    for (std::size_t i = 0; i < static_cast<std::size_t>(x.elements()); ++i)
      EXPECT_NEAR(back.values<double>()[i], x.values<double>()[i], 1e-12);
  }
}

TEST(Dft, ContinuesShortSignalsWithZerosAndCutsLongOnes) {
  const Tensor x = tensor<float>({3, 1}, {1, 2, 3});
  const Tensor longer = evaluate(op::Dft{0, false, false}, {x, ints({4}).reshaped({})});
  EXPECT_EQ(longer.shape(), (Shape{4, 2}));
  EXPECT_FLOAT_EQ(longer.values<float>()[4], 2);  // 1 - 2 + 3
  const Tensor shorter = evaluate(op::Dft{0, false, false}, {x, ints({2}).reshaped({})});
  EXPECT_EQ(values<float>(shorter), (std::vector<float>{3, 0, -1, 0}));
}

TEST(Dft, RefusesLengthsThatCannotBe) {
  const Tensor x = tensor<float>({3, 1}, {1, 2, 3});
  EXPECT_THROW(evaluate(op::Dft{0}, {x, ints({0}).reshaped({})}), ModelError);
  EXPECT_THROW(evaluate(op::Dft{0}, {x, ints({std::int64_t{1} << 60}).reshaped({})}), ModelError);
  EXPECT_THROW(evaluate(op::Dft{}, {x, Data(), ints({5}).reshaped({})}), ModelError);
  EXPECT_THROW(evaluate(op::Stft{}, {tensor<float>({1, 3, 1}, {1, 2, 3}), ints({1}), Data(), ints({4})}),
               ModelError);
}

TEST(MelWeightMatrix, RefusesEdgesBeyondTheSpectrum) {
  const auto hertz = [](float value) { return tensor<float>({}, {value}); };
  const auto run = [&](float low, float high) {
    return evaluate(op::MelWeightMatrix{}, {ints({4}).reshaped({}), ints({16}).reshaped({}),
                                            ints({8000}).reshaped({}), hertz(low), hertz(high)});
  };
  EXPECT_EQ(run(0, 4000).shape(), (Shape{9, 4}));
  EXPECT_THROW(run(0, 40000), ModelError);
  EXPECT_THROW(run(-5000, 4000), ModelError);
  EXPECT_THROW(run(kNan, 4000), ModelError);
}

TEST(MaxUnpool, RefusesIndicesOutside) {
  const op::MaxUnpool op{{2}, {2}, {}};
  const Tensor x = tensor<float>({1, 1, 2}, {5, 6});
  EXPECT_EQ(values<float>(evaluate(op, {x, tensor<std::int64_t>({1, 1, 2}, {1, 2})})),
            (std::vector<float>{0, 5, 6, 0}));
  EXPECT_EQ(values<float>(evaluate(op, {x, tensor<std::int64_t>({1, 1, 2}, {1, 2}), ints({1, 1, 5})})),
            (std::vector<float>{0, 5, 6, 0, 0}));
  EXPECT_THROW(evaluate(op, {x, tensor<std::int64_t>({1, 1, 2}, {1, 4})}), ModelError);
  EXPECT_THROW(evaluate(op, {x, tensor<std::int64_t>({1, 1, 2}, {-1, 2})}), ModelError);
  EXPECT_THROW(evaluate(op, {x, tensor<std::int64_t>({1, 1, 2}, {1, 2}), ints({1, 1, 3})}), ModelError);
}

std::vector<std::string> normalized(const op::StringNormalize& op, std::vector<std::string> words) {
  const auto count = static_cast<std::int64_t>(words.size());
  return values<std::string>(evaluate(op, {Tensor::strings({count}, std::move(words))}));
}

TEST(StringNormalize, ChangesTheCaseOfLettersBeyondAscii) {
  op::StringNormalize op;
  op.case_change = op::CaseChange::upper;
  EXPECT_EQ(normalized(op, {"straße", "éa", "ж"}), (std::vector<std::string>{"STRAßE", "ÉA", "Ж"}));
  op.case_change = op::CaseChange::lower;
  op.locale = "no_SUCH.locale";
  EXPECT_EQ(normalized(op, {"ÄB"}), (std::vector<std::string>{"äb"}));
  // What is not UTF-8 stays.
  EXPECT_EQ(normalized(op, {"A\xFF\xC3"}), (std::vector<std::string>{"a\xFF\xC3"}));
}

TEST(StringNormalize, LeavesOneEmptyStringWhenNothingIsLeft) {
  op::StringNormalize op;
  op.stop_words = {"The"};
  EXPECT_EQ(normalized(op, {"the", "THE"}), (std::vector<std::string>{""}));
  op.case_sensitive = true;
  EXPECT_EQ(normalized(op, {"the", "The"}), (std::vector<std::string>{"the"}));
}

TEST(StringSplit, LimitsTheNumberOfSplits) {
  const Tensor x = Tensor::strings({2}, {" a  b c ", ""});
  const auto parts = evaluate_all(op::StringSplit{"", 1}, {x}, 2);
  EXPECT_EQ(values<std::string>(parts[0].tensor()), (std::vector<std::string>{"a", "b c", "", ""}));
  EXPECT_EQ(values<std::int64_t>(parts[1].tensor()), (std::vector<std::int64_t>{2, 0}));
  const auto whole = evaluate_all(op::StringSplit{"--", 0}, {Tensor::strings({1}, {"a--b"})}, 2);
  EXPECT_EQ(values<std::string>(whole[0].tensor()), (std::vector<std::string>{"a--b"}));
}

TEST(RegexFullMatch, MatchesWholeStringsOnly) {
#if TENON_WITH_RE2
  const Tensor x = Tensor::strings({3}, {"abb", "xabb", ""});
  EXPECT_EQ(values<bool>(evaluate(op::RegexFullMatch{"ab*"}, {x})), (std::vector<bool>{true, false, false}));
#endif
  EXPECT_THROW(evaluate(op::RegexFullMatch{"(a"}, {Tensor::strings({1}, {"a"})}), ModelError);
  EXPECT_THROW(evaluate(op::RegexFullMatch{"((a{1,100}){1,100}){1,100}"}, {Tensor::strings({1}, {"a"})}),
               ModelError);
}

TEST(TfIdf, CountsEachDistanceButSingleElementsOnce) {
  op::TfIdf op;
  op.max_length = 2;
  op.max_skip = 5;
  op.ngram_counts = {0, 1};
  op.ngram_indexes = {0, 1};
  op.integers = {1, 1, 2};
  EXPECT_EQ(values<float>(evaluate(op, {ints({1, 2, 0, 2})})), (std::vector<float>{1, 2}));
  op.mode = op::TfIdfMode::tf_idf;
  op.weights = {0.5F, 3};
  EXPECT_EQ(values<float>(evaluate(op, {ints({1, 2, 0, 2})})), (std::vector<float>{0.5F, 6}));
  op.mode = op::TfIdfMode::idf;
  EXPECT_EQ(values<float>(evaluate(op, {ints({1, 2, 0, 2})})), (std::vector<float>{0.5F, 3}));
}

Tensor bytes_of(std::span<const std::byte> file) {
  Tensor bytes(DataType::u8, {static_cast<std::int64_t>(file.size())});
  std::copy(file.begin(), file.end(), bytes.mutable_data());
  return bytes;
}

TEST(ImageDecode, GivesChannelsInTheOrderAskedFor) {
  Image image(2, 1, 3);
  image.pixels = {10, 20, 30, 200, 101, 0};
  const Tensor file = bytes_of(encode_png(image));
  const auto run = [&](op::PixelFormat format) {
    return values<std::uint8_t>(evaluate(op::ImageDecode{format}, {file}));
  };
  EXPECT_EQ(run(op::PixelFormat::rgb), (std::vector<std::uint8_t>{10, 20, 30, 200, 101, 0}));
  EXPECT_EQ(run(op::PixelFormat::bgr), (std::vector<std::uint8_t>{30, 20, 10, 0, 101, 200}));
  EXPECT_EQ(run(op::PixelFormat::gray), (std::vector<std::uint8_t>{18, 119}));
}

TEST(ImageDecode, GivesNothingForWhatIsNoPicture) {
  const Tensor nothing = evaluate(op::ImageDecode{}, {bytes_of({})});
  EXPECT_EQ(nothing.shape(), (Shape{0, 0, 3}));
  std::vector<std::byte> file = encode_png(Image(8, 8, 3));
  file.resize(file.size() / 2);
  EXPECT_EQ(evaluate(op::ImageDecode{}, {bytes_of(file)}).shape(), (Shape{0, 0, 3}));
  // The first bytes of the other formats, and no more.
  for (const std::string_view magic :
       {std::string_view("\xFF\xD8\xFF\xE0"), std::string_view("RIFF\4\0\0\0WEBP", 12),
        std::string_view("II*\0\x08\0\0\0", 8), std::string_view("\xFF\x4F\xFF\x51")}) {
    try {
      EXPECT_EQ(evaluate(op::ImageDecode{op::PixelFormat::gray}, {bytes_of(std::as_bytes(std::span(magic)))})
                    .shape(),
                (Shape{0, 0, 1}));
    } catch (const ModelError& error) {
      EXPECT_NE(std::string(error.what()).find("this build of Tenon cannot read"), std::string::npos);
    }
  }
}

}  // namespace
}  // namespace tenon::test
