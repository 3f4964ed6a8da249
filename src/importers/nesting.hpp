// Guards that importers put around what nests.
#pragma once

#include "ir/graph.hpp"

#include <tenon/error.hpp>

#include <fmt/format.h>

#include <string>
#include <string_view>
#include <utility>

namespace tenon {

// One level deeper while it lives; ModelError when that is too deep. `what` finishes "… are nested".
class Counted {
 public:
  Counted(int& depth, int limit, std::string_view what) : depth_(depth) {
    if (depth_ >= limit) throw ModelError(fmt::format("{} are nested more than {} deep", what, limit));
    ++depth_;
  }
  ~Counted() { --depth_; }
  Counted(const Counted&) = delete;
  Counted& operator=(const Counted&) = delete;

 private:
  int& depth_;
};

// Puts back what nodes are put into, and where they say that they come from.
class InsertionGuard {
 public:
  explicit InsertionGuard(Graph& graph)
      : graph_(graph), region_(graph.insertion_region()), location_(graph.location()) {}
  ~InsertionGuard() {
    graph_.set_insertion_region(region_);
    graph_.set_location(std::move(location_));
  }
  InsertionGuard(const InsertionGuard&) = delete;
  InsertionGuard& operator=(const InsertionGuard&) = delete;

 private:
  Graph& graph_;
  RegionId region_;
  std::string location_;
};

}  // namespace tenon
