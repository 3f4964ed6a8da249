// Op: the immutable attributes of one operator, type-erased; and the registry of all operators by name.
//
// An operator is a struct T with
//     static constexpr std::string_view kName;       or, in a family, std::string_view name() const
//     static constexpr auto fields();                see ir/attribute.hpp
//     std::vector<Inference> infer(InferContext&) const;
// which gives the output types and throws ModelError through context.fail(), and optionally
//     static constexpr OpTraits kTraits{…};
//     T prototype() const;                           in a family: the same operator with default fields
//     std::vector<ValueId> decompose(NodeBuilder&, std::span<const ValueId> inputs) const;
//
// decompose() builds the operator from simpler ones and returns their results, one for each of its own, or
// nothing where this instance is simple already.
#pragma once

#include "ir/attribute.hpp"
#include "ir/type.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace tenon {

class Graph;
class NodeBuilder;
class Op;

struct OpTraits {
  bool deterministic = true;  // false: never folded, merged by CSE, or run twice (random numbers)
  bool has_regions = false;   // If, Loop, Scan and their kind
  bool commutative = false;   // operands 0 and 1 may be swapped
};

// What inference says of one output. `value` is filled for integer tensors of rank 0 and 1 whose elements are
// known as expressions (shape arithmetic); it lets Reshape, Slice, Expand… of computed shapes be inferred
// symbolically.
struct Inference {
  Type type;
  std::optional<Dims> value;

  Inference(Type t) : type(std::move(t)) {}        // NOLINT(google-explicit-constructor)
  Inference(TensorType t) : type(std::move(t)) {}  // NOLINT(google-explicit-constructor)
  Inference(Type t, std::optional<Dims> v) : type(std::move(t)), value(std::move(v)) {}
};

// The operands of one node, as inference sees them. Indices are operand positions.
class InferContext {
 public:
  virtual ~InferContext() = default;

  virtual std::size_t input_count() const noexcept = 0;
  virtual bool has(std::size_t i) const noexcept = 0;  // within count and not an empty optional input
  virtual const Type& type(std::size_t i) const = 0;   // ModelError when absent
  virtual const Tensor* constant(
      std::size_t i) const noexcept = 0;  // value when the operand is a constant, else null
  virtual const Dims* symbolic_value(std::size_t i) const noexcept = 0;  // see Inference::value, else null
  virtual ValueId id([[maybe_unused]] std::size_t i) const noexcept {
    return {};
  }  // for types that name scales; invalid outside of graphs
  virtual std::size_t output_count()
      const noexcept = 0;  // outputs that the node is asked to have (variadic operators)
  virtual std::size_t region_count() const noexcept = 0;
  virtual std::vector<Type> region_results(std::size_t region) const = 0;

  // Conveniences.
  const TensorType& tensor(std::size_t i) const { return type(i).as_tensor(); }
  DataType dtype(std::size_t i) const { return tensor(i).dtype; }
  bool has_rank(std::size_t i) const { return tensor(i).dims.has_value(); }
  const Dims& dims(std::size_t i) const;  // ModelError when the rank is unknown
  std::optional<std::vector<std::int64_t>> constant_ints(
      std::size_t i) const;  // i32/i64 constant or fully known symbolic value
  void require_inputs(std::size_t min, std::size_t max) const;
  void require_same_dtype(std::size_t i, std::size_t j) const;
  void require_dtype(std::size_t i, std::initializer_list<DataType> allowed) const;
  // Throws ModelError "<op>: message".
  [[noreturn]] virtual void fail(const std::string& message) const = 0;
};

