#include "tactics/rig.hpp"

#include "base/aligned_buffer.hpp"
#include "base/check.hpp"
#include "base/cpu_info.hpp"
#include "base/half.hpp"
#include "base/random.hpp"
#include "base/thread_pool.hpp"
#include "plan/ahead.hpp"

#include <algorithm>
#include <chrono>
#include <span>
#include <vector>

namespace tenon {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kMostSets = 48;   // of all rigs
constexpr std::size_t kRandoms = 4099;  // a prime, so that no power of two repeats with them

// A concrete type: the problem's at opt, as stored in the candidate's layout.
Type concrete(const Operand& operand, const Layout& layout) {
  TensorType type = operand.type.as_tensor();
  type.dims = Dims(operand.dims.begin(), operand.dims.end());
  type.layout = layout;
  type.quant = {};
  return stored_type(std::move(type));
}

// Memory as an engine has it: in pieces large enough for huge pages, one operand after the other. Where an
// allocator puts them would tell contenders apart by chance.
class Slab {
 public:
  // 64-byte aligned, all zero.
  std::span<std::byte> take(std::size_t bytes) {
    const std::size_t rounded = (bytes + kAlignment) / kAlignment * kAlignment;
    if (pieces_.empty() || used_ + rounded > pieces_.back().size()) {
      pieces_.emplace_back(std::max(rounded, kPiece));
      used_ = 0;
    }
    const std::span<std::byte> taken(pieces_.back().data() + used_, bytes);
    std::fill(taken.begin(), taken.end(), std::byte{0});
    used_ += rounded;
    return taken;
  }

 private:
  static constexpr std::size_t kPiece = std::size_t{8} << 20;  // what is not touched costs nothing
  static constexpr std::size_t kAlignment = 64;
  std::vector<AlignedBuffer> pieces_;
  std::size_t used_ = 0;
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

template <class T>
std::span<T> as(std::span<std::byte> bytes) {
  return {reinterpret_cast<T*>(bytes.data()), bytes.size() / sizeof(T)};
}

BufferView make_operand(const Operand& operand, const Layout& layout, bool random, Slab& slab) {
  const Type type = concrete(operand, layout);
  const DataType dtype = type.as_tensor().dtype;
  const auto memory = slab.take(static_cast<std::size_t>(storage_bytes(type.as_tensor(), operand.dims)));
  if (operand.constant != nullptr && layout.is_plain()) {
    std::copy_n(operand.constant->data(), std::min(memory.size(), operand.constant->size_bytes()),
                memory.data());
  } else if (random) {
    switch (dtype) {
      case DataType::f32: fill_random(as<float>(memory)); break;
      case DataType::bf16: fill_random(as<bfloat16>(memory)); break;
      case DataType::f16: fill_random(as<float16>(memory)); break;
      default: break;
    }
  }
  return {memory.data(), dtype, operand.dims, nullptr};
}

// The owner of the slab outlives the result.
Tensor copy_of(const Tensor& weight, Slab& slab) {
  if (weight.dtype() == DataType::string) return weight;
  const auto memory = slab.take(weight.size_bytes());
  std::copy_n(weight.data(), memory.size(), memory.data());
  return Tensor::view_const(weight.dtype(), weight.shape(), memory.data(), nullptr);
}

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

class Rig::Impl {
 public:
  Impl(const Problem& problem, const Contender& contender, const StepRegistry& steps, ThreadPool& pool)
      : problem_(problem),
        contender_(contender),
        steps_(steps),
        pool_(pool),
        prepared_(contender.tactic->prepare(problem, contender.candidate)) {}

  void grow(std::size_t sets) {
    while (sets_.size() < sets) sets_.push_back(make_set());
  }

  double run_once() {
    Set& set = sets_[next_++ % sets_.size()];
    const auto begin = Clock::now();
    touch(set.ahead);
    const auto start = Clock::now();
    const Status status = set.step->run(set.call);
    const auto stop = Clock::now();
    TENON_CHECK(status.ok(), "a candidate failed while it was timed: {}", status.message());
    const std::chrono::duration<double, std::nano> asked = start - begin, run = stop - start;
    return run.count() + kAskedShare * asked.count();
  }

 private:
  // Of the time in which constants come from memory, what the steps that ask for them are slowed by: they
  // wait for memory too, and lose operands from their caches. In ResNet-50 on two threads some 50 to 100 us
  // for 9 MB.
  static constexpr double kAskedShare = 0.25;

