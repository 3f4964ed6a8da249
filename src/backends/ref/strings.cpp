// Strings. What is not UTF-8 is kept byte by byte.
#include "ops/strings.hpp"

#include "backends/ref/elements.hpp"
#include "base/check.hpp"

#include <tenon/error.hpp>

#include <locale.h>

#include <algorithm>
#include <clocale>
#include <cwctype>
#include <functional>
#include <set>
#include <string>

namespace tenon {
namespace ref {
namespace {

using Strings = std::vector<std::string>;

void run_string_concat(const Op&, const Call& call) {
  Tensor& out = call.out();
  const std::vector<std::int64_t> a = broadcast_strides(call.in(0).shape(), out.shape());
  const std::vector<std::int64_t> b = broadcast_strides(call.in(1).shape(), out.shape());
  const auto left = call.in(0).values<std::string>();
  const auto right = call.in(1).values<std::string>();
  const auto result = out.mutable_values<std::string>();
  std::size_t i = 0;
  for_each_index(out.shape(), [&](std::span<const std::int64_t> index) {
    result[i++] =
        left[static_cast<std::size_t>(dot(index, a))] + right[static_cast<std::size_t>(dot(index, b))];
  });
}

// The character classes of a locale, or of Unicode, or of ASCII: the first that the system knows.
class Letters {
 public:
  explicit Letters(const std::string& name) {
    for (const char* candidate : {name.c_str(), "C.UTF-8", "C"}) {
      if (*candidate == '\0') continue;
      locale_ = newlocale(LC_CTYPE_MASK, candidate, nullptr);
      if (locale_ != nullptr && (towlower_l(0xC4, locale_) == 0xE4 || candidate[1] == '\0')) return;
      if (locale_ != nullptr) freelocale(locale_);
    }
    throw ModelError("string_normalize: the system has no character classes");
  }
  ~Letters() { freelocale(locale_); }
  Letters(const Letters&) = delete;
  Letters& operator=(const Letters&) = delete;

  std::string change(const std::string& text, bool upper) const {
    std::string result;
    for (std::size_t i = 0; i < text.size();) {
      const std::size_t size = sequence_size(text, i);
      if (size == 0) {
        result += text[i++];
        continue;
      }
      const wint_t code = decode(text, i, size);
      append(result, upper ? towupper_l(code, locale_) : towlower_l(code, locale_));
      i += size;
    }
    return result;
  }

 private:
  // Bytes of the UTF-8 sequence at `i`; 0 when there is none.
  static std::size_t sequence_size(const std::string& text, std::size_t i) {
    const auto head = static_cast<unsigned char>(text[i]);
    const std::size_t size = head < 0x80   ? 1
                             : head < 0xC2 ? 0
                             : head < 0xE0 ? 2
                             : head < 0xF0 ? 3
                             : head < 0xF5 ? 4
                                           : 0;
    if (size == 0 || i + size > text.size()) return 0;
    for (std::size_t k = 1; k < size; ++k) {
      if ((static_cast<unsigned char>(text[i + k]) & 0xC0U) != 0x80U) return 0;
    }
    return size;
  }

  static wint_t decode(const std::string& text, std::size_t i, std::size_t size) {
    wint_t code = static_cast<unsigned char>(text[i]) & (size == 1 ? 0x7FU : 0x7FU >> size);
    for (std::size_t k = 1; k < size; ++k)
      code = code << 6U | (static_cast<unsigned char>(text[i + k]) & 0x3FU);
    return code;
  }

  static void append(std::string& text, wint_t code) {
    const auto tail = [&](unsigned shift) { text += static_cast<char>(0x80U | (code >> shift & 0x3FU)); };
    if (code < 0x80) {
      text += static_cast<char>(code);
    } else if (code < 0x800) {
      text += static_cast<char>(0xC0U | code >> 6U);
      tail(0);
    } else if (code < 0x10000) {
      text += static_cast<char>(0xE0U | code >> 12U);
      tail(6);
      tail(0);
    } else {
      text += static_cast<char>(0xF0U | code >> 18U);
      tail(12);
      tail(6);
      tail(0);
    }
  }

