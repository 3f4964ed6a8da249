#include "backends/ref/numeric.hpp"
#include "base/check.hpp"
#include "base/text.hpp"
#include "quant/compare_answers.hpp"

#include <tenon/evaluate.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace tenon {
namespace {

std::int64_t samples_of(const Samples::Batch& batch) {
  TENON_REQUIRE(!batch.inputs.empty(), "a batch without inputs");
  const Tensor& first = batch.inputs.begin()->second;
  const std::int64_t samples = first.rank() > 0 ? first.shape()[0] : 1;
  TENON_REQUIRE(batch.labels.empty() || static_cast<std::int64_t>(batch.labels.size()) == samples,
                "{} labels for {} samples", batch.labels.size(), samples);
  return samples;
}

void run_batch(Context& context, const Samples::Batch& batch) {
  for (const auto& [name, tensor] : batch.inputs) context.set_input(name, tensor);
  context.run();
}

// The part of `tensor` that belongs to sample i of n: its slice along the first axis where that is n long,
// else (all samples in one answer) the whole tensor.
bool is_split(const Tensor& tensor, std::int64_t samples) {
  return tensor.rank() > 0 && tensor.shape()[0] == samples;
}

// One axis of more than one element besides the batch.
bool are_scores(const Tensor& tensor, std::int64_t samples) {
  if (tensor.rank() < 2 || !is_split(tensor, samples)) return false;
  const auto& shape = tensor.shape();
  return std::count_if(shape.begin() + 1, shape.end(), [](std::int64_t dim) { return dim != 1; }) == 1 &&
         tensor.elements() > samples;
}

}  // namespace

double Evaluation::cosine() const noexcept {
  double least = 1;
  for (const Output& output : outputs) least = std::min(least, output.cosine.value);
  return least;
}

class Evaluator::State {
 public:
  State(const Engine& reference, Samples& samples, const EvaluateOptions& options)
      : samples_(samples), options_(options) {
    const auto& infos = reference.outputs();
    for (const TensorInfo& info : infos) {
      if (info.is_tensor && is_floating_point(info.dtype)) names_.push_back(info.name);
    }
    Context context = reference.create_context();
    for_each_batch([&](const Samples::Batch& batch) {
      run_batch(context, batch);
      Answers answers;
      answers.labels = batch.labels;
      answers.samples = samples_of(batch);
      for (const std::string& name : names_) answers.outputs.push_back(context.output(name).clone());
      answers_.push_back(std::move(answers));
    });
    TENON_REQUIRE(!answers_.empty(), "there is no sample to evaluate with");
    find_scores();
  }

  Evaluation evaluate(const Engine& candidate) {
    Context context = candidate.create_context();
    Tally tally(names_.size());
    std::size_t index = 0;
    for_each_batch([&](const Samples::Batch& batch) {
      TENON_REQUIRE(index < answers_.size(), "there are more samples than the first time");
      const Answers& answers = answers_[index++];
      run_batch(context, batch);
      std::vector<Tensor> found;
      for (std::size_t i = 0; i < names_.size(); ++i)
        found.push_back(output_of(context, names_[i], answers.outputs[i]));
      compare(answers, found, tally);
    });
    TENON_REQUIRE(index == answers_.size(), "there are fewer samples than the first time");
    return conclude(tally);
  }

  Evaluation reference() const {
    Tally tally(names_.size());
    for (const Answers& answers : answers_) compare(answers, answers.outputs, tally);
    return conclude(tally);
  }

 private:
  // The floating-point outputs of a batch, as the reference gave them.
  struct Answers {
    std::vector<Tensor> outputs;
    std::vector<std::int64_t> labels;
    std::int64_t samples = 0;
  };

  template <class Do>
  void for_each_batch(const Do& act) {
    samples_.rewind();
    std::size_t done = 0;
    while (const auto batch = samples_.next_batch()) {
      act(*batch);
      if (options_.progress) options_.progress("evaluating", ++done, samples_.batch_count());
    }
  }

  void find_scores() {
    const Answers& first = answers_.front();
    for (std::size_t i = 0; i < names_.size(); ++i) {
      if (!options_.scores.empty() && names_[i] != options_.scores) continue;
      if (!are_scores(first.outputs[i], first.samples)) continue;
      if (scores_) {
        scores_.reset();
        break;
      }
      scores_ = i;
    }
    TENON_REQUIRE(scores_ || options_.scores.empty(), "no output {} holds scores of classes",
                  quote(options_.scores));
    if (!scores_) return;
    normalized_ = std::all_of(answers_.begin(), answers_.end(), [&](const Answers& answers) {
      const std::vector<double> x = ref::to_doubles(answers.outputs[*scores_]);
      const std::size_t length = x.size() / static_cast<std::size_t>(answers.samples);
      for (std::size_t at = 0; at < x.size(); at += length) {
        if (!quant::are_probabilities({x.data() + at, length})) return false;
      }
      return true;
    });
  }