  struct Set {
    std::vector<Tensor> weights;
    std::unique_ptr<Step> step;
    std::unique_ptr<StepState> state;
    std::vector<BufferView> inputs, outputs;
    std::vector<const BufferView*> input_views;
    std::vector<BufferView*> output_views;
    StepCall call;
    std::span<const std::byte> ahead;  // constants that the steps before it ask for
  };

  // Steps that ask for constants ahead compute in f32, and so do most of their neighbours.
  std::span<const std::byte> ahead_of(const Set& set) const {
    std::size_t bytes = 0;
    for (const auto& views : {std::span(set.inputs), std::span(set.outputs)}) {
      for (const BufferView& view : views) {
        if (view.data == nullptr) continue;
        if (view.dtype != DataType::f32) return {};
        bytes += storage_bytes(view.dtype, static_cast<std::size_t>(element_count(view.shape)));
      }
    }
    return constants_ahead(set.weights, bytes, pool_.size());
  }

  // Brings the bytes into the caches.
  static void touch(std::span<const std::byte> bytes) {
    constexpr std::size_t kLine = 64;
    for (std::size_t i = 0; i < bytes.size(); i += kLine)
      static_cast<void>(*static_cast<const volatile std::byte*>(bytes.data() + i));
  }

  Set make_set() {
    const Candidate& candidate = contender_.candidate;
    Set set;
    for (const Tensor& weight : prepared_.weights) set.weights.push_back(copy_of(weight, slab_));

    std::vector<Type> types;  // of inputs, then of outputs
    std::vector<const Shape*> input_shapes, output_shapes;
    types.reserve(prepared_.operands.size() + problem_.outputs.size());
    std::vector<const Type*> inputs, outputs;
    for (const std::size_t operand : prepared_.operands) {
      const bool present = problem_.has(operand);
      const Operand& from = problem_.inputs[operand];
      input_shapes.push_back(present ? &from.dims : nullptr);
      if (present) types.push_back(concrete(from, candidate.inputs.at(operand)));
      inputs.push_back(present ? &types.back() : nullptr);
      set.inputs.push_back(present ? make_operand(from, candidate.inputs.at(operand), true, slab_)
                                   : BufferView{});
    }
    for (std::size_t i = 0; i < problem_.outputs.size(); ++i) {
      const Operand& to = problem_.outputs[i];
      output_shapes.push_back(&to.dims);
      types.push_back(concrete(to, candidate.outputs.at(i)));
      outputs.push_back(&types.back());
      set.outputs.push_back(make_operand(to, candidate.outputs.at(i), false, slab_));
    }
    for (std::size_t i = 0; i < inputs.size(); ++i)
      set.input_views.push_back(inputs[i] != nullptr ? &set.inputs[i] : nullptr);
    for (BufferView& view : set.outputs) set.output_views.push_back(&view);

    const StepShapes shapes{input_shapes, output_shapes, pool_.size()};
    set.step = steps_.create(prepared_.kind, {prepared_.params, inputs, outputs, set.weights});
    set.state = set.step->specialize(shapes);
    if (sets_.empty()) scratch_ = AlignedBuffer(set.step->scratch_bytes(shapes) + 1);
    set.ahead = ahead_of(set);
    set.call = {set.input_views, set.output_views, set.state.get(), scratch_.data(), &pool_};
    return set;
  }

  const Problem& problem_;
  const Contender& contender_;
  const StepRegistry& steps_;
  ThreadPool& pool_;
  const Prepared prepared_;
  Slab slab_;
  std::vector<Set> sets_;
  AlignedBuffer scratch_;
  std::size_t next_ = 0;
};

Rig::Rig(const Problem& problem, const Contender& contender, const StepRegistry& steps, ThreadPool& pool)
    : impl_(std::make_unique<Impl>(problem, contender, steps, pool)) {
  impl_->grow(1);
}
Rig::~Rig() = default;
Rig::Rig(Rig&&) noexcept = default;
Rig& Rig::operator=(Rig&&) noexcept = default;

void Rig::grow(std::size_t sets) { impl_->grow(sets); }
double Rig::run_once() { return impl_->run_once(); }

std::size_t sets_beyond_cache(const Problem& problem, std::size_t rigs) {
  const std::size_t cache = std::max(cpu_info().l3_bytes, cpu_info().l2_bytes);
  const std::size_t all = std::min(cache / std::max<std::size_t>(operand_bytes(problem), 1) + 1, kMostSets);
  return (all - 1) / rigs + 1;
}

}  // namespace tenon
