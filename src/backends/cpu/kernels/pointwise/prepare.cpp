// pointwise_prepare: types, merging of dimensions, choice of the loop, placement of registers.
#include "backends/cpu/kernels/pointwise/pointwise.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace tenon::cpu {

namespace {

using Program = PointwiseProgram;
using Place = PointwiseTask::Place;

// A row has to be this long to be worth its calls.
constexpr std::ptrdiff_t kShortestRow = 48;

constexpr int kArity[] = {
#define TENON_POINTWISE(fn, arity, alpha, beta, result) arity,
#include "ir/pointwise_functions.inc"
#undef TENON_POINTWISE
};
constexpr bool kIsBoolean[] = {
#define TENON_POINTWISE(fn, arity, alpha, beta, kind) PointwiseResult::kind == PointwiseResult::boolean,
#include "ir/pointwise_functions.inc"
#undef TENON_POINTWISE
};
constexpr const char* kName[] = {
#define TENON_POINTWISE(fn, arity, alpha, beta, result) #fn,
#include "ir/pointwise_functions.inc"
#undef TENON_POINTWISE
};

bool is_logical(PointwiseFn fn) {
  return fn == PointwiseFn::logical_and || fn == PointwiseFn::logical_or || fn == PointwiseFn::logical_xor ||
         fn == PointwiseFn::logical_not;
}

struct Loader {
  PointwiseLoad load;
  std::ptrdiff_t bytes;
};

Loader loader_of(const PointwiseRoutines& routines, DataType type) {
  switch (type) {
    case DataType::f32: return {routines.load_f32, 4};
    case DataType::boolean:
    case DataType::u8: return {routines.load_u8, 1};
    case DataType::i8: return {routines.load_i8, 1};
    case DataType::i32: return {routines.load_i32, 4};
    case DataType::i64: return {routines.load_i64, 8};
    case DataType::bf16: return {routines.load_bf16, 2};
    case DataType::f16: return {routines.load_f16, 2};
    default: return {nullptr, 0};
  }
}

PointwiseStore store_of(const PointwiseRoutines& routines, DataType type) {
  switch (type) {
    case DataType::boolean: return routines.store_boolean;
    case DataType::bf16: return routines.store_bf16;
    case DataType::f16: return routines.store_f16;
    default: return nullptr;
  }
}

// What a program knows an element as.
DataType register_type(DataType stored) {
  return stored == DataType::bf16 || stored == DataType::f16 ? DataType::f32 : stored;
}

bool is_register_type(DataType type) { return type == DataType::f32 || type == DataType::boolean; }

std::string refuse_call(const PointwiseRoutines& routines, const Program::Instruction& instruction,
                        const std::vector<DataType>& types) {
  const auto fn = static_cast<std::size_t>(instruction.fn);
  if (!routines.call[fn][0]) return fmt::format("{} has no float form", kName[fn]);
  const int first = instruction.fn == PointwiseFn::where ? 1 : 0;
  const DataType type = types[instruction.args[first]];
  bool fits = is_register_type(type);
  for (int i = 0; i < kArity[fn]; ++i)
    fits = fits && types[instruction.args[i]] == (i < first ? DataType::boolean : type);
  if (is_logical(instruction.fn)) {
    fits = fits && type == DataType::boolean;
  } else if (instruction.fn != PointwiseFn::where && instruction.fn != PointwiseFn::equal) {
    fits = fits && type == DataType::f32;
  }
  return fits ? std::string() : fmt::format("{} of these types", kName[fn]);
}

// Fills in the types of all registers. Returns the first refusal.
std::string infer_types(const PointwiseProblem& problem, const PointwiseRoutines& routines,
                        std::vector<DataType>* types) {
  for (const PointwiseOperand& operand : problem.operands) {
    if (!loader_of(routines, operand.type).load) return "needs f32, boolean, i8, u8, i32 or i64 operands";
    types->push_back(register_type(operand.type));
  }
  for (const Program::Instruction& instruction : problem.program.code) {
    if (instruction.kind == Program::Kind::call) {
      std::string why = refuse_call(routines, instruction, *types);
      if (!why.empty()) return why;
      const auto fn = static_cast<std::size_t>(instruction.fn);
      const DataType type = (*types)[instruction.args[instruction.fn == PointwiseFn::where ? 1 : 0]];
      types->push_back(kIsBoolean[fn] ? DataType::boolean : type);
    } else {
      if (!is_register_type(instruction.to)) return "casts and constants are f32 or boolean only";
      types->push_back(instruction.to);
    }
  }
  const DataType result = register_type(problem.result);
  if (types->back() != result || !is_register_type(result)) return "needs an f32 or boolean result";
  return {};
}

// Drops dimensions of size 1 and merges neighbours that every operand walks as one.
bool merge_dims(const PointwiseProblem& problem, PointwiseTask* task) {
  std::vector<std::ptrdiff_t> dims;
  std::vector<std::vector<std::ptrdiff_t>> strides(problem.operands.size());
  for (std::size_t d = 0; d < problem.dims.size(); ++d) {
    if (problem.dims[d] == 1) continue;
    const bool merges = !dims.empty() && [&] {
      for (std::size_t i = 0; i < strides.size(); ++i) {
        if (strides[i].back() != problem.operands[i].strides[d] * problem.dims[d]) return false;
      }
      return true;
    }();
    if (merges) {
      dims.back() *= problem.dims[d];
    } else {
      dims.push_back(problem.dims[d]);
    }
    for (std::size_t i = 0; i < strides.size(); ++i) {
      if (merges) {
        strides[i].back() = problem.operands[i].strides[d];
      } else {
        strides[i].push_back(problem.operands[i].strides[d]);
      }
    }
  }
  if (dims.empty()) {
    dims.push_back(1);
    for (std::vector<std::ptrdiff_t>& s : strides) s.push_back(0);
  }
  if (dims.size() > kPointwiseRank) return false;
  task->rank = static_cast<int>(dims.size());
  std::copy(dims.begin(), dims.end(), task->dims.begin());
  for (std::size_t i = 0; i < strides.size(); ++i) {
    std::copy(strides[i].begin(), strides[i].end(), task->sources[i].strides.begin());
  }
  return true;
}

// Makes one dimension of the two innermost ones where the last is short, some operands repeat their last
// dimension along the one before it, and the others run along both or along neither.
void merge_repetitions(PointwiseTask* task) {
  if (task->rank < 2) return;
  const auto last = static_cast<std::size_t>(task->rank - 1);
  const std::ptrdiff_t period = task->dims[last];
  if (period >= kShortestRow || period * task->dims[last - 1] < kShortestRow) return;
  const auto repeats = [&](const PointwiseTask::Source& source) {
    return source.strides[last] == 1 && source.strides[last - 1] == 0;
  };
  const bool fits =
      std::all_of(task->sources.begin(), task->sources.end(), [&](const PointwiseTask::Source& source) {
        const std::ptrdiff_t outer = source.strides[last - 1], inner = source.strides[last];
        return repeats(source) || (inner == 1 && outer == period) || (inner == 0 && outer == 0);
      });
  if (!fits) return;
  for (PointwiseTask::Source& source : task->sources) {
    source.repeats = repeats(source);
    source.strides[last - 1] = source.strides[last];
  }
  task->dims[last - 1] *= period;
  task->period = period;
  --task->rank;
}

// How an operand meets the loop.
enum class Access { along, fixed, copied };

Access access_of(const PointwiseTask& task, const PointwiseTask::Source& source) {
  const int last = task.rank - 1;
  if (source.repeats) return Access::copied;
  if (task.rows) return source.strides[static_cast<std::size_t>(last)] == 0 ? Access::fixed : Access::along;
  std::ptrdiff_t dense = 1;
  bool all_zero = true;
  bool all_dense = true;
  for (int d = last; d >= 0; --d) {
    const auto i = static_cast<std::size_t>(d);
    all_zero = all_zero && source.strides[i] == 0;
    all_dense = all_dense && source.strides[i] == dense;
    dense *= task.dims[i];
  }
  return all_zero ? Access::fixed : all_dense ? Access::along : Access::copied;
}

bool fits_rows(const PointwiseTask& task) {
  const auto last = static_cast<std::size_t>(task.rank - 1);
  if (task.rank > 1 && task.dims[last] < kShortestRow) return false;
  return std::all_of(task.sources.begin(), task.sources.end(), [&](const PointwiseTask::Source& source) {
    return source.strides[last] == 0 || source.strides[last] == 1;
  });
}

// What a cast does to a value that is already a float.
PointwiseFn cast_function(DataType from, DataType to) {
  return to == DataType::boolean && from != DataType::boolean ? PointwiseFn::logical_or : PointwiseFn::where;
}

class Placement {
 public:
  Placement(const PointwiseProblem& problem, const std::vector<DataType>& types, PointwiseTask* task)
      : program_(problem.program),
        stored_(problem.operands),
        types_(types),
        task_(*task),
        registers_(types.size()),
        last_use_(types.size(), -1) {
    task_.locations.resize(registers_);
    task_.constants.assign(registers_, 0.0F);
    for (std::size_t i = 0; i < program_.code.size(); ++i) {
      for (int a = 0; a < arity(program_.code[i]); ++a)
        last_use_[program_.code[i].args[a]] = static_cast<int>(i);
    }
  }

