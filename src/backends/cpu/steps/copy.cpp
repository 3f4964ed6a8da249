// Steps that copy boxes of elements, of any dtype of whole bytes.
//   "cpu.concat", "cpu.split"  along @axis, plain or blocked
//   "cpu.slice"                @starts, @ends, @steps: one entry per axis, as the operator reads them
//   "cpu.expand"               the operand broadcast to the result's shape
//   "cpu.tile"                 copies of the operand side by side, as many as the result holds
//   "cpu.pad"                  @begins, @ends: elements added to each axis, or removed where negative;
//   weight: the value
#include "backends/cpu/steps/operands.hpp"
#include "backends/cpu/steps/region.hpp"
#include "base/check.hpp"
#include "base/thread_pool.hpp"
#include "ops/slice_bounds.hpp"

#include <algorithm>
#include <cstring>

namespace tenon {
namespace cpu {
namespace {

// A region of stored arrays, and which operand and result it joins.
struct Piece {
  Region region;
  std::size_t input = 0, output = 0;
};

struct CopyState final : StepState {
  struct Job {
    RegionCopy copy;
    std::size_t input, output;
  };
  std::vector<Job> jobs;
  std::vector<BlockCopy> blocks;  // filled anew by each run, within its capacity
  bool strided = false;           // `task` does the only job
  PointwiseTask task;
  std::ptrdiff_t from = 0;  // elements
  std::ptrdiff_t result_elements = 0;
};

PointwiseProgram identity() {
  PointwiseProgram program;
  program.inputs = 1;
  program.code.emplace_back();
  program.code.back().kind = PointwiseProgram::Kind::cast;
  return program;
}

class CopyStep : public Step {
 public:
  CopyStep(const StepInit& init, std::string_view kind) : kind_(kind), kernel_(select_pointwise(isa())) {
    TENON_REQUIRE(!init.inputs.empty() && !init.outputs.empty() && init.outputs[0] != nullptr &&
                      init.outputs[0]->is_tensor(),
                  "{}: operands are missing", kind_);
    const TensorType& result = init.outputs[0]->as_tensor();
    dtype_ = result.dtype;
    TENON_REQUIRE(bit_width(dtype_) >= 8, "{}: elements of {}", kind_, name(dtype_));
    bytes_ = bit_width(dtype_) / 8;
    blocked_ = !result.layout.is_plain();
    require_tensors(init, kind_, blocked_ ? Layout::channel_blocked(kChannelBlock) : Layout(), dtype_);
  }

  std::unique_ptr<StepState> specialize(const StepShapes& shapes) const override {
    auto state = std::make_unique<CopyState>();
    const std::vector<Piece> pieces = regions(shapes);
    std::size_t blocks = 0;
    for (const Piece& piece : pieces) {
      const std::ptrdiff_t elements = volume(stored(shapes.outputs, piece.output));
      require_inside(piece.region, volume(stored(shapes.inputs, piece.input)), elements);
      state->jobs.push_back({RegionCopy(piece.region, bytes_), piece.input, piece.output});
      blocks += state->jobs.back().copy.blocks();
    }
    state->result_elements = volume(stored(shapes.outputs, 0));
    if (pieces.size() == 1 && blocks > 0 && use_strided(pieces[0].region, *state)) return state;
    state->blocks.reserve(blocks);
    return state;
  }

  Status run(const StepCall& call) const noexcept override {
    auto& state = static_cast<CopyState&>(*call.state);
    before(call, state.result_elements);
    if (state.strided) {
      const void* src = call.inputs[0]->as<float>() + state.from;
      pointwise_run(state.task, &src, call.outputs[0]->data, *call.pool);
      return {};
    }
    state.blocks.clear();
    for (const CopyState::Job& job : state.jobs) {
      job.copy.append_to(state.blocks, call.inputs[job.input]->data, call.outputs[job.output]->data);
    }
    copy_blocks(state.blocks, *call.pool);
    return {};
  }

 protected:
  virtual std::vector<Piece> regions(const StepShapes& shapes) const = 0;
  virtual void before(const StepCall&, std::ptrdiff_t) const noexcept {}

  Shape stored(std::span<const Shape* const> shapes, std::size_t i) const {
    return stored_shape(shape_at(shapes, i, kind_), blocked_);
  }

