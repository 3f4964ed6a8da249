// NetworkBuilder: a network defined layer by layer in C++.
#pragma once

#include <tenon/builder.hpp>
#include <tenon/fields.hpp>
#include <tenon/symbolic_dim.hpp>

#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace tenon {

class NetworkBuilder;

// A value of a network under definition: an input, a constant or the result of a layer. Cheap to copy; keeps
// the definition alive. Default-constructed: absent, for operands that are optional.
class NetworkValue {
 public:
  struct State;  // of the definition; not for users

  NetworkValue() = default;

  bool present() const noexcept { return state_ != nullptr; }
  explicit operator bool() const noexcept { return present(); }

  // ModelError when absent.
  const std::string& name() const;  // empty when it has none
  std::string type() const;         // "f32[N,64,112,112]", "seq<i64[*]>"
  // Of a tensor; ModelError for other kinds.
  DataType dtype() const;
  bool has_rank() const;      // false where even the number of dims is known only after running
  SymbolicDims dims() const;  // ModelError without a rank

  // Elementwise with broadcasting: layers add, sub, mul and div.
  friend NetworkValue operator+(const NetworkValue& a, const NetworkValue& b);
  friend NetworkValue operator-(const NetworkValue& a, const NetworkValue& b);
  friend NetworkValue operator*(const NetworkValue& a, const NetworkValue& b);
  friend NetworkValue operator/(const NetworkValue& a, const NetworkValue& b);

 private:
  friend class NetworkBuilder;
  NetworkValue(std::shared_ptr<State> state, std::uint32_t id) : state_(std::move(state)), id_(id) {}

  std::shared_ptr<State> state_;
  std::uint32_t id_ = 0;
};

using NetworkValues = std::vector<NetworkValue>;

// Geometry of convolutions and pooling, per spatial axis. Empty lists: stride and dilation 1, no padding.
struct ConvolutionOptions {
  std::vector<std::int64_t> stride{};
  std::vector<std::int64_t> pad{};  // all begins, then all ends; counts without auto_pad only
  std::vector<std::int64_t> dilation{};
  std::string auto_pad = "explicit";  // or "same_upper", "same_lower", "valid"
  std::int64_t group = 1;
};

struct DeconvolutionOptions {
  std::vector<std::int64_t> stride{};
  std::vector<std::int64_t> pad{};
  std::vector<std::int64_t> dilation{};
  std::string auto_pad = "explicit";
  std::int64_t group = 1;
  std::vector<std::int64_t> output_padding{};  // empty: zeros
  std::vector<std::int64_t> output_shape{};    // spatial sizes; empty: from the geometry
};

struct PoolingOptions {
  std::vector<std::int64_t> stride{};
  std::vector<std::int64_t> pad{};
  std::vector<std::int64_t> dilation{};
  std::string auto_pad = "explicit";
  bool ceil_mode = false;          // output sizes round up
  bool count_include_pad = false;  // of average pooling
};

// Empty axes: the first ones; empty steps: 1.
struct SliceOptions {
  std::vector<std::int64_t> axes{};
  std::vector<std::int64_t> steps{};
};

// Layers are added in the order of their execution; the types of their results are inferred at once. Every
// operator of `tenon list ops` (docs/operators.md) can be added by name with its fields; the named functions
// below are shorthands for common ones. ModelError that names the layer when operands or fields do not fit;
// the definition is then as it was before.
//
// A layer's name (`name` below) stands in reports, errors and plans; empty: made from the operator's. Copies
// of a builder share one definition. Not thread-safe.
class NetworkBuilder {
 public:
  explicit NetworkBuilder(std::string name = "network");
  // Goes on from a network, an imported one for example.
  explicit NetworkBuilder(const Network& network);

