// A network whose tensors can be looked at after each run, and the kernel that counts what they hold.
#pragma once

#include "backends/cpu/kernels/observe/observe.hpp"
#include "quant/histogram.hpp"

#include <tenon/builder.hpp>
#include <tenon/calibrate.hpp>

#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace tenon {

struct Plan;

class KernelCounter final : public quant::ValueCounter {
 public:
  explicit KernelCounter(std::shared_ptr<ThreadPool> pool);
  quant::Extremes extremes(std::span<const float> values) override;
  quant::Extremes count(std::span<const float> values, const quant::BinScale& scale,
                        quant::Counts& counts) override;

 private:
  std::shared_ptr<ThreadPool> pool_;
  const cpu::ObserveKernel* kernel_;
  std::vector<cpu::ObserveScratch> scratch_;
};

// One observed tensor: where its value is found, and where it comes from.
struct ObservedTensor {
  std::string name;
  std::string location;
  DataType dtype = DataType::f32;
  bool input = false;
  bool shown = true;        // false: nobody wants to see its value
  std::string engine_name;  // of the input or output
  std::size_t place = 0;    // among what is observed
  // 0: its values are shown in order. Else in blocks of as many channels: nChw<n>c.
  std::int64_t channel_block = 0;

  // Which element of the tensor, of that shape, is shown at `at`.
  std::int64_t element(std::int64_t at, const Shape& shape) const;
};

// Engines by input shapes: as imported but canonicalized, or `fused`. What is chosen depends neither on time
// nor on the number of threads. Tensors are seen in passing (passing_values.hpp) where that is possible, and
// are outputs of the engine where not.
class ObservingEngine {
  struct Entry;

 public:
  using Inputs = std::map<std::string, Tensor>;
  // Sees a tensor; what it throws comes out after the run.
  using See = std::function<void(const ObservedTensor& tensor, const Tensor& value)>;

  // A batch that is bound to its engine.
  class Bound {
   public:
    const std::vector<ObservedTensor>& observed() const;

   private:
    friend class ObservingEngine;
    Entry* entry_ = nullptr;
    Context* context_ = nullptr;
    const Inputs* inputs_ = nullptr;
  };

  // `unseen`: names of tensors that need not be shown.
  ObservingEngine(const Network& network, std::map<std::string, ShapeRange> shapes, bool fused,
                  std::set<std::string> unseen, std::shared_ptr<ThreadPool> pool);
  ~ObservingEngine();

  // Makes the engine for the shapes of `inputs` where there is none yet, and binds them, which have to
  // outlive what is bound. The batch before is no more.
  Bound prepare(const Inputs& inputs);
  // Shows every observed tensor once, those that steps compute while they are in the caches.
  void run(const Bound& batch, const See& see);
  // Shows nothing.
  void run(const Bound& batch);

 private:
  struct Entry {
    std::map<std::string, Shape> shapes;
    std::vector<ObservedTensor> observed;
    std::vector<std::size_t> by_output;  // index into observed; kNone for an output that is not
    std::optional<Engine> engine;
    std::optional<Context> context;
  };
  static constexpr std::size_t kNone = static_cast<std::size_t>(-1);

  Entry& entry_for(const Inputs& inputs);
  void build_entry(const std::map<std::string, ShapeRange>& shapes, Entry& entry) const;
  Plan build_plan(Network tapped, BuildOptions options, Entry& entry) const;

  const Network& network_;
  std::map<std::string, ShapeRange> shapes_;
  bool fused_;
  std::set<std::string> unseen_;
  std::shared_ptr<ThreadPool> pool_;
  std::list<Entry> entries_;  // most recently used first
};

}  // namespace tenon
