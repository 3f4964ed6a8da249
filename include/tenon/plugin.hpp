// Plugins: operators that a user adds, in the program itself or from a shared library.
//
// A plugin has a name that importers find and plans keep, typed fields, shape inference and a kernel per
// device. It stands in a network like any other operator: in the textual IR, under the passes, in plans.
// docs/plugins.md walks through one.
#pragma once

#include <tenon/device.hpp>
#include <tenon/error.hpp>
#include <tenon/fields.hpp>
#include <tenon/symbolic_dim.hpp>
#include <tenon/tensor.hpp>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace tenon {

// What a plugin is found by. In the textual IR it is the operator "domain:name:version".
struct PluginName {
  std::string domain;  // as in the ONNX file; may be empty
  std::string name;
  std::int64_t version = 1;  // from 1; raised when fields or results change their meaning
  bool operator==(const PluginName&) const = default;
};

// "com.example:PillarScatter:1"
std::string to_string(const PluginName& name);

// An attribute. `value` is its default, or where it is required merely of the field's kind.
struct PluginField {
  std::string name;  // letters, digits and '_'
  FieldValue value;
  bool required = false;
};

// One operand at inference.
struct PluginOperand {
  bool present = false;  // optional operands may be left out; the rest is then meaningless
  DataType dtype = DataType::f32;
  std::optional<SymbolicDims> dims;    // nothing: unknown rank
  const Tensor* constant = nullptr;    // the value as far as known: constants; while running, every operand
  std::optional<SymbolicDims> values;  // elements of i32 and i64 operands of rank 0 and 1, as far as known
};

// One result of inference. Before running, a dim that depends on data is SymbolicDim::unknown(). Inference is
// asked again while running, with all values at hand: where it then gives numbers the result has memory,
// where a dim is still unknown the kernel says the size (PluginCall::allocate).
struct PluginResult {
  DataType dtype = DataType::f32;
  std::optional<SymbolicDims> dims;  // nothing: unknown rank
};

// Densely packed, row-major memory of a kernel's operand. Its dims are those of the moment.
struct TensorView {
  bool present = false;
  DataType dtype = DataType::f32;
  std::span<const std::int64_t> shape;
  const std::byte* data = nullptr;
  MemorySpace space;  // the device's memory

  std::int64_t elements() const noexcept {
    std::int64_t count = 1;
    for (const std::int64_t dim : shape) count *= dim;
    return count;
  }
  // ModelError when the dtype is another.
  template <class T>
  std::span<const T> values() const {
    if (DataTypeOf<T>::value != dtype) detail::throw_wrong_dtype(DataTypeOf<T>::value, dtype);
    return {reinterpret_cast<const T*>(data), static_cast<std::size_t>(elements())};
  }
};

// The same of a result.
struct MutableTensorView {
  bool present = false;  // false: nobody wants it, or its size is not known before allocate()
  DataType dtype = DataType::f32;
  std::span<const std::int64_t> shape;
  std::byte* data = nullptr;
  MemorySpace space;

  std::int64_t elements() const noexcept {
    std::int64_t count = 1;
    for (const std::int64_t dim : shape) count *= dim;
    return count;
  }
  template <class T>
  std::span<T> values() const {
    if (DataTypeOf<T>::value != dtype) detail::throw_wrong_dtype(DataTypeOf<T>::value, dtype);
    return {reinterpret_cast<T*>(data), static_cast<std::size_t>(elements())};
  }
};

// Shapes of a kernel's operands before it runs. Absent operands have an empty shape.
struct PluginShapes {
  std::span<const Shape> inputs;
  std::span<const Shape> outputs;  // of results that depend on data: empty
  int threads = 1;
};

// One run of a kernel. Input and output memory do not overlap.
class PluginCall {
 public:
  virtual ~PluginCall() = default;

  std::size_t input_count() const noexcept { return inputs_.size(); }
  bool has(std::size_t i) const noexcept { return i < inputs_.size() && inputs_[i].present; }
  const TensorView& input(std::size_t i) const;  // ModelError when absent

  std::size_t output_count() const noexcept { return outputs_.size(); }
  // Whether anyone reads a result: nobody has to compute the others.
  virtual bool wants(std::size_t i) const noexcept = 0;
  // Whether it has memory already: its size is known, or it has been allocated.
  bool has_memory(std::size_t i) const noexcept { return i < outputs_.size() && outputs_[i].present; }
  // Memory for a result of known size; its content is undefined. ModelError when there is none.
  const MutableTensorView& output(std::size_t i) const;
  // Memory for a result whose size inference does not know even while running, and for every result of
  // strings. Once per result and run. ModelError when the shape contradicts inference.
  virtual const MutableTensorView& allocate(std::size_t i, const Shape& shape) = 0;

  // As many bytes as the kernel's workspace_bytes() said, 64-byte aligned.
  std::span<std::byte> workspace() const noexcept { return workspace_; }

