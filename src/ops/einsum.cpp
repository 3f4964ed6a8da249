#include "ops/einsum.hpp"

#include "base/check.hpp"
#include "ops/infer_helpers.hpp"

#include <algorithm>
#include <map>

namespace tenon {
namespace op {
namespace {

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

// One term; an ellipsis stands for `ellipsis_axes` labels -ellipsis_axes … -1.
std::vector<int> parse_term(std::string_view term, std::string_view equation, std::size_t ellipsis_axes) {
  std::vector<int> labels;
  bool seen_ellipsis = false;
  for (std::size_t i = 0; i < term.size(); ++i) {
    if (term.substr(i, 3) == "...") {
      TENON_REQUIRE(!seen_ellipsis, "einsum '{}': a term has two ellipses", equation);
      seen_ellipsis = true;
      for (std::size_t k = ellipsis_axes; k > 0; --k) labels.push_back(-static_cast<int>(k));
      i += 2;
    } else {
      TENON_REQUIRE(is_letter(term[i]), "einsum '{}': unexpected '{}'", equation, term[i]);
      labels.push_back(static_cast<unsigned char>(term[i]));
    }
  }
  return labels;
}

std::vector<std::string_view> split_terms(std::string_view text) {
  std::vector<std::string_view> terms;
  while (true) {
    const std::size_t comma = text.find(',');
    terms.push_back(text.substr(0, comma));
    if (comma == std::string_view::npos) return terms;
    text.remove_prefix(comma + 1);
  }
}

// Ellipsis axes first, then the letters that occur once, in alphabetical order.
std::vector<int> implicit_output(const std::vector<std::vector<int>>& operands) {
  std::map<int, int> uses;
  for (const auto& labels : operands) {
    for (const int label : labels) ++uses[label];
  }
  std::vector<int> output;
  for (const auto& entry : uses) {
    if (entry.first < 0 || entry.second == 1) output.push_back(entry.first);
  }
  return output;
}

}  // namespace

EinsumPlan parse_einsum(std::string_view equation, std::span<const std::size_t> ranks) {
  std::string text(equation);
  text.erase(std::remove(text.begin(), text.end(), ' '), text.end());
  const std::size_t arrow = text.find("->");
  const std::string_view left = std::string_view(text).substr(0, arrow);
  const auto terms = split_terms(left);
  TENON_REQUIRE(terms.size() == ranks.size(), "einsum '{}': {} terms for {} operands", equation, terms.size(),
                ranks.size());

  EinsumPlan plan;
  std::size_t widest_ellipsis = 0;
  for (std::size_t i = 0; i < terms.size(); ++i) {
    const bool ellipsis = terms[i].find("...") != std::string_view::npos;
    const std::size_t letters = parse_term(terms[i], equation, 0).size();
    TENON_REQUIRE(ellipsis ? letters <= ranks[i] : letters == ranks[i],
                  "einsum '{}': term {} does not fit rank {}", equation, i, ranks[i]);
    const std::size_t axes = ranks[i] - letters;
    widest_ellipsis = std::max(widest_ellipsis, axes);
    plan.operands.push_back(parse_term(terms[i], equation, axes));
  }
  plan.output = arrow == std::string::npos
                    ? implicit_output(plan.operands)
                    : parse_term(std::string_view(text).substr(arrow + 2), equation, widest_ellipsis);
  std::vector<int> once = plan.output;
  std::sort(once.begin(), once.end());
  TENON_REQUIRE(std::adjacent_find(once.begin(), once.end()) == once.end(),
                "einsum '{}': a label occurs twice in the result", equation);
  for (const int label : plan.output) {
    const bool known = std::any_of(plan.operands.begin(), plan.operands.end(), [&](const auto& labels) {
      return std::find(labels.begin(), labels.end(), label) != labels.end();
    });
    TENON_REQUIRE(known, "einsum '{}': the result has a label that no term has", equation);
  }
  return plan;
}

std::vector<Inference> Einsum::infer(InferContext& context) const {
  if (context.input_count() == 0) context.fail("expected one operand or more");
  require_numeric(context, 0);
  std::vector<std::size_t> ranks;
  bool ranked = true;
  for (std::size_t i = 0; i < context.input_count(); ++i) {
    context.require_same_dtype(0, i);
    ranked = ranked && context.has_rank(i);
    if (ranked) ranks.push_back(context.dims(i).size());
  }
  if (!ranked) return {tensor_type(context.dtype(0), std::nullopt)};

  const EinsumPlan plan = parse_einsum(equation, ranks);
  std::map<int, Dim> sizes;
  for (std::size_t i = 0; i < plan.operands.size(); ++i) {
    for (std::size_t k = 0; k < plan.operands[i].size(); ++k) {
      const Dim& dim = context.dims(i)[k];
      const auto [found, fresh] = sizes.try_emplace(plan.operands[i][k], dim);
      if (!fresh) found->second = broadcast_dim(context, found->second, dim);
    }
  }
  Dims result;
  for (const int label : plan.output) result.push_back(sizes.at(label));
  return {tensor_type(context.dtype(0), std::move(result))};
}

}  // namespace op

void register_op_einsum(OpRegistry& registry) { registry.add<op::Einsum>(); }

}  // namespace tenon