  // Number of scratch tiles.
  int place() {
    for (std::size_t i = 0; i < task_.sources.size(); ++i) {
      const Access access = access_of(task_, task_.sources[i]);
      if (access == Access::fixed) {
        set_value(i);
      } else if (access == Access::along && stored_[i].type == DataType::f32) {
        task_.locations[i] = {Place::operand, static_cast<int>(i)};
      } else {
        task_.locations[i] = {Place::tile, take_tile()};
      }
    }
    for (std::size_t i = 0; i < program_.code.size(); ++i) place_instruction(i);
    return tiles_;
  }

 private:
  static int arity(const Program::Instruction& instruction) {
    if (instruction.kind == Program::Kind::constant) return 0;
    return instruction.kind == Program::Kind::cast ? 1 : kArity[static_cast<std::size_t>(instruction.fn)];
  }

  bool is_value(int reg) const {
    return task_.locations[static_cast<std::size_t>(reg)].place == Place::value;
  }
  void set_value(std::size_t reg) { task_.locations[reg] = {Place::value, static_cast<int>(reg)}; }

  void place_instruction(std::size_t index) {
    const Program::Instruction& instruction = program_.code[index];
    const std::size_t reg = program_.inputs + index;
    const bool is_last = index + 1 == program_.code.size();
    if (instruction.kind == Program::Kind::constant) {
      const bool is_true = instruction.alpha != 0.0F;
      task_.constants[reg] =
          instruction.to == DataType::boolean ? (is_true ? 1.0F : 0.0F) : instruction.alpha;
      task_.constant_registers.push_back(static_cast<int>(reg));
      set_value(reg);
      return;
    }
    PointwiseTask::Call call = make_call(instruction, static_cast<int>(reg));
    bool uniform = true;
    for (int a = 0; a < arity(instruction); ++a) uniform = uniform && is_value(instruction.args[a]);
    // Tiles that die here are free for the result: routines may write where they read.
    if (!uniform) free_dead_tiles(instruction, index);
    if (uniform) {
      set_value(reg);
      task_.row_calls.push_back(call);
    } else {
      const bool to_dst = is_last && task_.store == nullptr;
      task_.locations[reg] =
          to_dst ? PointwiseTask::Location{Place::dst, 0} : PointwiseTask::Location{Place::tile, take_tile()};
      task_.tile_calls.push_back(call);
    }
  }

