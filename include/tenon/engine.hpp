// Engine and Context: loading a plan and running it. Needs the runtime half of the library only.
#pragma once

#include <tenon/data.hpp>
#include <tenon/error.hpp>
#include <tenon/precision_costs.hpp>
#include <tenon/status.hpp>
#include <tenon/tensor.hpp>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace tenon {

class ThreadPool;
class Context;
struct Plan;

// An input or output of a network.
struct TensorInfo {
  std::string name;
  DataType dtype = DataType::f32;
  std::vector<std::string> dims;  // each a number or an expression over symbols: "N", "3", "floordiv(H + 1,
                                  // 2)"; "?" when only known after running
  Shape min, opt, max;            // under one profile; -1 where only known after running
  std::string type;               // "f32[N,3]", "seq<map<string, f32[]>>"
  bool is_tensor = true;          // false: a sequence, map or optional; dtype, dims and shapes mean nothing
  bool bindable = true;           // an engine's output: its size is known before running, so that
                                  // set_output() takes memory for it
  bool dynamic() const noexcept { return min != max; }

  // Of an input whose values become dims: its elements, as the profile allows them.
  struct Values {
    std::vector<std::string> elements;  // each a number or a symbol
    Shape min, opt, max;
  };
  std::optional<Values> values;
};

// One optimization profile of an engine: the shapes that it takes, and was made for.
struct ProfileInfo {
  std::vector<TensorInfo> inputs;    // same names, order and dtypes in all profiles of an engine
  std::vector<TensorInfo> outputs;   // likewise
  std::vector<std::string> symbols;  // "N in 1…4…8"
  std::size_t arena_bytes = 0;       // memory of a context that uses it, besides inputs and outputs
  std::size_t arena_floor = 0;       // max over steps of live tensors plus the step's scratch
};

// Half-open knowledge of one step, for reports. The steps inside an If, a Loop or a Scan follow it, one level
// deeper.
struct StepInfo {
  std::string label;    // source node(s)
  std::string op;       // operator with its fields
  std::string tactic;   // implementation and its configuration
  std::string problem;  // canonical key
  std::string note;     // why this one: refused tactics, conversion costs
  double expected_ns = 0;
  std::size_t depth = 0;  // 0: a step of the network itself
  std::size_t body = 0;   // which body of the step around it: of an If 0 is then and 1 is else
  std::string types;      // of operands and results as they are stored: "f32[1,3] -> bf16[1,3]"
};

// Time of one step, summed over its runs; that of an If, a Loop or a Scan contains that of the steps inside.
struct StepTime {
  std::uint64_t total_ns = 0;
  std::uint64_t runs = 0;
};

struct EngineInfo {
  std::string network;
  std::string producer;
  std::string isa;
  int threads = 1;
  std::size_t arena_bytes = 0;       // of the profile that needs the most
  std::size_t arena_floor = 0;       // of that profile
  std::size_t weight_bytes = 0;      // shared by all profiles
  std::vector<std::string> symbols;  // "N in 1…4…8"; of profile 0
};

struct LoadOptions {
  int threads = 0;                   // 0: as many as the plan was made for
  std::shared_ptr<ThreadPool> pool;  // default: one pool per thread count and process
};

// A loaded plan. Copies share it; all functions are thread-safe.
class Engine {
 public:
  // Maps the file. ModelError when it is damaged or was made for a machine with more than this one has
  // (rebuild, or load it with load_or_retune of <tenon/builder.hpp>).
  static Engine load(const std::filesystem::path& path, const LoadOptions& options = {});
  // Copies the bytes.
  static Engine deserialize(std::span<const std::byte> bytes, const LoadOptions& options = {});
  static Engine from_plan(Plan plan, const LoadOptions& options = {});

  void save(const std::filesystem::path& path) const;
  std::vector<std::byte> serialize() const;

  const std::vector<ProfileInfo>& profiles() const noexcept;  // at least one
  const std::vector<TensorInfo>& inputs() const noexcept;     // under profile 0
  const std::vector<TensorInfo>& outputs() const noexcept;    // under profile 0
  const EngineInfo& info() const noexcept;
  std::vector<StepInfo> steps(std::size_t profile = 0) const;  // in order, those of bodies behind their owner
  // What decided which layers run on integers.
  const PrecisionCosts& precision_costs(std::size_t profile = 0) const;
  std::string dump() const;  // the plan as text: buffers with their offsets, steps with their tactics
  const Plan& plan() const noexcept;