  static Tensor output_of(Context& context, const std::string& name, const Tensor& expected) {
    const auto& infos = context.engine().outputs();
    TENON_REQUIRE(std::any_of(infos.begin(), infos.end(),
                              [&](const TensorInfo& info) { return info.is_tensor && info.name == name; }),
                  "the engines differ: one has no output {}", quote(name));
    Tensor found = context.output(name);
    TENON_REQUIRE(is_floating_point(found.dtype()) && found.shape() == expected.shape(),
                  "the engines differ: output {} is {}[{}] in one, {}[{}] in the other", quote(name),
                  tenon::name(expected.dtype()), fmt::join(expected.shape(), ","), tenon::name(found.dtype()),
                  fmt::join(found.shape(), ","));
    return found;
  }

  // What is counted while the samples go by; vectors by output.
  struct Tally {
    explicit Tally(std::size_t outputs) : cosines(outputs), sums(outputs) {}
    Evaluation counts;
    std::vector<std::vector<double>> cosines;
    std::vector<quant::PairSums> sums;
    std::vector<double> divergences;
    std::uint64_t agreed = 0;
  };

  void compare(const Answers& answers, const std::vector<Tensor>& found, Tally& tally) const {
    tally.counts.samples += static_cast<std::uint64_t>(answers.samples);
    for (std::size_t i = 0; i < names_.size(); ++i) {
      const std::vector<double> x = ref::to_doubles(answers.outputs[i]);
      const std::vector<double> y = ref::to_doubles(found[i]);
      const std::size_t parts =
          is_split(found[i], answers.samples) ? static_cast<std::size_t>(answers.samples) : 1;
      const std::size_t length = x.size() / std::max<std::size_t>(parts, 1);
      tally.sums[i].add(x, y);
      for (std::size_t part = 0; part < parts; ++part) {
        const std::span<const double> mine(x.data() + part * length, length);
        const std::span<const double> others(y.data() + part * length, length);
        quant::PairSums one;
        one.add(mine, others);
        tally.cosines[i].push_back(one.cosine());
        if (scores_ == i) compare_scores(mine, others, answers, part, tally);
      }
    }
  }

  void compare_scores(std::span<const double> mine, std::span<const double> others, const Answers& answers,
                      std::size_t sample, Tally& tally) const {
    const std::size_t best = quant::best_class(mine);
    const std::size_t found = quant::best_class(others);
    tally.agreed += best == found ? 1 : 0;
    tally.divergences.push_back(quant::divergence(quant::probabilities(mine, normalized_),
                                                  quant::probabilities(others, normalized_)));
    if (!answers.labels.empty()) count_label(answers.labels[sample], best, found, tally.counts);
  }

  Evaluation conclude(const Tally& tally) const {
    Evaluation result = tally.counts;
    TENON_REQUIRE(result.samples > 0, "there is no sample to evaluate with");
    for (std::size_t i = 0; i < names_.size(); ++i) {
      const std::vector<double>& cosines = tally.cosines[i];
      result.outputs.push_back({names_[i], estimate_mean(cosines),
                                *std::min_element(cosines.begin(), cosines.end()), tally.sums[i].sqnr_db()});
    }
    if (scores_) {
      result.agreement = estimate_share(tally.agreed, result.samples);
      result.divergence = estimate_mean(tally.divergences);
    }
    if (result.labelled > 0) {
      result.reference_top1 = estimate_share(result.reference_right, result.labelled);
      result.top1 = estimate_share(result.right, result.labelled);
    }
    return result;
  }

  static void count_label(std::int64_t label, std::size_t reference, std::size_t candidate,
                          Evaluation& result) {
    const bool was = static_cast<std::int64_t>(reference) == label;
    const bool is = static_cast<std::int64_t>(candidate) == label;
    ++result.labelled;
    result.reference_right += was ? 1 : 0;
    result.right += is ? 1 : 0;
    result.lost += was && !is ? 1 : 0;
    result.gained += is && !was ? 1 : 0;
  }

  Samples& samples_;
  EvaluateOptions options_;
  std::vector<std::string> names_;  // of the floating-point outputs
  std::vector<Answers> answers_;
  std::optional<std::size_t> scores_;
  bool normalized_ = false;
};

Evaluator::Evaluator(const Engine& reference, Samples& samples, const EvaluateOptions& options)
    : state_(std::make_unique<State>(reference, samples, options)) {}
Evaluator::~Evaluator() = default;
Evaluator::Evaluator(Evaluator&&) noexcept = default;
Evaluator& Evaluator::operator=(Evaluator&&) noexcept = default;

Evaluation Evaluator::reference() { return state_->reference(); }
Evaluation Evaluator::evaluate(const Engine& candidate) { return state_->evaluate(candidate); }

}  // namespace tenon
