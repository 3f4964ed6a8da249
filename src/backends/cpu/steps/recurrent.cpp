// "cpu.recurrent": recurrent.hpp says what it computes. Operands: x [, initial_h] [, initial_c]; results: y
// [, y_h [, y_c]]; f32, dense, batch behind the steps.
#include "backends/cpu/steps/recurrent.hpp"

#include "backends/cpu/kernels/gemm/gemm.hpp"
#include "backends/cpu/kernels/pointwise/pointwise.hpp"
#include "backends/cpu/steps/operands.hpp"
#include "base/check.hpp"
#include "base/thread_pool.hpp"

#include <algorithm>

namespace tenon {
namespace cpu {
namespace {

constexpr std::string_view kRecurrent = "cpu.recurrent";
constexpr std::size_t kLine = 16;        // floats
constexpr double kSharedProducts = 2e6;  // of one step, from which threads are worth waking for it

std::size_t lines(std::size_t floats) { return (floats + kLine - 1) / kLine * kLine; }

// Runs everything in the calling thread.
ThreadPool& recurrent_serial_pool() {
  static ThreadPool pool(1);
  return pool;
}

// What programs read and write, as [batch, hidden].
enum class Place : unsigned char { gates, sums, hidden, cell, temp, peephole };

struct Source {
  Place place;
  int column = 0;  // in units of the hidden size
};

std::vector<Source> first_sources(Cell cell, bool peephole) {
  if (cell == Cell::gru) return {{Place::gates, 1}, {Place::sums, 1}, {Place::hidden}};
  if (cell != Cell::lstm) return {};
  std::vector<Source> sources{{Place::gates, 0}, {Place::gates, 2}, {Place::gates, 3}, {Place::cell}};
  if (peephole) sources.insert(sources.end(), {{Place::peephole, 0}, {Place::peephole, 2}});
  return sources;
}

std::vector<Source> last_sources(Cell cell, bool peephole) {
  switch (cell) {
    case Cell::lstm: {
      std::vector<Source> sources{{Place::gates, 1}, {Place::cell}};
      if (peephole) sources.push_back({Place::peephole, 1});
      return sources;
    }
    case Cell::gru:
      return {{Place::gates, 0}, {Place::gates, 2}, {Place::sums, 0}, {Place::sums, 2}, {Place::hidden}};
    case Cell::gru_reset_after:
      return {{Place::gates, 0}, {Place::gates, 1}, {Place::gates, 2}, {Place::sums, 0},
              {Place::sums, 1},  {Place::sums, 2},  {Place::hidden}};
    case Cell::rnn: break;
  }
  return {{Place::gates, 0}};
}

// Weights of one direction, checked.
struct Direction {
  bool reverse = false;
  const float* w = nullptr;
  const float* r = nullptr;
  const float* r_hidden = nullptr;  // gru: R″
  const float* bias = nullptr;
  const float* sum_bias = nullptr;  // gru
  const float* peephole = nullptr;
};

struct RecurrentState final : StepState {
  int steps = 0, batch = 0;
  GemmArgs all, step, hidden;  // x·W of all steps; h·R; temp·R″
  PointwiseTask first, last;
  std::size_t gates = 0, sums = 0, temp = 0, cell = 0, zeros = 0;  // floats of scratch
  bool shared = false;                                             // threads are worth it within a step
};

class RecurrentStep final : public Step {
 public:
  explicit RecurrentStep(const StepInit& init)
      : gemm_(select_gemm(isa())),
        pointwise_(select_pointwise(isa())),
        cell_(cell_of(string_param(init.params, "@cell"))),
        hidden_(narrow_dim(int_param(init.params, "@hidden"))),
        inputs_(narrow_dim(int_param(init.params, "@inputs"))),
        peephole_(int_param(init.params, "@peephole", 0) != 0),
        initial_h_(int_param(init.params, "@initial_h", 0) != 0),
        initial_c_(int_param(init.params, "@initial_c", 0) != 0),
        last_(program_of(init, "@last")),
        weights_(init.weights.begin(), init.weights.end()) {
    TENON_REQUIRE(hidden_ > 0 && inputs_ > 0 && hidden_ < (1 << 24), "{}: a state of {} from {}", kRecurrent,
                  hidden_, inputs_);
    TENON_REQUIRE((!peephole_ && !initial_c_) || cell_ == Cell::lstm, "{}: only lstm has a cell", kRecurrent);
    if (!first_sources(cell_, peephole_).empty()) first_ = program_of(init, "@first");
    const std::vector<std::int64_t>& reverse = ints_param(init.params, "@reverse");
    require_counts(init, kRecurrent, 1U + initial_h_ + initial_c_, init.outputs.size(),
                   reverse.size() * weight_count(cell_, peephole_));
    TENON_REQUIRE(!init.outputs.empty() && init.outputs.size() <= (cell_ == Cell::lstm ? 3U : 2U),
                  "{}: {} results", kRecurrent, init.outputs.size());
    require_tensors(init, kRecurrent, Layout(), DataType::f32);
    std::size_t next = 0;
    for (const std::int64_t backwards : reverse) add_direction(backwards != 0, next);
  }