  locale_t locale_ = nullptr;
};

void run_string_normalize(const Op& op, const Call& call) {
  const auto& fields = *op.as<op::StringNormalize>();
  const Letters letters(fields.locale);
  const auto key = [&](const std::string& text) {
    return fields.case_sensitive ? text : letters.change(text, false);
  };
  std::set<std::string> stop_words;
  for (const std::string& word : fields.stop_words) stop_words.insert(key(word));
  Strings kept;
  for (const std::string& text : call.in(0).values<std::string>()) {
    if (stop_words.count(key(text)) != 0) continue;
    kept.push_back(fields.case_change == op::CaseChange::none
                       ? text
                       : letters.change(text, fields.case_change == op::CaseChange::upper));
  }
  if (kept.empty()) kept.emplace_back();
  Shape shape = call.in(0).shape();
  shape.back() = static_cast<std::int64_t>(kept.size());
  call.outputs[0] = Tensor::strings(std::move(shape), std::move(kept));
}

bool is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

Strings split_at_spaces(const std::string& text, std::size_t limit) {
  Strings parts;
  std::size_t at = 0;
  const auto skip = [&](bool spaces) {
    while (at < text.size() && is_space(text[at]) == spaces) ++at;
  };
  for (skip(true); at < text.size(); skip(true)) {
    const std::size_t begin = at;
    if (parts.size() == limit) {
      std::size_t end = text.size();
      while (is_space(text[end - 1])) --end;
      parts.push_back(text.substr(begin, end - begin));
      break;
    }
    skip(false);
    parts.push_back(text.substr(begin, at - begin));
  }
  return parts;
}

Strings split_at(const std::string& text, const std::string& delimiter, std::size_t limit) {
  Strings parts;
  std::size_t begin = 0;
  while (parts.size() < limit) {
    const std::size_t end = text.find(delimiter, begin);
    if (end == std::string::npos) break;
    parts.push_back(text.substr(begin, end - begin));
    begin = end + delimiter.size();
  }
  parts.push_back(text.substr(begin));
  return parts;
}

void run_string_split(const Op& op, const Call& call) {
  const auto& fields = *op.as<op::StringSplit>();
  const Tensor& x = call.in(0);
  const std::size_t limit = fields.max_splits ? static_cast<std::size_t>(*fields.max_splits) : SIZE_MAX;
  std::vector<Strings> lists;
  std::size_t most = 0;
  for (const std::string& text : x.values<std::string>()) {
    lists.push_back(fields.delimiter.empty() ? split_at_spaces(text, limit)
                                             : split_at(text, fields.delimiter, limit));
    most = std::max(most, lists.back().size());
  }
  Shape shape = x.shape();
  shape.push_back(static_cast<std::int64_t>(most));
  Tensor parts(DataType::string, std::move(shape));
  Tensor counts(DataType::i64, x.shape());
  const auto part_values = parts.mutable_values<std::string>();
  const auto count_values = counts.mutable_values<std::int64_t>();
  for (std::size_t i = 0; i < lists.size(); ++i) {
    count_values[i] = static_cast<std::int64_t>(lists[i].size());
    std::move(lists[i].begin(), lists[i].end(), part_values.begin() + static_cast<std::ptrdiff_t>(i * most));
  }
  call.outputs[0] = std::move(parts);
  if (call.outputs.size() > 1) call.outputs[1] = std::move(counts);
}

}  // namespace
}  // namespace ref

void register_ref_strings(ref::Registry& registry) {
  registry.add("string_concat", ref::run_string_concat);
  registry.add("string_normalize", ref::run_string_normalize);
  registry.add("string_split", ref::run_string_split);
}

}  // namespace tenon