  // --- the network ---
  // A tensor whose dims are numbers or expressions over symbols: input("x", DataType::f32, {"N", 3, "H",
  // "W"}).
  NetworkValue input(std::string name, DataType dtype, SymbolicDims dims);
  // Of any type, as the textual IR writes it: "f32[N,3,H,W]", "seq<f32[*]>", "opt<i64[]>".
  NetworkValue input(std::string name, std::string_view type);
  void output(const NetworkValue& value, std::string name);
  // Forgets the outputs, to give others to a network that was imported.
  void clear_outputs();
  // The values that a symbol may take; without this, [0, max]. Shapes are inferred more sharply within
  // bounds.
  void symbol_range(std::string symbol, std::int64_t min,
                    std::int64_t max = std::numeric_limits<std::int64_t>::max());
  // The value stays observable under this name whatever the passes do: for comparisons.
  void tap(const NetworkValue& value, std::string name);
  void set_name(const NetworkValue& value, std::string name);  // ModelError for an input, which keeps its own
  NetworkValues inputs() const;
  NetworkValues outputs() const;
  NetworkValue find(std::string_view name) const;  // by its name, in the body; ModelError when there is none

  // The network so far; the definition may go on afterwards.
  Network network() const;

  // --- any operator ---
  // The first result. Operands may be absent where the operator says so.
  NetworkValue add(std::string_view op, const NetworkValues& operands, const Fields& fields = {},
                   std::string_view name = {});
  // All results; `outputs` fixes their number where the operator leaves it open.
  NetworkValues add_all(std::string_view op, const NetworkValues& operands, const Fields& fields = {},
                        std::string_view name = {}, std::size_t outputs = 0);

  // --- constants ---
  NetworkValue constant(Tensor value, std::string_view name = {});  // shares the tensor's memory
  NetworkValue constant(std::span<const std::int64_t> values, std::string_view name = {});        // i64[n]
  NetworkValue scalar(double value, DataType dtype = DataType::f32, std::string_view name = {});  // rank 0

  // --- layers: x [N, C, spatial…], weights as the operator says ---
  NetworkValue convolution(const NetworkValue& x, const NetworkValue& weights, const NetworkValue& bias = {},
                           const ConvolutionOptions& options = {}, std::string_view name = {});
  NetworkValue deconvolution(const NetworkValue& x, const NetworkValue& weights,
                             const NetworkValue& bias = {}, const DeconvolutionOptions& options = {},
                             std::string_view name = {});
  NetworkValue max_pool(const NetworkValue& x, const std::vector<std::int64_t>& kernel,
                        const PoolingOptions& options = {}, std::string_view name = {});
  NetworkValue average_pool(const NetworkValue& x, const std::vector<std::int64_t>& kernel,
                            const PoolingOptions& options = {}, std::string_view name = {});
  NetworkValue global_average_pool(const NetworkValue& x, std::string_view name = {});
  // numpy's rules; with a bias [N], which is added along the last axis.
  NetworkValue matmul(const NetworkValue& a, const NetworkValue& b, bool transpose_a = false,
                      bool transpose_b = false, std::string_view name = {});
  NetworkValue linear(const NetworkValue& x, const NetworkValue& weights, const NetworkValue& bias = {},
                      bool transpose_weights = false, std::string_view name = {});
  // The function by its operator: "relu", "sigmoid", "gelu", "exp", "leaky_relu"…; alpha and beta are its
  // parameters.
  NetworkValue activation(std::string_view function, const NetworkValue& x, std::string_view name = {});
  NetworkValue activation(std::string_view function, const NetworkValue& x, float alpha, float beta = 0,
                          std::string_view name = {});
  NetworkValue clip(const NetworkValue& x, float low, float high, std::string_view name = {});
  // The function by its operator: "add", "mul", "max", "pow", "less"…; broadcasts.
  NetworkValue elementwise(std::string_view function, const NetworkValue& a, const NetworkValue& b,
                           std::string_view name = {});
  NetworkValue where(const NetworkValue& condition, const NetworkValue& a, const NetworkValue& b,
                     std::string_view name = {});
  NetworkValue softmax(const NetworkValue& x, std::int64_t axis = -1, std::string_view name = {});
  NetworkValue batch_norm(const NetworkValue& x, const NetworkValue& scale, const NetworkValue& bias,
                          const NetworkValue& mean, const NetworkValue& variance, float epsilon = 1e-5F,
                          std::string_view name = {});
  NetworkValue layer_norm(const NetworkValue& x, const NetworkValue& scale = {},
                          const NetworkValue& bias = {}, std::int64_t axis = -1, float epsilon = 1e-5F,
                          std::string_view name = {});
  // "sum", "mean", "max", "min", "prod", "l1", "l2", "log_sum", "log_sum_exp", "sum_square"; no axes: all of
  // them.
  NetworkValue reduce(std::string_view function, const NetworkValue& x,
                      const std::vector<std::int64_t>& axes = {}, bool keep_dims = true,
                      std::string_view name = {});

