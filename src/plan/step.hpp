// Step: one piece of work of a loaded plan, ready to run. Backends implement steps and register a factory per
// kind.
#pragma once

#include "ir/attribute.hpp"
#include "ir/data.hpp"
#include "ir/type.hpp"

#include <tenon/status.hpp>
#include <tenon/tensor.hpp>

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace tenon {

class Program;  // runtime/program.hpp
class ThreadPool;
struct StepTime;  // <tenon/engine.hpp>

// A buffer with its memory and its shape of the moment. `shape` is the logical one; the memory is laid out as
// the step was told when it was created (blocked layouts are larger). `slot` is set for dynamic buffers only:
// the step stores its result there and calls publish().
struct BufferView {
  std::byte* data = nullptr;
  DataType dtype = DataType::f32;
  Shape shape;
  Data* slot = nullptr;

  template <class T>
  T* as() const noexcept {
    return reinterpret_cast<T*>(data);
  }
  void publish() noexcept;  // takes data, dtype and shape over from *slot (when it holds a tensor)
};

// What a step keeps between set_shape and run, one per context: precomputed loop bounds, tables, programs.
struct StepState {
  virtual ~StepState() = default;
};

struct StepCall {
  std::span<const BufferView* const> inputs;  // null: absent
  std::span<BufferView* const> outputs;
  StepState* state = nullptr;
  std::byte* scratch = nullptr;  // 64-byte aligned, as many bytes as scratch_bytes() asked for
  ThreadPool* pool = nullptr;    // never null
  StepTime* times = nullptr;     // of the steps in the bodies of a control step, while profiling; else null
  // Constants that a later step reads, for this one to ask for while it computes: no more lines than its
  // lines_ahead(). Often empty.
  std::span<const std::byte> ahead = {};
};

// Shapes of a step's operands at the moment of specialisation. Absent operands and dynamic ones have no
// shape.
struct StepShapes {
  std::span<const Shape* const> inputs;
  std::span<const Shape* const> outputs;
  int threads = 1;
  // For control steps, whose bodies are specialised too: what their steps will run on, and what the symbols
  // stand for. Null outside of a context.
  ThreadPool* pool = nullptr;
  const SymbolValues* symbols = nullptr;
};

// How the rows of a result follow from those of the first operand where a step works on images [N, C, H, W]
// row by row: row y needs the rows from y * stride - pad on, `reach` of them; those that the image does not
// have are padding. Other operands are images of the result's height, of which the same row is read. The
// step's parameter "pad" lists padding as ops/window.hpp has it, and may be changed.
struct RowWindow {
  std::int64_t stride = 1;
  std::int64_t pad = 0;
  std::int64_t reach = 1;
};

// Immutable once created, shared by all contexts of an engine; all functions are thread-safe.
class Step {
 public:
  virtual ~Step() = default;

  // Scratch memory for these shapes; must not grow when no dim grows.
  virtual std::size_t scratch_bytes(const StepShapes& shapes) const;

  // Everything that depends on shapes but not on data. May allocate; throws ModelError when the shapes do not
  // fit. The default keeps no state.
  virtual std::unique_ptr<StepState> specialize(const StepShapes& shapes) const;

  virtual Status run(const StepCall& call) const noexcept = 0;

  // Cache lines of other steps' constants that run() can bring into a cache while it computes, where memory
  // would else be idle. `state` is what specialize() made. None by default.
  virtual std::int64_t lines_ahead(const StepState* state) const;

  // Nothing, by default, where the step does not work row by row.
  virtual std::optional<RowWindow> row_window() const;

  // Whether entry n of the first axis of every result follows from entry n of the operands alone, however
  // many entries there are; constants are the same for all of them. An operand that has to be a constant for
  // that, as a bias has, does not fit when it is cut, and specialize() says so. False by default.
  virtual bool works_by_entry() const { return false; }
};

// What a factory is given. The types carry dtype and layout; their dims are expressions.
struct StepInit {
  const AttributeList& params;
  std::span<const Type* const> inputs;  // null: absent
  std::span<const Type* const> outputs;
  std::span<const Tensor> weights;  // kept alive by the engine; a Tensor copy shares the memory
  std::span<const std::shared_ptr<const Program>> bodies = {};  // of a control step
};

using StepFactory =
    std::unique_ptr<Step> (*)(const StepInit& init);  // ModelError for parameters that make no sense

class StepRegistry {
 public:
  void add(std::string_view kind, StepFactory factory);  // InternalError when taken
  // ModelError when the kind is unknown.
  std::unique_ptr<Step> create(std::string_view kind, const StepInit& init) const;
  std::vector<std::string> kinds() const;

 private:
  std::map<std::string, StepFactory, std::less<>> factories_;
};

// Typed reading of parameters, for factories. ModelError when missing or of another kind.
std::int64_t int_param(const AttributeList& params, std::string_view name);
std::int64_t int_param(const AttributeList& params, std::string_view name, std::int64_t fallback);
const std::vector<std::int64_t>& ints_param(const AttributeList& params, std::string_view name);
const std::string& string_param(const AttributeList& params, std::string_view name);

}  // namespace tenon