  PointwiseTask::Call make_call(const Program::Instruction& instruction, int reg) {
    PointwiseTask::Call call{nullptr, reg, {0, 0, 0}, instruction.alpha, instruction.beta};
    PointwiseFn fn = instruction.fn;
    std::copy(std::begin(instruction.args), std::end(instruction.args), std::begin(call.args));
    if (instruction.kind == Program::Kind::cast) {
      fn = cast_function(types_[instruction.args[0]], instruction.to);
      std::fill(std::begin(call.args), std::end(call.args), static_cast<int>(instruction.args[0]));
    } else if (fn == PointwiseFn::pow && is_value(call.args[1]) && is_constant(call.args[1], 2.0F)) {
      fn = PointwiseFn::square;
      call.args[1] = 0;
    }
    const int count = kArity[static_cast<std::size_t>(fn)];
    int mask = 0;
    for (int a = 0; a < count; ++a) mask |= is_value(call.args[a]) ? 1 << a : 0;
    const bool uniform = mask == (1 << count) - 1;
    call.routine = task_.routines->call[static_cast<std::size_t>(fn)][uniform ? 0 : mask];
    return call;
  }

  bool is_constant(int reg, float value) const {
    const auto& constants = task_.constant_registers;
    return std::find(constants.begin(), constants.end(), reg) != constants.end() &&
           task_.constants[static_cast<std::size_t>(reg)] == value;
  }