  // `axis` of a logical shape among the axes of stored arrays. Parts of the channels are whole blocks.
  void require_whole_blocks(const Shape& part, std::size_t axis) const {
    TENON_REQUIRE(!blocked_ || axis != 1 || part.at(1) % kChannelBlock == 0,
                  "{}: a part of {} channels of a blocked tensor", kind_, part[1]);
  }

  std::string_view kind_;
  DataType dtype_ = DataType::f32;
  bool blocked_ = false;

 private:
  // Copying few floats at a time is what the pointwise kernels do better, unless the copy has a loop for that
  // many; they write all of the result.
  bool use_strided(const Region& region, CopyState& state) const {
    const bool dense = region.to == 0 &&
                       region.to_strides == dense_strides(Shape(region.dims.begin(), region.dims.end())) &&
                       volume(Shape(region.dims.begin(), region.dims.end())) == state.result_elements;
    const std::ptrdiff_t bytes = state.jobs[0].copy.block_bytes();
    const bool has_loop = bytes > 4 && has_block_loop(bytes);
    if (dtype_ != DataType::f32 || !dense || bytes > 64 || has_loop) return false;
    const PointwiseProblem problem{
        identity(), region.dims, {{DataType::f32, region.from_strides}}, DataType::f32};
    if (!pointwise_prepare(*kernel_, problem, &state.task).empty()) return false;
    state.strided = true;
    state.from = region.from;
    return true;
  }

  const PointwiseKernel* kernel_;
  std::ptrdiff_t bytes_ = 4;
};

class JoinStep final : public CopyStep {
 public:
  JoinStep(const StepInit& init, bool concat)
      : CopyStep(init, concat ? "cpu.concat" : "cpu.split"),
        concat_(concat),
        axis_(int_param(init.params, "@axis")) {
    require_counts(init, kind_, concat ? init.inputs.size() : 1, concat ? 1 : init.outputs.size(), 0);
    const auto& dims = init.outputs[0]->as_tensor().dims;
    by_entry_ = dims && axis_at(axis_, dims->size(), kind_) > 0;
  }

  bool works_by_entry() const override { return by_entry_; }

 protected:
  std::vector<Piece> regions(const StepShapes& shapes) const override {
    const auto& parts = concat_ ? shapes.inputs : shapes.outputs;
    const Shape whole = stored(concat_ ? shapes.outputs : shapes.inputs, 0);
    const std::size_t rank = shape_at(concat_ ? shapes.outputs : shapes.inputs, 0, kind_).size();
    const std::size_t axis = axis_at(axis_, rank, kind_);
    const std::vector<std::ptrdiff_t> whole_strides = dense_strides(whole);
    std::vector<Piece> pieces;
    std::int64_t offset = 0;
    for (std::size_t i = 0; i < parts.size(); ++i) {
      require_whole_blocks(shape_at(parts, i, kind_), axis);
      const Shape part = stored(parts, i);
      TENON_REQUIRE(part.size() == whole.size(), "{}: a part of rank {} of a whole of rank {}", kind_,
                    part.size(), whole.size());
      for (std::size_t d = 0; d < part.size(); ++d) {
        TENON_REQUIRE(d == axis || part[d] == whole[d], "{}: parts do not fit", kind_);
      }
      TENON_REQUIRE(part[axis] <= whole[axis] - offset, "{}: parts of more than {} along the axis", kind_,
                    whole[axis]);
      Piece piece{{{part.begin(), part.end()}, 0, 0, dense_strides(part), whole_strides}, i, 0};
      piece.region.to = offset * whole_strides[axis];
      if (!concat_) {
        std::swap(piece.region.from, piece.region.to);
        std::swap(piece.region.from_strides, piece.region.to_strides);
        std::swap(piece.input, piece.output);
      }
      pieces.push_back(std::move(piece));
      offset += part[axis];
    }
    return pieces;
  }

