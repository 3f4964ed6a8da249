#include "api/sample_sets.hpp"

#include "base/check.hpp"
#include "base/text.hpp"

#include <algorithm>

namespace tenon {

std::int64_t sample_count(const Samples::Batch& batch) {
  TENON_REQUIRE(!batch.inputs.empty(), "a batch without inputs");
  const Tensor& first = batch.inputs.begin()->second;
  return first.rank() > 0 ? first.shape()[0] : 1;
}

std::map<std::string, ShapeRange> shapes_of(Samples& samples) {
  std::map<std::string, ShapeRange> ranges;
  samples.rewind();
  while (const auto batch = samples.next_batch()) {
    for (const auto& [name, tensor] : batch->inputs) {
      const Shape& shape = tensor.shape();
      const auto [found, fresh] = ranges.try_emplace(name, ShapeRange{shape, shape, shape});
      if (fresh) continue;
      ShapeRange& range = found->second;
      TENON_REQUIRE(range.min.size() == shape.size(), "input {} has rank {} in one batch, {} in another",
                    quote(name), range.min.size(), shape.size());
      for (std::size_t i = 0; i < shape.size(); ++i) {
        range.min[i] = std::min(range.min[i], shape[i]);
        range.max[i] = std::max(range.max[i], shape[i]);
      }
      range.opt = range.max;
    }
  }
  TENON_REQUIRE(!ranges.empty(), "there is no sample");
  return ranges;
}

std::optional<Samples::Batch> FirstSamples::next_batch() {
  if (count_ > 0 && seen_ >= count_) return std::nullopt;
  auto batch = samples_.next_batch();
  if (batch) seen_ += static_cast<std::size_t>(sample_count(*batch));
  return batch;
}

void FirstSamples::rewind() {
  samples_.rewind();
  seen_ = 0;
}

SamplesCalibrator::SamplesCalibrator(Samples& samples) : samples_(samples) {
  samples_.rewind();
  const auto first = samples_.next_batch();
  TENON_REQUIRE(first.has_value(), "there is no sample to calibrate with");
  batch_size_ = std::max<std::int64_t>(1, sample_count(*first));
  samples_.rewind();
}

std::optional<std::map<std::string, Tensor>> SamplesCalibrator::next_batch() {
  auto batch = samples_.next_batch();
  if (!batch) return std::nullopt;
  return std::move(batch->inputs);
}

}  // namespace tenon