  int take_tile() {
    if (free_.empty()) return tiles_++;
    const int tile = free_.back();
    free_.pop_back();
    return tile;
  }

  void free_dead_tiles(const Program::Instruction& instruction, std::size_t index) {
    for (int a = 0; a < arity(instruction); ++a) {
      const int reg = instruction.args[a];
      const PointwiseTask::Location location = task_.locations[static_cast<std::size_t>(reg)];
      const bool seen =
          std::find(instruction.args, instruction.args + a, instruction.args[a]) != instruction.args + a;
      const bool is_kept = reg < program_.inputs && task_.sources[static_cast<std::size_t>(reg)].repeats;
      if (!seen && !is_kept && location.place == Place::tile &&
          last_use_[static_cast<std::size_t>(reg)] == static_cast<int>(index)) {
        free_.push_back(location.slot);
      }
    }
  }

  const Program& program_;
  const std::vector<PointwiseOperand>& stored_;
  const std::vector<DataType>& types_;
  PointwiseTask& task_;
  std::size_t registers_;
  std::vector<int> last_use_;
  std::vector<int> free_;
  int tiles_ = 0;
};

}  // namespace

std::vector<std::ptrdiff_t> broadcast_strides(std::span<const std::ptrdiff_t> shape,
                                              std::span<const std::ptrdiff_t> dims) {
  std::vector<std::ptrdiff_t> strides(dims.size(), 0);
  std::ptrdiff_t stride = 1;
  for (std::size_t i = 1; i <= shape.size() && i <= dims.size(); ++i) {
    const std::ptrdiff_t size = shape[shape.size() - i];
    if (size != 1) strides[dims.size() - i] = stride;
    stride *= size;
  }
  return strides;
}

std::string pointwise_prepare(const PointwiseKernel& kernel, const PointwiseProblem& problem,
                              PointwiseTask* task) {
  *task = {};
  task->routines = &kernel.routines();
  const std::size_t registers = problem.operands.size() + problem.program.code.size();
  if (problem.program.code.empty()) return "the program is empty";
  if (registers > kPointwiseRegisters) return fmt::format("more than {} registers", kPointwiseRegisters);

  std::vector<DataType> types;
  std::string why = infer_types(problem, *task->routines, &types);
  if (!why.empty()) return why;
  task->store = store_of(*task->routines, problem.result);
  task->result_bytes = task->store == nullptr ? 4 : problem.result == DataType::boolean ? 1 : 2;

  for (const PointwiseOperand& operand : problem.operands) {
    const Loader loader = loader_of(*task->routines, operand.type);
    task->sources.push_back({loader.load, loader.bytes, {}});
  }
  if (!merge_dims(problem, task))
    return fmt::format("broadcasts over more than {} dimensions", kPointwiseRank);
  task->count = 1;
  for (int d = 0; d < task->rank; ++d) task->count *= task->dims[static_cast<std::size_t>(d)];
  merge_repetitions(task);
  task->rows = fits_rows(*task);

  const int tiles = Placement(problem, types, task).place();
  if (tiles > kPointwiseScratch / 64) return "needs too many tiles at once";
  task->tile = std::min(kPointwiseTile, kPointwiseScratch / std::max(tiles, 1) / 64 * 64);
  task->tile -= static_cast<int>(task->tile % task->period);
  return {};
}

}  // namespace tenon::cpu
