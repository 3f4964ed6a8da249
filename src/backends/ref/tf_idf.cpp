#include "ops/tf_idf.hpp"

#include "backends/ref/elements.hpp"
#include "backends/ref/numeric.hpp"
#include "base/check.hpp"

#include <algorithm>
#include <map>
#include <string>

namespace tenon {
namespace ref {
namespace {

// Words (integers or strings) become numbers, n-grams paths in a tree of them.
class NGrams {
 public:
  static constexpr std::int64_t kNone = -1;

  // `words` is the pool as numbers.
  NGrams(const op::TfIdf& fields, const std::vector<std::int64_t>& words) {
    std::size_t ngram = 0;
    for (std::size_t i = 0; i < fields.ngram_counts.size(); ++i) {
      const auto end = i + 1 < fields.ngram_counts.size()
                           ? static_cast<std::size_t>(fields.ngram_counts[i + 1])
                           : words.size();
      const std::size_t length = i + 1;
      const auto wanted = static_cast<std::int64_t>(length);
      const bool counts = wanted >= fields.min_length && wanted <= fields.max_length;
      for (auto at = static_cast<std::size_t>(fields.ngram_counts[i]); at < end; at += length, ++ngram) {
        if (counts) add(std::span(words).subspan(at, length), fields.ngram_indexes[ngram]);
      }
    }
  }

  std::size_t root() const noexcept { return 0; }
  // The node behind `word`, or nothing.
  std::optional<std::size_t> next(std::size_t node, std::int64_t word) const {
    const auto found = edges_.find({node, word});
    return found == edges_.end() ? std::nullopt : std::optional(found->second);
  }
  // Position in the result of the n-gram that ends at the node, or kNone.
  std::int64_t index(std::size_t node) const { return indexes_[node]; }

 private:
  void add(std::span<const std::int64_t> words, std::int64_t index) {
    std::size_t node = 0;
    for (const std::int64_t word : words) {
      const auto [edge, inserted] = edges_.try_emplace({node, word}, indexes_.size());
      if (inserted) indexes_.push_back(kNone);
      node = edge->second;
    }
    // Of an n-gram that is listed twice the last entry counts.
    indexes_[node] = index;
  }

  std::map<std::pair<std::size_t, std::int64_t>, std::size_t> edges_;
  std::vector<std::int64_t> indexes_{kNone};
};

void count_ngrams(const NGrams& ngrams, const op::TfIdf& fields, std::span<const std::int64_t> row,
                  std::span<double> counts) {
  const auto size = static_cast<std::int64_t>(row.size());
  for (std::int64_t distance = 1; distance <= std::min(fields.max_skip, size) + 1; ++distance) {
    for (std::int64_t start = 0; start < size; ++start) {
      std::optional<std::size_t> node = ngrams.root();
      std::int64_t at = start;
      for (std::int64_t length = 1; length <= fields.max_length && at < size; ++length, at += distance) {
        node = ngrams.next(*node, row[static_cast<std::size_t>(at)]);
        if (!node) break;
        // Single elements have no distance.
        if (length == 1 && distance > 1) continue;
        const std::int64_t index = ngrams.index(*node);
        if (index != NGrams::kNone) counts[static_cast<std::size_t>(index)] += 1;
      }
    }
  }
}

// Words of the pool and of x as numbers: equal words have equal numbers.
std::vector<std::int64_t> numbered(std::map<std::string, std::int64_t>& numbers,
                                   std::span<const std::string> words) {
  std::vector<std::int64_t> result;
  for (const std::string& word : words)
    result.push_back(numbers.try_emplace(word, static_cast<std::int64_t>(numbers.size())).first->second);
  return result;
}

void run_tf_idf(const Op& op, const Call& call) {
  const auto& fields = *op.as<op::TfIdf>();
  const Tensor& x = call.in(0);
  const bool texts = x.dtype() == DataType::string;
  std::map<std::string, std::int64_t> numbers;
  const std::vector<std::int64_t> pool = texts ? numbered(numbers, fields.strings) : fields.integers;
  const std::vector<std::int64_t> words = texts ? numbered(numbers, x.values<std::string>()) : to_integers(x);
  const NGrams ngrams(fields, pool);
  Tensor& out = call.out();
  std::vector<double> result(static_cast<std::size_t>(out.elements()));
  const auto width = static_cast<std::size_t>(out.shape().back());
  const std::size_t rows = x.rank() == 2 ? static_cast<std::size_t>(x.shape()[0]) : 1;
  const std::size_t columns = rows == 0 ? 0 : words.size() / rows;
  for (std::size_t row = 0; row < rows; ++row) {
    const std::span<double> counts = std::span(result).subspan(row * width, width);
    count_ngrams(ngrams, fields, std::span(words).subspan(row * columns, columns), counts);
    if (fields.mode == op::TfIdfMode::tf) continue;
    for (std::size_t i = 0; i < width; ++i) {
      if (fields.mode == op::TfIdfMode::idf) counts[i] = std::min(counts[i], 1.0);
      if (!fields.weights.empty()) counts[i] *= static_cast<double>(fields.weights[i]);
    }
  }
  store_doubles(result, out);
}

}  // namespace
}  // namespace ref

void register_ref_tf_idf(ref::Registry& registry) { registry.add("tf_idf", ref::run_tf_idf); }

}  // namespace tenon