 private:
  bool concat_;
  std::int64_t axis_;
  bool by_entry_ = false;
};

class SliceStep final : public CopyStep {
 public:
  explicit SliceStep(const StepInit& init)
      : CopyStep(init, "cpu.slice"),
        starts_(ints_param(init.params, "@starts")),
        ends_(ints_param(init.params, "@ends")),
        steps_(ints_param(init.params, "@steps")) {
    require_counts(init, kind_, 1, 1, 0);
    TENON_REQUIRE(!blocked_ && starts_.size() == ends_.size() && starts_.size() == steps_.size() &&
                      std::count(steps_.begin(), steps_.end(), 0) == 0,
                  "{}: bounds that do not fit each other", kind_);
  }

 protected:
  std::vector<Piece> regions(const StepShapes& shapes) const override {
    const Shape& x = shape_at(shapes.inputs, 0, kind_);
    const Shape& y = shape_at(shapes.outputs, 0, kind_);
    TENON_REQUIRE(x.size() == starts_.size() && y.size() == x.size(), "{}: bounds for {} axes of {}", kind_,
                  starts_.size(), x.size());
    Piece piece{{{y.begin(), y.end()}, 0, 0, dense_strides(x), dense_strides(y)}, 0, 0};
    for (std::size_t i = 0; i < x.size(); ++i) {
      const op::SliceBounds bounds = op::slice_bounds(x[i], starts_[i], ends_[i], steps_[i]);
      TENON_REQUIRE(bounds.count == y[i], "{}: {} elements of axis {}, the result has {}", kind_,
                    bounds.count, i, y[i]);
      piece.region.from += bounds.count == 0 ? 0 : bounds.start * piece.region.from_strides[i];
      piece.region.from_strides[i] *= bounds.count > 1 ? steps_[i] : 0;
    }
    return {piece};
  }

 private:
  std::vector<std::int64_t> starts_, ends_, steps_;
};

class ExpandStep final : public CopyStep {
 public:
  explicit ExpandStep(const StepInit& init) : CopyStep(init, "cpu.expand") {
    require_counts(init, kind_, 1, 1, 0);
    TENON_REQUIRE(!blocked_, "{}: a blocked operand", kind_);
  }

 protected:
  std::vector<Piece> regions(const StepShapes& shapes) const override {
    const Shape& x = shape_at(shapes.inputs, 0, kind_);
    const Shape& y = shape_at(shapes.outputs, 0, kind_);
    TENON_REQUIRE(x.size() <= y.size(), "{}: from rank {} to rank {}", kind_, x.size(), y.size());
    Piece piece{
        {{y.begin(), y.end()}, 0, 0, std::vector<std::ptrdiff_t>(y.size(), 0), dense_strides(y)}, 0, 0};
    const std::vector<std::ptrdiff_t> strides = dense_strides(x);
    const std::size_t missing = y.size() - x.size();
    for (std::size_t i = 0; i < x.size(); ++i) {
      TENON_REQUIRE(x[i] == 1 || x[i] == y[missing + i], "{}: a dim of {} cannot be broadcast to {}", kind_,
                    x[i], y[missing + i]);
      if (x[i] != 1) piece.region.from_strides[missing + i] = strides[i];
    }
    return {piece};
  }
};

class TileStep final : public CopyStep {
 public:
  explicit TileStep(const StepInit& init) : CopyStep(init, "cpu.tile") {
    require_counts(init, kind_, 1, 1, 0);
    TENON_REQUIRE(!blocked_, "{}: a blocked operand", kind_);
  }

 protected:
  std::vector<Piece> regions(const StepShapes& shapes) const override {
    const Shape& x = shape_at(shapes.inputs, 0, kind_);
    const Shape& y = shape_at(shapes.outputs, 0, kind_);
    TENON_REQUIRE(x.size() == y.size(), "{}: from rank {} to rank {}", kind_, x.size(), y.size());
    const std::vector<std::ptrdiff_t> from = dense_strides(x), to = dense_strides(y);
    Piece piece;
    for (std::size_t i = 0; i < x.size(); ++i) {
      TENON_REQUIRE(x[i] == 0 ? y[i] == 0 : y[i] % x[i] == 0, "{}: {} elements of axis {} become {}", kind_,
                    x[i], i, y[i]);
      const std::ptrdiff_t copies = x[i] == 0 ? 0 : y[i] / x[i];
      piece.region.dims.insert(piece.region.dims.end(), {copies, x[i]});
      piece.region.from_strides.insert(piece.region.from_strides.end(), {0, from[i]});
      piece.region.to_strides.insert(piece.region.to_strides.end(), {x[i] * to[i], to[i]});
    }
    return {piece};
  }
};

class PadStep final : public CopyStep {
 public:
  explicit PadStep(const StepInit& init)
      : CopyStep(init, "cpu.pad"),
        begins_(ints_param(init.params, "@begins")),
        ends_(ints_param(init.params, "@ends")) {
    require_counts(init, kind_, 1, 1, 1);
    TENON_REQUIRE(!blocked_ && begins_.size() == ends_.size(), "{}: {} begins and {} ends", kind_,
                  begins_.size(), ends_.size());
    value_ = init.weights[0];
    require_weight(value_, kind_, dtype_, 1);
    TENON_REQUIRE(bit_width(dtype_) <= 64, "{}: elements of {}", kind_, name(dtype_));
  }

