// Tactic: one way to solve a Problem on one backend. Stateless, thread-safe.
#pragma once

#include "ir/attribute.hpp"
#include "tactics/problem.hpp"

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace tenon {

// Yes, or no with one sentence that a user understands ("channels per group (12) are not a multiple of 16").
class Verdict {
 public:
  static Verdict yes() { return Verdict({}); }
  static Verdict no(std::string reason) { return Verdict(std::move(reason)); }
  explicit operator bool() const noexcept { return reason_.empty(); }
  const std::string& reason() const noexcept { return reason_; }

 private:
  explicit Verdict(std::string reason) : reason_(std::move(reason)) {}
  std::string reason_;
};

// One configuration of a tactic, with the layouts that it takes and gives. Constant operands are consumed by
// prepare() and have no layout demand. Layouts may name one of the problem's stored_types; the step then has
// operands of that element type, computes in f32 and rounds each result once.
struct Candidate {
  std::string config;          // "" or "oc=4,ow=6": part of the timing cache's key
  std::vector<Layout> inputs;  // one per operand (plain for absent and constant ones)
  std::vector<Layout> outputs;
  double estimate_ns = 0;  // cost model
};

// Sharing work costs a microsecond or two between threads that are awake, and more where one has to be woken
// or the machine is busy, but then the others do its share: less work than this stays in the calling thread.
// Decided by the cost model, so that a plan does not depend on the noise of a measurement.
inline constexpr double kWorthSharingNs = 8e3;
inline bool runs_serially(const Candidate& candidate, int threads) noexcept {
  return candidate.estimate_ns * threads < kWorthSharingNs;
}

// What prepare() yields; becomes a PlanStep.
struct Prepared {
  std::string kind;  // step kind
  AttributeList params;
  std::vector<Tensor> weights;  // packed
  std::vector<std::size_t>
      operands;  // which of the problem's inputs stay runtime inputs of the step, in order
  // The result is the operands one after the other along this axis: there is nothing to do where their
  // producers can write into it.
  std::optional<std::size_t> joined_axis = std::nullopt;
};

class Tactic {
 public:
  virtual ~Tactic() = default;
  virtual std::string_view name() const noexcept = 0;  // "cpu.conv_direct"
  virtual int version() const noexcept { return 1; }   // raised when its speed or numerics change
  virtual std::string_view op() const noexcept = 0;    // IR operator that it solves; "*" for any
  // Factor on the tolerance of the direct algorithm (epsilon × reduction length).
  virtual double error_factor() const noexcept { return 1.0; }
  virtual Accuracy loosest() const noexcept {
    return Accuracy::exact;
  }  // offered to problems at least this loose
  virtual Verdict supports(const Problem& problem) const = 0;
  // At least one when supports() says yes.
  virtual std::vector<Candidate> candidates(const Problem& problem) const = 0;
  virtual Prepared prepare(const Problem& problem, const Candidate& candidate) const = 0;
};

class TacticRegistry {
 public:
  void add(std::unique_ptr<Tactic> tactic);  // InternalError when the name is taken
  // Tactics for that operator, in the order of registration, those for "*" last.
  std::vector<const Tactic*> for_op(std::string_view op) const;
  std::vector<const Tactic*> all() const;

 private:
  std::vector<std::unique_ptr<Tactic>> tactics_;
};

}  // namespace tenon
