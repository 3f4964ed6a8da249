#include "ir/graph.hpp"

#include <algorithm>

namespace tenon {
namespace {

// Walks two graphs in step and pairs their values.
class Comparison {
 public:
  Comparison(const Graph& a, const Graph& b) : a_(a), b_(b), pairs_(a.value_limit()) {}

  bool same_region(RegionId x, RegionId y) {
    const Region& left = a_.region(x);
    const Region& right = b_.region(y);
    if (left.result_names != right.result_names || !define_all(left.parameters, right.parameters))
      return false;
    NodeId i = left.first;
    NodeId j = right.first;
    for (; i.valid() && j.valid(); i = a_.node(i).next, j = b_.node(j).next) {
      if (!same_node(a_.node(i), b_.node(j))) return false;
    }
    return !i.valid() && !j.valid() && same_values(left.results, right.results);
  }

  bool same_taps() const {
    return std::equal(
        a_.taps().begin(), a_.taps().end(), b_.taps().begin(), b_.taps().end(),
        [this](const Tap& x, const Tap& y) { return x.name == y.name && pairs_[x.value.value] == y.value; });
  }

 private:
  bool same_node(const Node& x, const Node& y) {
    if (!(x.op == y.op) || x.location != y.location || !same_values(x.inputs, y.inputs)) return false;
    if (x.regions.size() != y.regions.size()) return false;
    for (std::size_t i = 0; i < x.regions.size(); ++i) {
      if (!same_region(x.regions[i], y.regions[i])) return false;
    }
    return define_all(x.outputs, y.outputs);
  }

  bool define_all(const std::vector<ValueId>& x, const std::vector<ValueId>& y) {
    if (x.size() != y.size()) return false;
    for (std::size_t i = 0; i < x.size(); ++i) {
      const Value& left = a_.value(x[i]);
      const Value& right = b_.value(y[i]);
      if (left.name != right.name || left.symbolic != right.symbolic) return false;
      const Type renamed = rename_values(left.type, [this](ValueId id) { return pairs_[id.value]; });
      if (!(renamed == right.type)) return false;
      pairs_[x[i].value] = y[i];
    }
    return true;
  }

  bool same_values(const std::vector<ValueId>& x, const std::vector<ValueId>& y) const {
    return std::equal(x.begin(), x.end(), y.begin(), y.end(), [this](ValueId s, ValueId t) {
      return s.valid() == t.valid() && (!s.valid() || pairs_[s.value] == t);
    });
  }

  const Graph& a_;
  const Graph& b_;
  std::vector<ValueId> pairs_;  // of b, by the id in a
};

}  // namespace

bool operator==(const Graph& a, const Graph& b) {
  if (a.name_ != b.name_ || a.symbols_ != b.symbols_) return false;
  Comparison comparison(a, b);
  return comparison.same_region(a.body(), b.body()) && comparison.same_taps();
}

}  // namespace tenon
