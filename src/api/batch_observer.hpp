// Calibration's batches, each run and looked at; how long either takes.
#pragma once

#include "api/observing_engine.hpp"

#include <cstdint>
#include <functional>

namespace tenon {

class BatchObserver {
 public:
  // Sees a tensor of a batch. What it throws comes out of add(), as "calibrating with batch N".
  using See = std::function<void(std::uint64_t batch, const ObservedTensor& tensor, const Tensor& value)>;

  BatchObserver(ObservingEngine& engine, See see) : engine_(engine), see_(std::move(see)) {}

  // Runs the batch; `first` is told what there is to see before anything of the first batch is seen.
  void add(std::uint64_t batch, const ObservingEngine::Inputs& inputs,
           const std::function<void(const std::vector<ObservedTensor>&)>& first);

  double running_s() const { return running_s_; }
  double observing_s() const { return observing_s_; }  // in addition

 private:
  ObservingEngine& engine_;
  See see_;
  bool begun_ = false;
  double running_s_ = 0;
  double observing_s_ = 0;
};

}  // namespace tenon