namespace detail {

class OpConcept {
 public:
  virtual ~OpConcept() = default;
  virtual std::string_view name() const noexcept = 0;
  virtual const OpTraits& traits() const noexcept = 0;
  virtual const void* type_tag() const noexcept = 0;
  virtual const void* object() const noexcept = 0;
  virtual AttributeList attributes() const = 0;
  virtual AttributeList default_attributes() const = 0;
  virtual std::vector<FieldInfo> fields() const = 0;
  virtual std::shared_ptr<const OpConcept> with_attributes(const AttributeList& list) const = 0;
  virtual std::vector<Inference> infer(InferContext& context) const = 0;
  virtual bool can_decompose() const noexcept = 0;
  virtual std::vector<ValueId> decompose(NodeBuilder& builder, std::span<const ValueId> inputs) const = 0;
};

template <class T>
concept NamesItself = requires(const T& op) {
  { op.name() } -> std::convertible_to<std::string_view>;
};
template <class T>
concept HasTraits = requires {
  T::kTraits;
};
template <class T>
concept HasPrototype = requires(const T& op) {
  { op.prototype() } -> std::same_as<T>;
};
template <class T>
concept Decomposes = requires(const T& op, NodeBuilder& b, std::span<const ValueId> in) {
  { op.decompose(b, in) } -> std::same_as<std::vector<ValueId>>;
};

inline constexpr OpTraits kDefaultTraits{};
template <class T>
inline constexpr char kTypeTag = 0;

template <class T>
class OpModel final : public OpConcept {
 public:
  explicit OpModel(T op) : op_(std::move(op)) {}
  std::string_view name() const noexcept override {
    if constexpr (NamesItself<T>) {
      return op_.name();
    } else {
      return T::kName;
    }
  }
  const OpTraits& traits() const noexcept override {
    if constexpr (HasTraits<T>) {
      return T::kTraits;
    } else {
      return kDefaultTraits;
    }
  }
  const void* type_tag() const noexcept override { return &kTypeTag<T>; }
  const void* object() const noexcept override { return &op_; }
  AttributeList attributes() const override { return to_attributes(op_); }
  AttributeList default_attributes() const override {
    if constexpr (HasPrototype<T>) {
      return to_attributes(op_.prototype());
    } else if constexpr (NamesItself<T>) {
      return {};
    } else {
      return to_attributes(T{});
    }
  }
  std::vector<FieldInfo> fields() const override { return field_infos<T>(); }
  std::shared_ptr<const OpConcept> with_attributes(const AttributeList& list) const override {
    T copy = op_;
    set_attributes(copy, list, name());
    return std::make_shared<OpModel>(std::move(copy));
  }
  std::vector<Inference> infer(InferContext& context) const override { return op_.infer(context); }
  bool can_decompose() const noexcept override { return Decomposes<T>; }
  std::vector<ValueId> decompose([[maybe_unused]] NodeBuilder& builder,
                                 [[maybe_unused]] std::span<const ValueId> inputs) const override {
    if constexpr (Decomposes<T>) {
      return op_.decompose(builder, inputs);
    } else {
      return {};
    }
  }

 private:
  T op_;
};

}  // namespace detail

// A cheap, shareable, immutable value. Never empty.
class Op {
 public:
  template <class T>
  requires(!std::same_as<std::decay_t<T>, Op>) Op(T op)
      : self_(std::make_shared<detail::OpModel<T>>(std::move(op))) {}  // NOLINT(google-explicit-constructor)

  std::string_view name() const noexcept { return self_->name(); }
  const OpTraits& traits() const noexcept { return self_->traits(); }
  AttributeList attributes() const { return self_->attributes(); }
  // Those of the operator of this name as it is registered; empty for a family without prototype(). The
  // textual IR leaves out what is equal to them.
  AttributeList default_attributes() const { return self_->default_attributes(); }
  std::vector<FieldInfo> fields() const { return self_->fields(); }
  // A copy with the named fields changed. ModelError for an unknown field or a wrong kind.
  Op with_attributes(const AttributeList& list) const { return Op(self_->with_attributes(list)); }
  std::vector<Inference> infer(InferContext& context) const { return self_->infer(context); }
  bool can_decompose() const noexcept { return self_->can_decompose(); }
  std::vector<ValueId> decompose(NodeBuilder& builder, std::span<const ValueId> inputs) const {
    return self_->decompose(builder, inputs);
  }

  // The operator's struct when it is a T, else null.
  template <class T>
  const T* as() const noexcept {
    return self_->type_tag() == &detail::kTypeTag<T> ? static_cast<const T*>(self_->object()) : nullptr;
  }
  template <class T>
  bool is() const noexcept {
    return as<T>() != nullptr;
  }

  // Same operator and the same attributes.
  friend bool operator==(const Op& a, const Op& b) noexcept;
  std::uint64_t hash() const noexcept;

 private:
  explicit Op(std::shared_ptr<const detail::OpConcept> self) : self_(std::move(self)) {}
  std::shared_ptr<const detail::OpConcept> self_;
};

// Every operator by name: a prototype with default attributes. builtin_ops() of ops/ holds the built-in
// operators and those of the plugins that were loaded.
class OpRegistry {
 public:
  template <class T>
  void add(T prototype = {}) {
    add(Op(std::move(prototype)));
  }
  void add(Op prototype);  // InternalError when the name is taken
  const Op* find(std::string_view name) const noexcept;
  std::vector<std::string> names() const;  // sorted
  // The operator of that name with these attributes; ModelError ("did you mean …") when unknown.
  Op make(std::string_view name, const AttributeList& attributes) const;

 private:
  std::map<std::string, Op, std::less<>> ops_;
};

}  // namespace tenon
