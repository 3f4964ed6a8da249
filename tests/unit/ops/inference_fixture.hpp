// A graph to add operators to, with types written as text.
#pragma once

#include "ir/graph.hpp"

#include <tenon/error.hpp>

#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace tenon {

class InferenceTest : public ::testing::Test {
 protected:
  ValueId input(std::string_view type) {
    return graph_.add_input("x" + std::to_string(graph_.inputs().size()), Type::parse(type));
  }

  // Constants of i64: a list, a scalar.
  ValueId ints(std::vector<std::int64_t> values) {
    const auto count = static_cast<std::int64_t>(values.size());
    return graph_.add_constant(Tensor::of<std::int64_t>({count}, values));
  }
  ValueId scalar(std::int64_t value) {
    return graph_.add_constant(Tensor::of<std::int64_t>({}, std::span<const std::int64_t>(&value, 1)));
  }
  template <class T>
  ValueId constant(Shape shape, std::vector<T> values) {
    return graph_.add_constant(Tensor::of<T>(std::move(shape), std::span<const T>(values)));
  }

  ValueId add(Op op, std::vector<ValueId> inputs) { return graph_.add(std::move(op), std::move(inputs)); }

  std::string type(ValueId value) const { return graph_.value(value).type.to_string(); }

  // The known elements, e.g. "N, 3"; "none" when there are none.
  std::string elements(ValueId value) const {
    const auto& symbolic = graph_.value(value).symbolic;
    if (!symbolic) return "none";
    std::string text;
    for (const Dim& dim : *symbolic) text += (text.empty() ? "" : ", ") + dim.to_string();
    return text;
  }

  // The message of the ModelError that adding the node throws; empty when it throws none.
  std::string error(Op op, std::vector<ValueId> inputs, std::size_t outputs = 0) {
    try {
      graph_.add_node(std::move(op), std::move(inputs), outputs);
    } catch (const ModelError& failure) {
      return failure.message();
    }
    return {};
  }

  Graph graph_;
};

// The canonical spelling of a type, so that tests do not depend on the order of terms.
inline std::string spelled(std::string_view type) { return Type::parse(type).to_string(); }

}  // namespace tenon
