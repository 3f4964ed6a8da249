#include "tactics/tuner.hpp"

#include "base/aligned_buffer.hpp"
#include "base/check.hpp"
#include "base/context.hpp"
#include "base/cpu_info.hpp"
#include "base/half.hpp"
#include "base/random.hpp"
#include "base/thread_pool.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <limits>
#include <memory>

namespace tenon {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kMostSets = 8;
constexpr int kLeastRounds = 3;
constexpr int kMostRounds = 25;
constexpr double kBudgetNs = 8e6;    // per contender
constexpr double kFarBehind = 1.25;  // not run again after kLeastRounds
constexpr double kBehind = 1.08;     // not run again after kSettledRounds
constexpr int kSettledRounds = 8;
constexpr std::size_t kRandoms = 4099;  // a prime, so that no power of two repeats with them

// A concrete type: the problem's at opt, as stored in the candidate's layout.
Type concrete(const Operand& operand, const Layout& layout) {
  TensorType type = operand.type.as_tensor();
  type.dims = Dims(operand.dims.begin(), operand.dims.end());
  type.layout = layout;
  type.quant = {};
  return stored_type(std::move(type));
}

struct OperandMemory {
  AlignedBuffer bytes;
  BufferView view;
};

// Repeats a few values: drawing every one would take longer than the measurement.
template <class T>
void fill_random(std::span<T> values) {
  const std::size_t drawn = std::min(kRandoms, values.size());
  Random generator(1);
  for (T& value : values.first(drawn)) value = T(generator.uniform(-1.0F, 1.0F));
  for (std::size_t i = drawn; i < values.size(); i += drawn)
    std::copy_n(values.data(), std::min(drawn, values.size() - i), values.data() + i);
}

OperandMemory allocate(const Operand& operand, const Layout& layout, bool random) {
  const Type type = concrete(operand, layout);
  OperandMemory memory;
  const auto bytes = static_cast<std::size_t>(storage_bytes(type.as_tensor(), operand.dims));
  memory.bytes = AlignedBuffer(std::max<std::size_t>(bytes, 1));
  memory.bytes.fill_zero();
  if (operand.constant != nullptr && layout.is_plain()) {
    std::copy_n(operand.constant->data(), std::min(bytes, operand.constant->size_bytes()),
                memory.bytes.data());
  } else if (random) {
    switch (type.as_tensor().dtype) {
      case DataType::f32: fill_random(std::span(memory.bytes.as<float>(), bytes / 4)); break;
      case DataType::bf16: fill_random(std::span(memory.bytes.as<bfloat16>(), bytes / 2)); break;
      case DataType::f16: fill_random(std::span(memory.bytes.as<float16>(), bytes / 2)); break;
      default: break;
    }
  }
  memory.view = {memory.bytes.data(), type.as_tensor().dtype, operand.dims, nullptr};
  return memory;
}

// One contender with its step and several sets of memory. They share their scratch, as the steps of a network
// do: it is no operand that would come from memory, and the pages of a fresh one would be counted as work.
class Rig {
 public:
  Rig(const Problem& problem, const Contender& contender, const StepRegistry& steps, ThreadPool& pool,
      std::size_t sets) {
    const Prepared prepared = contender.tactic->prepare(problem, contender.candidate);
    for (std::size_t operand : prepared.operands) {
      const bool present = problem.has(operand);
      input_types_.push_back(
          present ? concrete(problem.inputs[operand], contender.candidate.inputs.at(operand)) : Type());
      input_present_.push_back(present);
    }
    for (std::size_t i = 0; i < problem.outputs.size(); ++i) {
      output_types_.push_back(concrete(problem.outputs[i], contender.candidate.outputs.at(i)));
    }
    std::vector<const Type*> inputs, outputs;
    for (std::size_t i = 0; i < input_types_.size(); ++i)
      inputs.push_back(input_present_[i] ? &input_types_[i] : nullptr);
    for (const Type& type : output_types_) outputs.push_back(&type);

    std::vector<const Shape*> input_shapes, output_shapes;
    for (std::size_t operand : prepared.operands) {
      input_shapes.push_back(problem.has(operand) ? &problem.inputs[operand].dims : nullptr);
    }
    for (const Operand& operand : problem.outputs) output_shapes.push_back(&operand.dims);
    const StepShapes shapes{input_shapes, output_shapes, pool.size()};

    sets_.resize(sets);
    std::size_t scratch = 0;
    for (Set& set : sets_) {
      for (const Tensor& weight : prepared.weights)
        set.weights.push_back(sets == 1 ? weight : weight.clone());
      set.step = steps.create(prepared.kind, {prepared.params, inputs, outputs, set.weights});
      set.state = set.step->specialize(shapes);
      for (std::size_t operand : prepared.operands) {
        set.inputs.push_back(problem.has(operand) ? allocate(problem.inputs[operand],
                                                             contender.candidate.inputs.at(operand), true)
                                                  : OperandMemory{});
      }
      for (std::size_t i = 0; i < problem.outputs.size(); ++i) {
        set.outputs.push_back(allocate(problem.outputs[i], contender.candidate.outputs.at(i), false));
      }
      for (std::size_t i = 0; i < set.inputs.size(); ++i) {
        set.input_views.push_back(input_present_[i] ? &set.inputs[i].view : nullptr);
      }
      for (OperandMemory& memory : set.outputs) set.output_views.push_back(&memory.view);
      scratch = std::max(scratch, set.step->scratch_bytes(shapes));
    }
    scratch_ = AlignedBuffer(scratch + 1);
    for (Set& set : sets_)
      set.call = {set.input_views, set.output_views, set.state.get(), scratch_.data(), &pool};
  }

