// What the handles of one network definition share.
#pragma once

#include "ir/graph.hpp"

#include <tenon/network.hpp>

#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tenon {

// The attributes that `fields` mean for an operator with these fields: types and pointwise programs are read
// from their text. Unknown names are left to the operator.
AttributeList to_attributes(const Fields& fields, std::span<const FieldInfo> infos);

// ModelError for a type that names values of a graph, or has a negative dim.
Type parse_free_type(std::string_view text);

struct NetworkValue::State : std::enable_shared_from_this<NetworkValue::State> {
  Graph graph;
  std::vector<RegionId> open{graph.body()};  // the body and the regions that are being filled, innermost last
  std::map<std::string, std::size_t, std::less<>> unnamed;  // layers so far that were not named, by operator

  explicit State(Graph g) : graph(std::move(g)) {}

  // The value behind a handle; ModelError when the handle is absent, of another definition, or of a region
  // that is closed. `what` begins the message.
  ValueId use(const NetworkValue& value, std::string_view what) const;
  std::vector<ValueId> use_all(const NetworkValues& values, std::string_view what, bool absent_allowed) const;
  NetworkValue handle(ValueId id) { return {shared_from_this(), id.value}; }
  NetworkValues handles(std::span<const ValueId> ids);
  static ValueId id_of(const NetworkValue& value) { return ValueId{value.id_}; }

  // Adds a layer; `regions` are filled already.
  NetworkValues add(std::string_view op, const NetworkValues& operands, const Fields& fields,
                    std::string_view name, std::size_t outputs, std::vector<RegionId> regions);
  std::string layer_name(std::string_view op, std::string_view name);
  using FillRegion = std::function<NetworkValues(const NetworkValues& parameters)>;
  RegionId fill_region(const std::vector<Type>& parameters, const FillRegion& fill);
  RegionId fill_carrying(std::vector<Type> parameters, std::size_t first, std::size_t count,
                         std::size_t result, const FillRegion& fill);
  // Takes back what was put into a region that will not be used.
  void discard(RegionId region);
};

}  // namespace tenon
