// map_values: the values of a map, side by side, as [1, n].
//
//   keys or string_keys  the value of each of these keys in turn, and for keys that the map lacks 0, or
//                        `absent` where values are strings; keys of the map that are not listed are left out
//   neither              all values, by ascending key
//
// Operand: map<i64 or str, T[]>. Result: T[1, n]; n is known where keys are listed.
#pragma once

#include "ir/op.hpp"

#include <string>
#include <vector>

namespace tenon::op {

struct MapValues {
  static constexpr std::string_view kName = "map_values";

  std::vector<std::int64_t> keys{};
  std::vector<std::string> string_keys{};
  std::string absent{};

  static constexpr auto fields() {
    return std::make_tuple(field("keys", &MapValues::keys), field("string_keys", &MapValues::string_keys),
                           field("absent", &MapValues::absent));
  }
  std::vector<Inference> infer(InferContext& context) const;
};

// zip_map(x) → a sequence of maps, one for each row of x [N, C] (of x [C]: one): from the C keys, of which
// one list is given, to the row's numbers. x: f32. Result: seq<map<i64 or str, f32[]>>.
struct ZipMap {
  static constexpr std::string_view kName = "zip_map";

  std::vector<std::int64_t> keys{};
  std::vector<std::string> string_keys{};

  static constexpr auto fields() {
    return std::make_tuple(field("keys", &ZipMap::keys), field("string_keys", &ZipMap::string_keys));
  }
  std::vector<Inference> infer(InferContext& context) const;
};

}  // namespace tenon::op