  int threads() const noexcept { return threads_; }
  // Splits [0, count) over the threads of the engine: body(begin, end), where every `begin` is a multiple of
  // `grain`. Returns when all is done; an exception from body is thrown again here. No result may depend on
  // the split.
  template <class Body>
  void parallel_for(std::size_t count, std::size_t grain, Body&& body) {
    using Plain = std::remove_reference_t<Body>;
    run_ranges(
        count, grain,
        [](void* context, std::size_t begin, std::size_t end) {
          (*static_cast<Plain*>(context))(begin, end);
        },
        const_cast<void*>(static_cast<const void*>(&body)));
  }

 protected:
  using Range = void (*)(void* context, std::size_t begin, std::size_t end);
  virtual void run_ranges(std::size_t count, std::size_t grain, Range range, void* context) = 0;

  std::span<const TensorView> inputs_;
  std::span<const MutableTensorView> outputs_;
  std::span<std::byte> workspace_;
  int threads_ = 1;
};

// The implementation for one device and one set of fields. Shared by all contexts of an engine: its functions
// are called from several threads at once.
class PluginKernel {
 public:
  virtual ~PluginKernel() = default;

  // Memory that run() needs besides, planned into the engine's arena for the largest shapes; may not grow
  // when no dim grows.
  virtual std::size_t workspace_bytes(const PluginShapes&) const { return 0; }

  // An exception becomes the Status of the run: ModelError invalid_argument, bad_alloc out_of_memory, others
  // internal. The operands' dtypes and ranks are those that infer() has seen.
  virtual void run(PluginCall& call) const = 0;
};

// An operator. Its functions are called from several threads at once; the same operands and fields give the
// same results, always (what is constant is computed once, equal calls are merged).
class Plugin {
 public:
  virtual ~Plugin() = default;

  virtual PluginName name() const = 0;
  virtual std::vector<PluginField> fields() const { return {}; }

  // Types of the results, one for each. `fields` has every field, in the order of fields(), with the kinds
  // given there. Called with symbolic dims when a network is made and with numbers when it runs; what was
  // known then may be unknown now: values of operands that are computed. ModelError when the operands do not
  // fit.
  virtual std::vector<PluginResult> infer(std::span<const PluginOperand> operands,
                                          const Fields& fields) const = 0;

  // Null: none for this device. Where there is none for Device::reference, the one for Device::cpu takes its
  // place, and the other way round.
  virtual std::unique_ptr<PluginKernel> create_kernel(Device device, const Fields& fields) const = 0;
};

// Adds a plugin for the rest of the process. ModelError when the name is taken, or it or a field's name is
// malformed. These functions are thread-safe.
void register_plugin(std::shared_ptr<const Plugin> plugin);

// Loads a shared library and adds its plugins; a library that is loaded already changes nothing. It stays
// loaded. The library's code runs in this process: load only what you trust. ModelError when the file is no
// plugin library, or was built for another version of the interface.
std::vector<PluginName> load_plugins(const std::filesystem::path& library);

// All that were added, sorted.
std::vector<PluginName> registered_plugins();

// --- the entry point of shared libraries ---

// Raised whenever a class above changes.
inline constexpr std::uint32_t kPluginAbi = 1;

// Binary properties that library and program must share.
#if defined(_GLIBCXX_USE_CXX11_ABI) && defined(_GLIBCXX_DEBUG)
inline constexpr const char* kPluginToolchain = "libstdc++ cxx11 debug";
#elif defined(_GLIBCXX_USE_CXX11_ABI) && _GLIBCXX_USE_CXX11_ABI
inline constexpr const char* kPluginToolchain = "libstdc++ cxx11";
#elif defined(_LIBCPP_VERSION)
inline constexpr const char* kPluginToolchain = "libc++";
#else
inline constexpr const char* kPluginToolchain = "other";
#endif

extern "C" {

// What tenon_plugin_library() gives. Its first two members never change.
struct TenonPluginLibrary {
  std::uint32_t size;  // of this struct
  std::uint32_t abi;   // kPluginAbi
  const char* toolchain;
  // Hands each plugin, a tenon::Plugin* whose owner is now the receiver, to add(). Not 0: out of memory.
  int (*plugins)(void* receiver, void (*add)(void* receiver, void* plugin));
};

using TenonPluginEntry = const TenonPluginLibrary* (*)();
inline constexpr const char* kTenonPluginEntry = "tenon_plugin_library";
}

namespace detail {

template <class... Plugins>
int hand_over(void* receiver, void (*add)(void* receiver, void* plugin)) {
  try {
    (add(receiver, static_cast<Plugin*>(new Plugins())), ...);
    return 0;
  } catch (...) {
    return 1;
  }
}

}  // namespace detail

// Makes a shared library of plugins, in one of its source files: TENON_PLUGINS(PillarScatter, AnchorDecode)
#define TENON_PLUGINS(...)                                                                              \
  extern "C" [[gnu::visibility("default")]] const ::tenon::TenonPluginLibrary* tenon_plugin_library() { \
    static const ::tenon::TenonPluginLibrary library{sizeof(::tenon::TenonPluginLibrary),               \
                                                     ::tenon::kPluginAbi, ::tenon::kPluginToolchain,    \
                                                     &::tenon::detail::hand_over<__VA_ARGS__>};         \
    return &library;                                                                                    \
  }

}  // namespace tenon
