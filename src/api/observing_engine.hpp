// A network whose tensors can be looked at after each run, and the kernel that counts what they hold.
#pragma once

#include "backends/cpu/kernels/observe/observe.hpp"
#include "quant/histogram.hpp"

#include <tenon/calibrate.hpp>

#include <functional>
#include <list>
#include <memory>

namespace tenon {

class KernelCounter final : public quant::ValueCounter {
 public:
  explicit KernelCounter(std::shared_ptr<ThreadPool> pool);
  quant::Extremes extremes(std::span<const float> values) override;
  quant::Extremes count(std::span<const float> values, const quant::BinScale& scale) override;
  void take(std::span<std::uint64_t> positive, std::span<std::uint64_t> negative,
            std::span<std::uint64_t> beyond) override;
  void drop() override;

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
  std::string engine_name;  // of the input or output
};

// Engines by input shapes: as imported but canonicalized, or `fused`. What is chosen depends neither on time
// nor on the number of threads.
class ObservingEngine {
 public:
  using Inputs = std::map<std::string, Tensor>;

  ObservingEngine(const Network& network, std::map<std::string, ShapeRange> shapes, bool fused,
                  std::shared_ptr<ThreadPool> pool);

  // Makes the engine for the shapes of `inputs` where there is none yet, and binds them.
  void prepare(const Inputs& inputs);
  // Of the engine that runs next.
  const std::vector<ObservedTensor>& observed() const { return current_->observed; }
  // Shows every observed tensor once, those that steps compute while they are in the caches. What `see`
  // throws comes out after the run.
  using See = std::function<void(const ObservedTensor& tensor, const Tensor& value)>;
  void run(const See& see);

 private:
  struct Entry {
    std::map<std::string, Shape> shapes;
    std::vector<ObservedTensor> observed;
    std::vector<std::size_t> by_output;  // index into observed; kNone for an output that is not
    std::optional<Context> context;
  };
  static constexpr std::size_t kNone = static_cast<std::size_t>(-1);

  Entry& entry_for(const Inputs& inputs);
  void build_entry(const std::map<std::string, ShapeRange>& shapes, Entry& entry) const;

  const Network& network_;
  std::map<std::string, ShapeRange> shapes_;
  bool fused_;
  std::shared_ptr<ThreadPool> pool_;
  std::list<Entry> entries_;  // most recently used first
  Entry* current_ = nullptr;
  const Inputs* inputs_ = nullptr;
};

}  // namespace tenon
