// Samples seen in other ways: their shapes, a few of them, and as a Calibrator.
#pragma once

#include <tenon/calibrate.hpp>
#include <tenon/evaluate.hpp>

#include <map>
#include <string>

namespace tenon {

// From the smallest to the largest shape of every input; the largest is the optimum.
std::map<std::string, ShapeRange> shapes_of(Samples& samples);

// At most `samples` of them, rounded up to whole batches; 0: all.
class FirstSamples final : public Samples {
 public:
  FirstSamples(Samples& samples, std::size_t count) : samples_(samples), count_(count) {}
  std::optional<Batch> next_batch() override;
  void rewind() override;

 private:
  Samples& samples_;
  std::size_t count_;
  std::size_t seen_ = 0;
};

class SamplesCalibrator final : public Calibrator {
 public:
  // The size of the first batch counts as that of all.
  explicit SamplesCalibrator(Samples& samples);
  std::int64_t batch_size() const override { return batch_size_; }
  std::optional<std::map<std::string, Tensor>> next_batch() override;
  std::uint64_t batch_count() const override { return samples_.batch_count(); }

 private:
  Samples& samples_;
  std::int64_t batch_size_ = 1;
};

// Of one batch: the first axis of its inputs.
std::int64_t sample_count(const Samples::Batch& batch);

}  // namespace tenon