  std::size_t scratch_bytes(const StepShapes& shapes) const override {
    const RecurrentState sizes = sizes_of(shapes);
    const std::size_t gemm =
        std::max({gemm_scratch_size(sizes.all, shapes.threads), gemm_scratch_size(sizes.step, shapes.threads),
                  gemm_scratch_size(sizes.hidden, shapes.threads)});
    return (sizes.gates + sizes.sums + sizes.temp + sizes.cell + sizes.zeros + gemm) * sizeof(float);
  }

  std::unique_ptr<StepState> specialize(const StepShapes& shapes) const override {
    auto state = std::make_unique<RecurrentState>(sizes_of(shapes));
    check_states(shapes, *state);
    state->last = prepare(last_, last_sources(cell_, peephole_), state->batch);
    if (!first_.empty()) state->first = prepare(first_, first_sources(cell_, peephole_), state->batch);
    return state;
  }

  Status run(const StepCall& call) const noexcept override {
    const auto& state = static_cast<const RecurrentState&>(*call.state);
    for (std::size_t d = 0; d < directions_.size(); ++d) run_direction(state, call, d);
    return {};
  }

 private:
  static Cell cell_of(std::string_view name) {
    const auto found = std::find(kCellNames.begin(), kCellNames.end(), name);
    TENON_REQUIRE(found != kCellNames.end(), "{}: no cell is called '{}'", kRecurrent, name);
    return static_cast<Cell>(found - kCellNames.begin());
  }

  static PointwiseProgram program_of(const StepInit& init, std::string_view name) {
    const AttributeValue* value = find(init.params, name);
    TENON_REQUIRE(value != nullptr && std::holds_alternative<PointwiseProgram>(*value), "{}: no program '{}'",
                  kRecurrent, name);
    const auto& program = std::get<PointwiseProgram>(*value);
    program.verify();
    return program;
  }

  const float* weight(std::size_t& next, std::size_t floats) const {
    const Tensor& tensor = weights_[next++];
    require_weight(tensor, kRecurrent, DataType::f32, floats);
    return tensor.values<float>().data();
  }

  void add_direction(bool reverse, std::size_t& next) {
    const int columns = gate_count(cell_) * hidden_;
    Direction& direction = directions_.emplace_back();
    direction.reverse = reverse;
    direction.w = weight(next, gemm_packed_b_size(inputs_, columns));
    direction.r = weight(next, gemm_packed_b_size(hidden_, cell_ == Cell::gru ? 2 * hidden_ : columns));
    if (cell_ == Cell::gru) direction.r_hidden = weight(next, gemm_packed_b_size(hidden_, hidden_));
    direction.bias = weight(next, static_cast<std::size_t>(columns));
    if (is_gru(cell_)) direction.sum_bias = weight(next, static_cast<std::size_t>(columns));
    if (peephole_) direction.peephole = weight(next, 3 * static_cast<std::size_t>(hidden_));
  }

