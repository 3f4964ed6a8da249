// Calibration's batches, each run and looked at. Where a network is so small that threads have nothing to
// share within a batch, a batch is looked at while the next one runs.
#pragma once

#include "api/observing_engine.hpp"
#include "base/thread_pool.hpp"

#include <cstdint>
#include <functional>
#include <optional>

namespace tenon {

class BatchObserver {
 public:
  // Sees a tensor of a batch; calls come one at a time, batch after batch. What it throws comes out of add()
  // or finish(), as "calibrating with batch N".
  using See = std::function<void(std::uint64_t batch, const ObservedTensor& tensor, const Tensor& value)>;

  // `threads`: of the engine's pool.
  BatchObserver(ObservingEngine& engine, int threads, See see);

  // Runs the batch; `first` is told what there is to see before anything of the first batch is seen.
  void add(std::uint64_t batch, ObservingEngine::Inputs inputs,
           const std::function<void(const std::vector<ObservedTensor>&)>& first);
  // Sees what has not been seen yet.
  void finish();

  double running_s() const { return running_s_; }
  double observing_s() const { return observing_s_; }  // in addition

 private:
  struct Batch {
    std::uint64_t number = 0;
    ObservingEngine::Inputs inputs;
    ObservingEngine::Bound bound;
  };

  void run_and_see(const Batch& batch);
  void run_and_see_pending(const Batch& batch);
  void see_pending();

  ObservingEngine& engine_;
  See see_;
  std::optional<ThreadPool> pair_;
  bool begun_ = false;
  std::optional<Batch> batches_[2];
  std::size_t next_ = 0;      // which of them
  bool pending_ = false;      // the other one has run and is to be seen
  std::size_t elements_ = 0;  // of what was seen of a batch
  double running_s_ = 0;
  double observing_s_ = 0;
};

}  // namespace tenon