  // Allocates the profile's arena. ModelError for a profile that the engine does not have, here, in steps()
  // and in precision_costs().
  Context create_context(std::size_t profile = 0) const;

 private:
  friend class Context;
  class State;
  explicit Engine(std::shared_ptr<const State> state) : state_(std::move(state)) {}
  std::shared_ptr<const State> state_;
};

// An ordered queue of work on a thread of its own. Thread-safe.
class Stream {
 public:
  Stream();
  ~Stream();  // waits for what is queued
  Stream(Stream&&) noexcept;
  Stream& operator=(Stream&&) noexcept;

  // Waits until all that was queued before this call is done; returns the first failure since the last
  // synchronize.
  Status synchronize() noexcept;

 private:
  friend class Context;
  class State;
  std::unique_ptr<State> state_;
};

// The state of one execution: memory, shapes, bound tensors. One per thread; not thread-safe.
class Context {
 public:
  Context(Context&&) noexcept;
  Context& operator=(Context&&) noexcept;
  ~Context();

  // Uses another profile of the engine from the next prepare() on; bound tensors stay bound. Allocates when
  // the profile's arena is larger than those before. ModelError for a profile that the engine does not have.
  void set_profile(std::size_t profile);
  std::size_t profile() const noexcept;

  // Concrete dims of input `name`. Whether the profile takes them says prepare().
  void set_shape(std::string_view name, const Shape& shape);
  // Binds `tensor` as input; its memory is shared until replaced and must be of the input's dtype. Sets the
  // shape too.
  void set_input(std::string_view name, Tensor tensor);
  void set_input(std::size_t index, Tensor tensor);
  // The same for an input of any type: sequences, maps, optionals (Data() is an empty one), tensors.
  // ModelError when `value` is not of the input's type. The value is shared until replaced.
  void set_value(std::string_view name, Data value);
  void set_value(std::size_t index, Data value);
  // Binds memory for an output, of the shape that it has at run time; without this, and after binding an
  // empty Tensor, the context owns it. Between runs it costs no prepare().
  void set_output(std::string_view name, Tensor tensor);
  void set_output(std::size_t index, Tensor tensor);

  // Evaluates all shapes and specialises the steps after changes of shape, of the profile, or of the values
  // of inputs that become dims, which are read here. ModelError naming input, dim or element, value and
  // range for what lies outside of the profile. The last kSpecializations shapes are kept, so going back to
  // one of them costs next to nothing; another one may allocate. run() does it when needed; before enqueue()
  // it must have been called.
  void prepare();
  static constexpr std::size_t kSpecializations = 64;  // of each profile

  // Runs in the calling thread, then returns. Throws on failure.
  void run();
  // Queues one run. Allocates nothing unless the network has outputs of data-dependent size or steps of the
  // reference backend. Until the stream is synchronized, bound memory must stay as it is.
  Status enqueue(Stream& stream) noexcept;

  // Valid until the next prepare() with other shapes, or the next run. ModelError when it is no tensor.
  Tensor output(std::string_view name) const;
  Tensor output(std::size_t index) const;
  // An output of any type.
  Data value(std::string_view name) const;
  Data value(std::size_t index) const;

  // Time per step of the profile, in the order of Engine::steps(), while profiling is on. Another profile
  // begins anew.
  void set_profiling(bool on) noexcept;
  using StepTime = tenon::StepTime;
  std::span<const StepTime> step_times() const noexcept;

  // Called by the thread that runs the steps as soon as a tensor output is complete, while it is in the
  // caches; the tensor is valid during the call. Not for outputs that no step writes (inputs handed on,
  // constants). The listener must not throw nor use this context; as long as there is one, runs allocate.
  // Empty: none.
  using OutputListener = std::function<void(std::size_t output, const Tensor& tensor)>;
  void set_output_listener(OutputListener listener);

  const Engine& engine() const noexcept;

 private:
  friend class Engine;
  class State;
  explicit Context(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace tenon
