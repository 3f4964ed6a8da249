#include "backends/ref/tactics/ref_tactics.hpp"

#include "backends/ref/ref.hpp"
#include "backends/ref/steps/ref_steps.hpp"
#include "ir/blob_store.hpp"
#include "ir/printer.hpp"
#include "tactics/extract.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

namespace tenon {
namespace {

std::int64_t elements(const Operand& operand) {
  return std::accumulate(operand.dims.begin(), operand.dims.end(), std::int64_t{1},
                         [](std::int64_t a, std::int64_t b) { return a * std::max<std::int64_t>(b, 1); });
}

Candidate plain_candidate(const Problem& problem) {
  Candidate candidate;
  candidate.inputs.resize(problem.inputs.size());
  candidate.outputs.resize(problem.outputs.size());
  return candidate;
}

// Any operator through its reference kernel.
class RefTactic final : public Tactic {
 public:
  std::string_view name() const noexcept override { return "ref.op"; }
  std::string_view op() const noexcept override { return "*"; }

  Verdict supports(const Problem& problem) const override {
    if (ref::registry().find(problem.op.name()) == nullptr) {
      return Verdict::no(fmt::format("the reference backend has no kernel for '{}'", problem.op.name()));
    }
    if (problem.op.traits().has_regions) return Verdict::no("operators with regions run as graphs");
    return Verdict::yes();
  }

  std::vector<Candidate> candidates(const Problem& problem) const override {
    Candidate candidate = plain_candidate(problem);
    // The reference kernels take some 10 ns per element they touch, and products of operands for
    // contractions.
    double touched = 0;
    for (const Operand& operand : problem.inputs) touched += static_cast<double>(elements(operand));
    for (const Operand& operand : problem.outputs) touched += static_cast<double>(elements(operand));
    candidate.estimate_ns = 1000 + 10 * touched;
    return {candidate};
  }

  Prepared prepare(const Problem& problem, const Candidate&) const override {
    ref::EncodedOp encoded = ref::encode_op(problem.op);
    Prepared prepared{"ref.op", std::move(encoded.params), std::move(encoded.weights), {}};
    prepared.operands.resize(problem.inputs.size());
    std::iota(prepared.operands.begin(), prepared.operands.end(), std::size_t{0});
    return prepared;
  }
};

// A node with regions: it travels as a graph of its own, whose inputs are the operands and the captured
// values.
class RefGraphTactic final : public Tactic {
 public:
  std::string_view name() const noexcept override { return "ref.graph"; }
  std::string_view op() const noexcept override { return "*"; }

  Verdict supports(const Problem& problem) const override {
    return problem.op.traits().has_regions ? Verdict::yes() : Verdict::no("the operator has no regions");
  }

  std::vector<Candidate> candidates(const Problem& problem) const override {
    return {plain_candidate(problem)};
  }

  Prepared prepare(const Problem& problem, const Candidate&) const override {
    BlobStore blobs;
    Prepared prepared{"ref.graph", {}, {}, {}};
    prepared.params.push_back({"graph", print(extract_node(*problem.graph, problem.node), &blobs)});
    for (const auto& [hash, blob] : blobs.blobs()) {
      prepared.weights.push_back(Tensor::view_const(
          DataType::u8, {static_cast<std::int64_t>(blob.bytes.size())}, blob.bytes.data(), blob.owner));
    }
    for (std::size_t i = 0; i < problem.inputs.size(); ++i) {
      if (problem.inputs[i].present) prepared.operands.push_back(i);
    }
    return prepared;
  }
};

// Operators whose result is their first operand's memory under another shape.
class AliasTactic final : public Tactic {
 public:
  AliasTactic(std::string_view op, std::string_view name) : op_(op), name_(name) {}
  std::string_view name() const noexcept override { return name_; }
  std::string_view op() const noexcept override { return op_; }

  Verdict supports(const Problem& problem) const override {
    if (problem.has_unknown_dims()) return Verdict::no("the shape is known only while running");
    if (!problem.output().dims || problem.output().dtype == DataType::string)
      return Verdict::no("strings are not memory to view");
    if (problem.inputs[0].constant != nullptr) return Verdict::no("the operand is a constant");
    return Verdict::yes();
  }

  std::vector<Candidate> candidates(const Problem& problem) const override {
    std::vector<Candidate> candidates{plain_candidate(problem)};
    if (problem.input(0).dtype != DataType::f32) return candidates;
    for (const DataType type : problem.stored_types) {
      candidates.push_back(candidates.front());
      candidates.back().inputs[0] = candidates.back().outputs[0] = Layout().stored_as(type);
    }
    return candidates;
  }

  Prepared prepare(const Problem&, const Candidate&) const override { return {"alias", {}, {}, {0}}; }

 private:
  std::string_view op_;
  std::string_view name_;
};

}  // namespace

void register_ref_tactics(TacticRegistry& registry) {
  registry.add(std::make_unique<AliasTactic>("identity", "view.identity"));
  registry.add(std::make_unique<AliasTactic>("reshape", "view.reshape"));
  registry.add(std::make_unique<AliasTactic>("flatten", "view.flatten"));
  registry.add(std::make_unique<AliasTactic>("squeeze", "view.squeeze"));
  registry.add(std::make_unique<AliasTactic>("unsqueeze", "view.unsqueeze"));
  registry.add(std::make_unique<RefTactic>());
  registry.add(std::make_unique<RefGraphTactic>());
}

}  // namespace tenon
