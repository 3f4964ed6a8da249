// LayerContext: one layer as its converter sees it: bottoms, fields, weights, and a builder.
#pragma once

#include "importers/caffe/filler.hpp"
#include "importers/caffe/net.hpp"
#include "importers/caffe/registry.hpp"
#include "ir/graph.hpp"

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

namespace tenon::caffe {

class Importer;

using Values = std::vector<ValueId>;
using Ints = std::vector<std::int64_t>;

class LayerContext {
 public:
  LayerContext(Importer& importer, const LayerDef& def, Values bottoms, std::vector<bool> wanted)
      : importer_(importer), def_(def), bottoms_(std::move(bottoms)), wanted_(std::move(wanted)) {}

  const LayerDef& def() const noexcept { return def_; }
  [[noreturn]] void fail(const std::string& reason) const;

  // --- bottoms and tops ---
  std::size_t bottom_count() const noexcept { return bottoms_.size(); }
  ValueId bottom(std::size_t i = 0) const { return bottoms_[i]; }
  const Values& bottoms() const noexcept { return bottoms_; }
  std::size_t top_count() const noexcept { return def_.tops.size(); }
  bool wants(std::size_t top) const { return wanted_[top]; }  // whether the graph needs this top
  void require(std::size_t bottoms, std::size_t tops) const { require(bottoms, bottoms, tops, tops); }
  void require(std::size_t min_bottoms, std::size_t max_bottoms, std::size_t min_tops,
               std::size_t max_tops) const;

  // --- shapes; the rank of a blob is always known ---
  const Dims& dims(ValueId id) const;
  std::int64_t rank(ValueId id) const { return static_cast<std::int64_t>(dims(id).size()); }
  // axis in [-rank, rank) → [0, rank); fails otherwise.
  std::int64_t axis(std::int64_t axis, std::int64_t rank) const;
  // Fails when the dim is not known.
  std::int64_t fixed(ValueId id, std::int64_t axis) const;
  std::int64_t fixed_product(ValueId id, std::int64_t begin, std::int64_t end) const;

  // --- fields: those of the message `name` in the layer; empty when it is absent ---
  const Message& parameters(std::string_view name) const { return def_.fields->message(name); }
  // One of `names`, as its position; fails for another word.
  std::size_t choice(const Message& fields, std::string_view name,
                     std::initializer_list<std::string_view> names, std::size_t otherwise) const;

  // --- weights ---
  // Blob `index`, drawn by `filler` where the network's weights are random.
  Tensor blob(std::size_t index, const Shape& shape, const Filler& filler) const;
  // Before making constants of so many numbers that come from no file.
  void charge(std::int64_t numbers) const;

  // --- building ---
  Graph& graph() noexcept;
  ValueId add(Op op, Values inputs) { return graph().add(std::move(op), std::move(inputs)); }
  ValueId constant(Tensor tensor) { return graph().add_constant(std::move(tensor)); }
  ValueId scalar(float value);           // f32 of rank 0
  ValueId integers(const Ints& values);  // i64[n]
  ValueId binary(PointwiseFn fn, ValueId a, ValueId b);
  ValueId unary(PointwiseFn fn, ValueId x);
  ValueId scaled(ValueId x, float factor);   // x itself for 1
  ValueId shifted(ValueId x, float offset);  // x itself for 0
  ValueId reshaped(ValueId x, const Ints& shape);
  // The dims from `begin` to `end` as i64[end - begin]: a constant where they are known.
  ValueId shape_of(ValueId x, std::int64_t begin, std::int64_t end);
  // An input of the network of the name of top `i`, with the shape that the caller gives, else with this one;
  // the mean image is subtracted where it belongs.
  ValueId add_input(std::size_t top, const Ints* shape);

 private:
  void require_axes(std::int64_t begin, std::int64_t end, std::int64_t rank) const;

  Importer& importer_;
  const LayerDef& def_;
  Values bottoms_;
  std::vector<bool> wanted_;
};

}  // namespace tenon::caffe
