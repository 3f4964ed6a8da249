// Calibration's batches, each run and looked at: on all threads, or, where threads find little to share
// within a batch, on one while another runs the next batch. The first batches show what is faster.
#pragma once

#include "api/observing_engine.hpp"
#include "base/thread_pool.hpp"

#include <cstdint>
#include <functional>
#include <limits>
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

  // How batches went so far that ran in one of the two ways.
  struct Way {
    int batches = 0;
    double least_s = std::numeric_limits<double>::infinity();

    void note(double seconds);
  };

  bool next_apart() const;
  void run_and_see(const Batch& batch);
  void run_and_see_pending(const Batch& batch);
  void see_pending();

  ObservingEngine& engine_;
  See see_;
  std::optional<ThreadPool> pair_;
  bool begun_ = false;
  std::optional<Batch> batches_[2];
  std::size_t next_ = 0;  // which of them
  bool pending_ = false;  // the other one has run and is to be seen
  Way together_;
  Way apart_;
  double running_s_ = 0;
  double observing_s_ = 0;
};

}  // namespace tenon
