#include "ops/lookup.hpp"

#include "backends/ref/numeric.hpp"
#include "backends/ref/ref.hpp"
#include "base/check.hpp"

#include <map>

namespace tenon {
namespace ref {
namespace {

// Floats by value, with NaN above all; 64-bit integers exactly.
struct Before {
  template <class T>
  bool operator()(const T& a, const T& b) const {
    if constexpr (std::is_floating_point_v<T>) {
      if (std::isnan(a) || std::isnan(b)) return !std::isnan(a) && std::isnan(b);
    }
    return a < b;
  }
};

template <class Key>
std::map<Key, std::size_t, Before> positions(std::span<const Key> keys) {
  std::map<Key, std::size_t, Before> table;
  for (std::size_t i = 0; i < keys.size(); ++i) table.try_emplace(keys[i], i);
  return table;
}

// The position of each element among the keys; -1 for none.
template <class Key>
std::vector<std::int64_t> found(std::span<const Key> elements, std::span<const Key> keys) {
  const auto table = positions(keys);
  std::vector<std::int64_t> result;
  for (const Key& element : elements) {
    const auto entry = table.find(element);
    result.push_back(entry == table.end() ? -1 : static_cast<std::int64_t>(entry->second));
  }
  return result;
}

std::vector<std::int64_t> find_all(const op::Lookup& self, const Tensor& x) {
  if (!self.keys) return found<std::string>(x.values<std::string>(), self.string_keys);
  if (is_floating_point(x.dtype())) return found<double>(to_doubles(x), to_doubles(*self.keys));
  return found<std::int64_t>(to_integers(x), to_integers(*self.keys));
}

void run_lookup(const Op& op, const Call& call) {
  const auto& self = *op.as<op::Lookup>();
  const std::vector<std::int64_t> places = find_all(self, call.in(0));
  const bool strict = !self.otherwise && !self.string_otherwise;
  for (std::size_t i = 0; i < places.size(); ++i)
    TENON_REQUIRE(places[i] >= 0 || !strict, "lookup: element {} is not in the table", i);
  const auto choose = [&](const auto& values, const auto& otherwise, auto out) {
    for (std::size_t i = 0; i < places.size(); ++i)
      out[i] = places[i] < 0 ? otherwise : values[static_cast<std::size_t>(places[i])];
  };
  Tensor& out = call.out();
  if (!self.values) {
    return choose(self.string_values, self.string_otherwise.value_or(std::string()),
                  out.mutable_values<std::string>());
  }
  dispatch_numeric(out.dtype(), [&](auto tag) {
    using T = typename decltype(tag)::type;
    const T otherwise = self.otherwise ? self.otherwise->values<T>()[0] : T();
    choose(self.values->values<T>(), otherwise, out.mutable_values<T>());
  });
}

}  // namespace
}  // namespace ref

void register_ref_lookup(ref::Registry& registry) { registry.add("lookup", ref::run_lookup); }

}  // namespace tenon
