// tf_idf(x [C] or [N, C]) → f32 [K] or [N, K]: how often each n-gram of a pool occurs in a row of x.
//
// x: i32, i64 or strings. The pool (integers or strings, as x) lists the 1-grams first, then the 2-grams, …;
// ngram_counts[n - 1] is where the n-grams begin. ngram_indexes has a position in the result for each n-gram
// of the pool; K is the largest plus 1. Counted are n-grams of min_length to max_length elements that lie 1
// to max_skip + 1 apart (single elements once).
//
// Mode tf: the counts; idf: 1 where the count is not 0, times the weight; tf_idf: the counts times the
// weight. weights has one per position of the result; empty: ones.
#pragma once

#include "ir/op.hpp"

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

namespace tenon::op {

enum class TfIdfMode : std::uint8_t { tf, idf, tf_idf };
inline constexpr std::array<std::string_view, 3> enum_names(TfIdfMode) { return {"tf", "idf", "tf_idf"}; }

struct TfIdf {
  static constexpr std::string_view kName = "tf_idf";

  TfIdfMode mode = TfIdfMode::tf;
  std::int64_t min_length = 1;
  std::int64_t max_length = 1;
  std::int64_t max_skip = 0;
  std::vector<std::int64_t> ngram_counts{};
  std::vector<std::int64_t> ngram_indexes{};
  std::vector<std::int64_t> integers{};
  std::vector<std::string> strings{};
  std::vector<float> weights{};

  static constexpr auto fields() {
    return std::make_tuple(field("mode", &TfIdf::mode), field("min_length", &TfIdf::min_length),
                           field("max_length", &TfIdf::max_length), field("max_skip", &TfIdf::max_skip),
                           field("ngram_counts", &TfIdf::ngram_counts),
                           field("ngram_indexes", &TfIdf::ngram_indexes), field("integers", &TfIdf::integers),
                           field("strings", &TfIdf::strings), field("weights", &TfIdf::weights));
  }
  std::vector<Inference> infer(InferContext& context) const;
};

}  // namespace tenon::op