  double run_once() {
    Set& set = sets_[next_++ % sets_.size()];
    const auto start = Clock::now();
    const Status status = set.step->run(set.call);
    const auto stop = Clock::now();
    TENON_CHECK(status.ok(), "a candidate failed while it was timed: {}", status.message());
    return std::chrono::duration<double, std::nano>(stop - start).count();
  }

 private:
  struct Set {
    std::vector<Tensor> weights;
    std::unique_ptr<Step> step;
    std::unique_ptr<StepState> state;
    std::vector<OperandMemory> inputs, outputs;
    std::vector<const BufferView*> input_views;
    std::vector<BufferView*> output_views;
    StepCall call;
  };
  std::vector<Type> input_types_, output_types_;
  std::vector<bool> input_present_;
  std::vector<Set> sets_;
  AlignedBuffer scratch_;
  std::size_t next_ = 0;
};

std::size_t operand_bytes(const Problem& problem) {
  std::size_t bytes = 0;
  const auto add = [&](const Operand& operand) {
    if (!operand.present || !operand.type.is_tensor()) return;
    bytes +=
        storage_bytes(operand.type.as_tensor().dtype, static_cast<std::size_t>(element_count(operand.dims)));
  };
  for (const Operand& operand : problem.inputs) add(operand);
  for (const Operand& operand : problem.outputs) add(operand);
  return bytes;
}

}  // namespace

std::vector<double> Tuner::measure(const Problem& problem, const std::vector<Contender>& contenders) const {
  // All contenders together touch more than the cache holds before one meets its operands again.
  const std::size_t cache = std::max(cpu_info().l3_bytes, cpu_info().l2_bytes);
  const std::size_t bytes = std::max<std::size_t>(operand_bytes(problem), 1) * contenders.size();
  const std::size_t sets = std::clamp(cache / bytes + 1, std::size_t{1}, kMostSets);
  ThreadPool serial(1);
  std::vector<Rig> rigs;
  rigs.reserve(contenders.size());
  for (const Contender& contender : contenders) {
    ThreadPool& pool = runs_serially(contender.candidate, problem.threads) ? serial : pool_;
    in_context([&] { rigs.emplace_back(problem, contender, steps_, pool, sets); },
               [&] { return fmt::format("timing {} on {}", contender.tactic->name(), problem.key()); });
  }
  std::vector<double> best(rigs.size(), std::numeric_limits<double>::infinity());
  std::vector<double> spent(rigs.size(), 0);
  for (Rig& rig : rigs) static_cast<void>(rig.run_once());
  for (int round = 0; round < kMostRounds; ++round) {
    const double limit =
        *std::min_element(best.begin(), best.end()) * (round >= kSettledRounds ? kBehind : kFarBehind);
    bool ran = false;
    for (std::size_t i = 0; i < rigs.size(); ++i) {
      if (round >= kLeastRounds && (spent[i] > kBudgetNs || best[i] > limit)) continue;
      const double ns = rigs[i].run_once();
      best[i] = std::min(best[i], ns);
      spent[i] += ns;
      ran = true;
    }
    if (!ran) break;
  }
  return best;
}

}  // namespace tenon
