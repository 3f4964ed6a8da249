// Operators on tensors of UTF-8 strings.
#pragma once

#include "ir/op.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

namespace tenon::op {

// string_concat(a, b): a[i] followed by b[i], both broadcast together.
struct StringConcat {
  static constexpr std::string_view kName = "string_concat";

  static constexpr auto fields() { return std::make_tuple(); }
  std::vector<Inference> infer(InferContext& context) const;
};

enum class CaseChange : std::uint8_t { none, lower, upper };
inline constexpr std::array<std::string_view, 3> enum_names(CaseChange) { return {"none", "lower", "upper"}; }

// string_normalize(x [C] or [1, C]): x without the elements that are stop words, the rest in lower or upper
// case. When nothing is left, one empty string. Case follows the character classes of `locale`, or of Unicode
// where the system does not know that; stop words are compared after lowering both, unless case_sensitive.
struct StringNormalize {
  static constexpr std::string_view kName = "string_normalize";

  std::vector<std::string> stop_words{};
  bool case_sensitive = false;
  CaseChange case_change = CaseChange::none;
  std::string locale{};

  static constexpr auto fields() {
    return std::make_tuple(field("stop_words", &StringNormalize::stop_words),
                           field("case_sensitive", &StringNormalize::case_sensitive),
                           field("case_change", &StringNormalize::case_change),
                           field("locale", &StringNormalize::locale));
  }
  std::vector<Inference> infer(InferContext& context) const;
};

// string_split(x […]) → the parts of each element [… , most], shorter lists filled up with empty strings;
// their numbers i64 […]. Parts lie between occurrences of the delimiter; without a delimiter, between runs of
// white space, of which leading and trailing ones do not count. After max_splits splits the rest is one part.
struct StringSplit {
  static constexpr std::string_view kName = "string_split";

  std::string delimiter{};
  std::optional<std::int64_t> max_splits{};

  static constexpr auto fields() {
    return std::make_tuple(field("delimiter", &StringSplit::delimiter),
                           field("max_splits", &StringSplit::max_splits));
  }
  std::vector<Inference> infer(InferContext& context) const;
};

// regex_full_match(x): bool of x's shape, whether the pattern (RE2's syntax) matches the whole element.
struct RegexFullMatch {
  static constexpr std::string_view kName = "regex_full_match";

  std::string pattern{};

  static constexpr auto fields() { return std::make_tuple(field("pattern", &RegexFullMatch::pattern)); }
  std::vector<Inference> infer(InferContext& context) const;
};

}  // namespace tenon::op