 protected:
  std::vector<Piece> regions(const StepShapes& shapes) const override {
    const Shape& x = shape_at(shapes.inputs, 0, kind_);
    const Shape& y = shape_at(shapes.outputs, 0, kind_);
    TENON_REQUIRE(x.size() == begins_.size() && y.size() == x.size(), "{}: padding of {} axes of {}", kind_,
                  begins_.size(), x.size());
    Piece piece{{{}, 0, 0, dense_strides(x), dense_strides(y)}, 0, 0};
    for (std::size_t i = 0; i < x.size(); ++i) {
      // What is cropped at one end may be padding of the other: then nothing of x is left.
      TENON_REQUIRE(begins_[i] >= -x[i] && begins_[i] <= kMostPadding && y[i] - x[i] - begins_[i] == ends_[i],
                    "{}: {} and {} elements around {} make no {}", kind_, begins_[i], ends_[i], x[i], y[i]);
      const std::int64_t first = std::max<std::int64_t>(0, -begins_[i]);
      const std::int64_t at = std::clamp<std::int64_t>(begins_[i], 0, y[i]);
      piece.region.from += first * piece.region.from_strides[i];
      piece.region.to += at * piece.region.to_strides[i];
      piece.region.dims.push_back(std::max<std::int64_t>(0, std::min(x[i] - first, y[i] - at)));
    }
    return {piece};
  }

  void before(const StepCall& call, std::ptrdiff_t elements) const noexcept override {
    const auto bytes = static_cast<std::size_t>(bit_width(dtype_) / 8);
    std::byte* to = call.outputs[0]->data;
    constexpr std::size_t kGrain = 16384;
    call.pool->run_ranges(static_cast<std::size_t>(elements), kGrain,
                          [&](std::size_t begin, std::size_t end, int) {
                            const auto fill = [&](auto value) {
                              std::memcpy(&value, value_.data(), sizeof(value));
                              std::fill(reinterpret_cast<decltype(value)*>(to) + begin,
                                        reinterpret_cast<decltype(value)*>(to) + end, value);
                            };
                            switch (bytes) {
                              case 1: return fill(std::uint8_t{});
                              case 2: return fill(std::uint16_t{});
                              case 4: return fill(std::uint32_t{});
                              default: return fill(std::uint64_t{});
                            }
                          });
  }

 private:
  static constexpr std::int64_t kMostPadding = std::int64_t{1} << 56;

  std::vector<std::int64_t> begins_, ends_;
  Tensor value_;
};

template <class T>
std::unique_ptr<Step> make_copy(const StepInit& init) {
  return std::make_unique<T>(init);
}

}  // namespace
}  // namespace cpu

void register_cpu_step_copy(StepRegistry& registry) {
  registry.add("cpu.concat", [](const StepInit& init) -> std::unique_ptr<Step> {
    return std::make_unique<cpu::JoinStep>(init, true);
  });
  registry.add("cpu.split", [](const StepInit& init) -> std::unique_ptr<Step> {
    return std::make_unique<cpu::JoinStep>(init, false);
  });
  registry.add("cpu.slice", cpu::make_copy<cpu::SliceStep>);
  registry.add("cpu.expand", cpu::make_copy<cpu::ExpandStep>);
  registry.add("cpu.tile", cpu::make_copy<cpu::TileStep>);
  registry.add("cpu.pad", cpu::make_copy<cpu::PadStep>);
}

}  // namespace tenon