  RecurrentState sizes_of(const StepShapes& shapes) const {
    const Shape& x = shape_at(shapes.inputs, 0, kRecurrent);
    TENON_REQUIRE(x.size() == 3 && x[2] == inputs_, "{}: x is not [steps, batch, {}]", kRecurrent, inputs_);
    RecurrentState state;
    state.steps = narrow_dim(x[0]);
    state.batch = narrow_dim(x[1]);
    const int columns = gate_count(cell_) * hidden_;
    const auto one = static_cast<std::size_t>(volume(std::vector<std::int64_t>{x[1], hidden_}));
    state.gates = lines(static_cast<std::size_t>(volume(std::vector<std::int64_t>{x[0], x[1], columns})));
    state.sums = is_gru(cell_) ? lines(3 * one) : 0;
    state.temp = cell_ == Cell::gru ? lines(one) : 0;
    state.cell = cell_ == Cell::lstm && shapes.outputs.size() < 3 ? lines(one) : 0;
    state.zeros = initial_h_ ? 0 : lines(one);
    state.all = product(narrow_dim(x[0] * x[1]), columns, inputs_);
    state.step = product(state.batch, cell_ == Cell::gru ? 2 * hidden_ : columns, hidden_);
    state.hidden = product(cell_ == Cell::gru ? state.batch : 0, hidden_, hidden_);
    state.step.ldc = state.step.ldr = state.hidden.ldc = columns;
    state.shared = 2.0 * state.batch * columns * hidden_ >= kSharedProducts;
    return state;
  }

  static GemmArgs product(int m, int n, int k) {
    GemmArgs args;
    args.m = m;
    args.n = n;
    args.k = k;
    args.a.ld = k;
    args.b.packed = true;
    args.ldc = args.ldr = n;
    return args;
  }

  void check_states(const StepShapes& shapes, const RecurrentState& state) const {
    const auto count = static_cast<std::int64_t>(directions_.size());
    const Shape y{state.steps, count, state.batch, hidden_}, one{count, state.batch, hidden_};
    TENON_REQUIRE(shape_at(shapes.outputs, 0, kRecurrent) == y, "{}: y has another shape", kRecurrent);
    for (std::size_t i = 1; i < shapes.outputs.size(); ++i)
      TENON_REQUIRE(shape_at(shapes.outputs, i, kRecurrent) == one, "{}: a last state has another shape",
                    kRecurrent);
    for (std::size_t i = 1; i < shapes.inputs.size(); ++i)
      TENON_REQUIRE(shape_at(shapes.inputs, i, kRecurrent) == one, "{}: an initial state has another shape",
                    kRecurrent);
  }

  PointwiseTask prepare(const PointwiseProgram& program, const std::vector<Source>& sources,
                        int batch) const {
    TENON_REQUIRE(program.inputs == sources.size(), "{}: a program of {} operands, expected {}", kRecurrent,
                  program.inputs, sources.size());
    PointwiseProblem problem{program, {batch, hidden_}, {}, DataType::f32};
    for (const Source& source : sources) {
      const bool wide = source.place == Place::gates || source.place == Place::sums;
      const std::ptrdiff_t row = source.place == Place::peephole ? 0
                                 : wide ? static_cast<std::ptrdiff_t>(gate_count(cell_)) * hidden_
                                        : hidden_;
      problem.operands.push_back({DataType::f32, {row, 1}});
    }
    PointwiseTask task;
    const std::string refused = pointwise_prepare(*pointwise_, problem, &task);
    TENON_REQUIRE(refused.empty(), "{}: {}", kRecurrent, refused);
    return task;
  }

  // Where things are while one direction runs.
  struct Memory {
    float* gates = nullptr;  // of the step at hand
    float* sums = nullptr;
    float* temp = nullptr;
    float* cell = nullptr;
    const float* hidden = nullptr;
    const float* peephole = nullptr;
  };

  void apply(const PointwiseTask& task, const std::vector<Source>& sources, const Memory& at, float* to,
             ThreadPool& pool) const noexcept {
    const void* operands[8];
    for (std::size_t i = 0; i < sources.size(); ++i) {
      const float* base = nullptr;
      switch (sources[i].place) {
        case Place::gates: base = at.gates; break;
        case Place::sums: base = at.sums; break;
        case Place::hidden: base = at.hidden; break;
        case Place::cell: base = at.cell; break;
        case Place::temp: base = at.temp; break;
        case Place::peephole: base = at.peephole; break;
      }
      operands[i] = base + static_cast<std::ptrdiff_t>(sources[i].column) * hidden_;
    }
    pointwise_run(task, operands, to, pool);
  }

