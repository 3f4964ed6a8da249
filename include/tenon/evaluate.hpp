// Evaluation: how many answers of an engine are right, and how far they lie from those of another engine,
// such as the FP32 one that it was quantized from.
#pragma once

#include <tenon/builder.hpp>

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace tenon {

// A number that samples estimate, and the interval that holds the true one in 95 of 100 cases.
struct Estimate {
  double value = 0;
  double low = 0;
  double high = 0;
  std::uint64_t samples = 0;
};

// The share of successes in n > 0 trials, with Wilson's interval (E. B. Wilson, "Probable Inference, the Law
// of Succession, and Statistical Inference", 1927), which stays inside of [0, 1].
Estimate estimate_share(std::uint64_t successes, std::uint64_t n);

// The mean of n > 0 values, with Student's interval; infinite for n = 1.
Estimate estimate_mean(std::span<const double> values);

// Where an evaluation gets its data from. Called from the evaluating thread only.
class Samples {
 public:
  struct Batch {
    std::map<std::string, Tensor> inputs;  // every input of the network by name; samples along the first axis
    std::vector<std::int64_t> labels;      // the right class of each sample; empty: unknown
  };

  virtual ~Samples() = default;
  // Nothing when there are no more.
  virtual std::optional<Batch> next_batch() = 0;
  // Begins anew; must then give the same batches.
  virtual void rewind() = 0;
  // Batches in all, for progress; 0: unknown.
  virtual std::uint64_t batch_count() const { return 0; }
};

struct EvaluateOptions {
  // The output whose elements are scores of classes. Empty: the only output that is [N, K], or that with
  // dims of 1 besides, K > 1. Where there is none, or are several, there is nothing about classes.
  std::string scores;
  ProgressFn progress;
};

// What one engine (the candidate) answers, measured against another one (the reference).
struct Evaluation {
  std::uint64_t samples = 0;

  // With scores of classes, of the samples that have a label.
  std::uint64_t labelled = 0;
  std::uint64_t reference_right = 0;
  std::uint64_t right = 0;
  std::uint64_t lost = 0;    // right in the reference only
  std::uint64_t gained = 0;  // right in the candidate only
  std::int64_t net_loss() const noexcept {
    return static_cast<std::int64_t>(lost) - static_cast<std::int64_t>(gained);
  }
  std::optional<Estimate> reference_top1, top1;

  // With scores of classes, of all samples. Of equal scores the first counts as the best.
  std::optional<Estimate> agreement;  // the same class is the best one
  // Mean of Σ p ln(p / q), p the reference's probabilities, q the candidate's, in nats. Scores that are
  // nowhere negative and sum up to 1 ± 0.001 in every sample of the reference are probabilities, others
  // become such by softmax. q counts as 1e-10 at least.
  std::optional<Estimate> divergence;

  // Of every floating-point output.
  struct Output {
    std::string name;
    Estimate cosine;           // mean over samples of x·y / (|x| |y|); 1 where both are 0
    double lowest_cosine = 1;  // of any sample
    double sqnr_db = 0;        // 10 lg(Σ x² / Σ (x - y)²) over all samples; infinite when they are equal
  };
  std::vector<Output> outputs;

  // The smallest mean cosine of any output; 1 when there is none.
  double cosine() const noexcept;
};

// Compares engines with one reference, whose answers it keeps. Not thread-safe.
class Evaluator {
 public:
  // Runs the reference over all samples, which must outlive the evaluator. ModelError when there are none,
  // when a batch has labels for a part of its samples only, or when options.scores names no such output.
  Evaluator(const Engine& reference, Samples& samples, const EvaluateOptions& options = {});
  ~Evaluator();
  Evaluator(Evaluator&&) noexcept;
  Evaluator& operator=(Evaluator&&) noexcept;

  // The reference measured against itself, without running it again.
  Evaluation reference();
  // Runs the candidate over all samples. ModelError when its outputs differ from the reference's in name or
  // shape.
  Evaluation evaluate(const Engine& candidate);

 private:
  class State;
  std::unique_ptr<State> state_;
};

}  // namespace tenon
