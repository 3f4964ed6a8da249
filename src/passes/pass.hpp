// Pass: one step of optimization, graph to graph.
//
// A pass is a plain struct with public options and
//     static constexpr std::string_view kName = "cse", kSummary = "…";
//     static constexpr auto fields();                            its options, see ir/attribute.hpp
//     bool run(Graph& graph, PassContext& context) const;        true when it changed the graph
// Passes change the graph through PassContext::apply(), so that every change is counted and the n-th can be
// found again.
#pragma once

#include "base/random.hpp"
#include "ir/attribute.hpp"
#include "ir/data.hpp"
#include "ir/patch.hpp"

#include <concepts>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace tenon {

// Runs one operator on constant operands (absent ones are not present). Handed in, so that passes know no
// backend.
using OpEvaluator =
    std::function<std::vector<Data>(const Op& op, std::span<const Data> inputs, std::size_t outputs)>;

// What a run of a pipeline is allowed and what it has done so far.
class PassContext {
 public:
  // `rule_order_seed` 0 keeps the listed order of rules; without an evaluator nothing is folded.
  explicit PassContext(OpEvaluator evaluator = {}, std::uint64_t rule_order_seed = 0,
                       std::optional<std::size_t> stop_after_rewrites = std::nullopt);

  const OpEvaluator& evaluator() const noexcept { return evaluator_; }

  // False once as many patches as asked for are applied; the rest of the pipeline then changes nothing but
  // dead code.
  bool may_rewrite() const noexcept { return !limit_ || rewrites_ < *limit_; }
  // Applies and counts. `what` names the rule; last_rewrite() is "what at 'location'".
  void apply(Graph& graph, Patch&& patch, std::string_view what);

  std::size_t rewrites() const noexcept { return rewrites_; }
  const std::string& last_rewrite() const noexcept { return last_rewrite_; }

  // Shuffles when a seed was given.
  template <class T>
  void shuffle(std::vector<T>& items) {
    if (!random_) return;
    for (std::size_t i = items.size(); i > 1; --i) {
      std::swap(items[i - 1], items[random_->below(static_cast<std::uint32_t>(i))]);
    }
  }

 private:
  OpEvaluator evaluator_;
  std::optional<Random> random_;
  std::optional<std::size_t> limit_;
  std::size_t rewrites_ = 0;
  std::string last_rewrite_;
};

namespace detail {

class PassConcept {
 public:
  virtual ~PassConcept() = default;
  virtual std::string_view name() const noexcept = 0;
  virtual std::string_view summary() const noexcept = 0;
  virtual AttributeList options() const = 0;
  virtual AttributeList default_options() const = 0;
  virtual std::shared_ptr<const PassConcept> with_options(const AttributeList& list) const = 0;
  virtual bool run(Graph& graph, PassContext& context) const = 0;
};

template <class T>
class PassModel final : public PassConcept {
 public:
  explicit PassModel(T pass) : pass_(std::move(pass)) {}
  std::string_view name() const noexcept override { return T::kName; }
  std::string_view summary() const noexcept override { return T::kSummary; }
  AttributeList options() const override { return to_attributes(pass_); }
  AttributeList default_options() const override { return to_attributes(T{}); }
  std::shared_ptr<const PassConcept> with_options(const AttributeList& list) const override {
    T copy = pass_;
    set_attributes(copy, list, T::kName);
    return std::make_shared<PassModel>(std::move(copy));
  }
  bool run(Graph& graph, PassContext& context) const override { return pass_.run(graph, context); }

 private:
  T pass_;
};

}  // namespace detail

// A cheap, shareable, immutable value. Never empty.
class Pass {
 public:
  template <class T>
  requires(!std::same_as<std::decay_t<T>, Pass>) Pass(T pass)  // NOLINT(google-explicit-constructor)
      : self_(std::make_shared<detail::PassModel<T>>(std::move(pass))) {}

  std::string_view name() const noexcept { return self_->name(); }
  std::string_view summary() const noexcept { return self_->summary(); }
  Pass with_options(const AttributeList& list) const { return Pass(self_->with_options(list)); }
  bool run(Graph& graph, PassContext& context) const { return self_->run(graph, context); }
  // As a pipeline writes it: name, and options that are not at their default in braces.
  std::string to_string() const;

 private:
  explicit Pass(std::shared_ptr<const detail::PassConcept> self) : self_(std::move(self)) {}
  std::shared_ptr<const detail::PassConcept> self_;
};

class PassRegistry {
 public:
  void add(Pass prototype);  // InternalError when the name is taken
  const Pass* find(std::string_view name) const noexcept;
  std::vector<std::string> names() const;  // sorted

 private:
  std::map<std::string, Pass, std::less<>> passes_;
};

// Filled on first use from the entries of src/passes/CMakeLists.txt; thread-safe.
const PassRegistry& builtin_passes();

// Generated: calls register_pass_<entry>(registry) for every entry.
void register_all_pass(PassRegistry& registry);

}  // namespace tenon