  void multiply(GemmArgs args, const float* a, const float* b, const float* bias, float* c, bool add,
                float* scratch, ThreadPool& pool) const noexcept {
    args.a.data = a;
    args.b.data = b;
    args.c = c;
    if (add) args.residual = c;
    if (bias != nullptr) {
      args.bias = bias;
      args.bias_axis = GemmArgs::Bias::per_column;
    }
    gemm_run(*gemm_, args, scratch, pool);
  }

  void run_direction(const RecurrentState& state, const StepCall& call, std::size_t d) const noexcept {
    const Direction& direction = directions_[d];
    const std::size_t one = static_cast<std::size_t>(state.batch) * static_cast<std::size_t>(hidden_);
    const std::size_t columns =
        static_cast<std::size_t>(gate_count(cell_)) * static_cast<std::size_t>(hidden_);
    auto* scratch = reinterpret_cast<float*>(call.scratch);
    float* all = scratch;
    Memory at;
    at.sums = all + state.gates;
    at.temp = at.sums + state.sums;
    float* own_cell = at.temp + state.temp;
    float* zeros = own_cell + state.cell;
    float* products = zeros + state.zeros;
    at.peephole = direction.peephole;
    at.hidden = zeros;
    if (initial_h_) at.hidden = call.inputs[1]->as<float>() + d * one;
    std::fill_n(zeros, state.zeros, 0.0F);
    if (cell_ == Cell::lstm) {
      at.cell = call.outputs.size() > 2 ? call.outputs[2]->as<float>() + d * one : own_cell;
      if (initial_c_) {
        std::copy_n(call.inputs[1U + initial_h_]->as<float>() + d * one, one, at.cell);
      } else {
        std::fill_n(at.cell, one, 0.0F);
      }
    }
    if (state.steps > 0 && one > 0)
      multiply(state.all, call.inputs[0]->as<float>(), direction.w, direction.bias, all, false, products,
               *call.pool);
    ThreadPool& pool = state.shared ? *call.pool : *serial_;
    auto* y = call.outputs[0]->as<float>();
    for (int i = 0; i < state.steps && one > 0; ++i) {
      const auto t = static_cast<std::size_t>(direction.reverse ? state.steps - 1 - i : i);
      at.gates = all + t * static_cast<std::size_t>(state.batch) * columns;
      float* next = y + (t * directions_.size() + d) * one;
      run_step(state, direction, at, next, products, pool);
      at.hidden = next;
    }
    if (call.outputs.size() > 1 && one > 0)
      std::copy_n(at.hidden, one, call.outputs[1]->as<float>() + d * one);
  }

  void run_step(const RecurrentState& state, const Direction& direction, const Memory& at, float* next,
                float* scratch, ThreadPool& pool) const noexcept {
    if (is_gru(cell_)) {
      multiply(state.step, at.hidden, direction.r, direction.sum_bias, at.sums, false, scratch, pool);
    } else {
      multiply(state.step, at.hidden, direction.r, nullptr, at.gates, true, scratch, pool);
    }
    if (cell_ == Cell::lstm) apply(state.first, first_sources_, at, at.cell, pool);
    if (cell_ == Cell::gru) {
      apply(state.first, first_sources_, at, at.temp, pool);
      multiply(state.hidden, at.temp, direction.r_hidden,
               direction.sum_bias + 2 * static_cast<std::ptrdiff_t>(hidden_),
               at.sums + 2 * static_cast<std::ptrdiff_t>(hidden_), false, scratch, pool);
    }
    apply(state.last, last_sources_, at, next, pool);
  }

  const GemmKernel* gemm_;
  const PointwiseKernel* pointwise_;
  ThreadPool* serial_ = &recurrent_serial_pool();
  Cell cell_;
  int hidden_, inputs_;
  bool peephole_, initial_h_, initial_c_;
  PointwiseProgram first_, last_;
  std::vector<Tensor> weights_;
  std::vector<Direction> directions_;
  std::vector<Source> first_sources_ = first_sources(cell_, peephole_),
                      last_sources_ = last_sources(cell_, peephole_);
};

}  // namespace
}  // namespace cpu

void register_cpu_step_recurrent(StepRegistry& registry) {
  registry.add("cpu.recurrent", [](const StepInit& init) -> std::unique_ptr<Step> {
    return std::make_unique<cpu::RecurrentStep>(init);
  });
}

}  // namespace tenon