  // --- movement ---
  NetworkValue concat(const NetworkValues& parts, std::int64_t axis, std::string_view name = {});
  NetworkValues split(const NetworkValue& x, std::int64_t axis, const std::vector<std::int64_t>& sizes,
                      std::string_view name = {});
  // One entry may be -1 (what is left), 0 keeps the dim at its position.
  NetworkValue reshape(const NetworkValue& x, const std::vector<std::int64_t>& dims,
                       std::string_view name = {});
  NetworkValue transpose(const NetworkValue& x, const std::vector<std::int64_t>& perm,
                         std::string_view name = {});
  NetworkValue flatten(const NetworkValue& x, std::int64_t axis = 1, std::string_view name = {});
  NetworkValue squeeze(const NetworkValue& x, const std::vector<std::int64_t>& axes,
                       std::string_view name = {});
  NetworkValue unsqueeze(const NetworkValue& x, const std::vector<std::int64_t>& axes,
                         std::string_view name = {});
  NetworkValue expand(const NetworkValue& x, const std::vector<std::int64_t>& dims,
                      std::string_view name = {});
  // Half-open ranges along axes; negative positions count from the end.
  NetworkValue slice(const NetworkValue& x, const std::vector<std::int64_t>& starts,
                     const std::vector<std::int64_t>& ends, const SliceOptions& options = {},
                     std::string_view name = {});
  // All begins, then all ends; of every axis. Filled with `value`.
  NetworkValue pad(const NetworkValue& x, const std::vector<std::int64_t>& pads, double value = 0,
                   std::string_view name = {});
  NetworkValue gather(const NetworkValue& data, const NetworkValue& indices, std::int64_t axis = 0,
                      std::string_view name = {});
  // The spatial axes to `sizes`; mode "nearest", "linear" or "cubic".
  NetworkValue resize(const NetworkValue& x, const std::vector<std::int64_t>& sizes,
                      std::string_view mode = "nearest", std::string_view name = {});
  NetworkValues top_k(const NetworkValue& x, std::int64_t k, std::int64_t axis = -1,
                      std::string_view name = {});  // values, and their positions as i64
  NetworkValue cast(const NetworkValue& x, DataType dtype, std::string_view name = {});
  NetworkValue quantize(const NetworkValue& x, const NetworkValue& scale, const NetworkValue& zero_point = {},
                        std::int64_t axis = 1, std::string_view name = {});
  NetworkValue dequantize(const NetworkValue& x, const NetworkValue& scale,
                          const NetworkValue& zero_point = {}, std::int64_t axis = 1,
                          std::string_view name = {});

  // --- control flow. Bodies add their layers to this builder and may use values from around them ---
  using Body = std::function<NetworkValues()>;
  NetworkValues if_else(const NetworkValue& condition, const Body& then, const Body& otherwise,
                        std::string_view name = {});

  // What a loop's body gives: whether to go on (absent: yes), the carried values, what is stacked.
  struct Iteration {
    NetworkValue condition{};
    NetworkValues carried{};
    NetworkValues stacked{};
  };
  using LoopBody = std::function<Iteration(const NetworkValue& index, const NetworkValues& carried)>;
  // At most `trips` times (i64, absent: no limit) while the condition holds (bool, absent: at first true).
  // Results: the carried values, then what was stacked along a new axis 0. When a carried value changes its
  // shape, the body is called again with more general types.
  NetworkValues loop(const NetworkValue& trips, const NetworkValue& condition, const NetworkValues& carried,
                     const LoopBody& body, std::string_view name = {});

  struct Step {
    NetworkValues states{};
    NetworkValues stacked{};
  };
  using ScanBody = std::function<Step(const NetworkValues& states, const NetworkValues& slices)>;
  // Once per element along axis 0 of the sequences. Results: the states, then what was stacked along a new
  // axis 0.
  NetworkValues scan(const NetworkValues& states, const NetworkValues& sequences, const ScanBody& body,
                     std::string_view name = {});

 private:
  std::shared_ptr<NetworkValue::State> state_;
};

}  // namespace tenon
