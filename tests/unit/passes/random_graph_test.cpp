// Random graphs compute the same before and after the default pipeline, in any order of rules.
#include "base/random.hpp"
#include "ir/printer.hpp"
#include "ops/average_pool.hpp"
#include "ops/batch_norm.hpp"
#include "ops/binary.hpp"
#include "ops/concat.hpp"
#include "ops/conv.hpp"
#include "ops/conv_transpose.hpp"
#include "ops/flatten.hpp"
#include "ops/identity.hpp"
#include "ops/matmul.hpp"
#include "ops/max_pool.hpp"
#include "ops/pad.hpp"
#include "ops/reduce.hpp"
#include "ops/slice.hpp"
#include "ops/transpose.hpp"
#include "ops/unary.hpp"
#include "passes/pipelines.hpp"
#include "support/evaluate.hpp"

#include <tenon/error.hpp>

#include <gtest/gtest.h>

namespace tenon::test {
namespace {

// Grows a graph of images [N, C, H, W] (N is symbolic) and, at the end, of matrices.
class RandomGraph {
 public:
  explicit RandomGraph(std::uint64_t seed) : random_(seed) {}

  Graph build() {
    images_.push_back(graph_.add_input("x", Type::parse("f32[N,2,4,4]")));
    images_.push_back(graph_.add_input("z", Type::parse("f32[N,2,4,4]")));
    for (int i = 0; i < 14; ++i) {
      graph_.set_location("node_" + std::to_string(i));
      images_.push_back(random_node(pick()));
    }
    graph_.add_output("last", images_.back());
    graph_.add_output("any", pick());
    graph_.set_location("head");
    const ValueId flat = graph_.add(op::Flatten{}, {pick()});
    const std::int64_t columns = dim(flat, 1);
    ValueId product = graph_.add(op::MatMul{}, {flat, constant({columns, 3})});
    if (random_.one_in(2)) product = graph_.add(op::binary(PointwiseFn::mul), {product, constant({3})});
    product = graph_.add(op::binary(PointwiseFn::add), {product, constant({3})});
    graph_.add_output("head", graph_.add(op::unary(PointwiseFn::tanh), {product}));
    return std::move(graph_);
  }

 private:
  ValueId pick() {
    // The newest ones more often, so that chains grow.
    const auto count = static_cast<std::uint32_t>(images_.size());
    return random_.one_in(3) ? images_[random_.below(count)] : images_.back();
  }

  std::int64_t dim(ValueId id, std::size_t axis) const {
    return (*graph_.type(id).as_tensor().dims)[axis].value();
  }

  ValueId constant(Shape shape) {
    Tensor tensor(DataType::f32, std::move(shape));
    for (float& value : tensor.mutable_values<float>())
      value = static_cast<float>(random_.between(-4, 4)) / 4;
    return graph_.add_constant(std::move(tensor));
  }

  ValueId positive(Shape shape) {
    Tensor tensor(DataType::f32, std::move(shape));
    for (float& value : tensor.mutable_values<float>()) value = static_cast<float>(random_.between(2, 6)) / 4;
    return graph_.add_constant(std::move(tensor));
  }

  ValueId random_node(ValueId x) {
    const std::int64_t channels = dim(x, 1);
    const std::int64_t height = dim(x, 2);
    const std::int64_t width = dim(x, 3);
    switch (random_.below(16)) {
      case 0:
      case 1: {
        const PointwiseFn functions[] = {PointwiseFn::relu,    PointwiseFn::sigmoid, PointwiseFn::tanh,
                                         PointwiseFn::neg,     PointwiseFn::abs,     PointwiseFn::silu,
                                         PointwiseFn::softsign};
        return graph_.add(op::unary(functions[random_.below(7)]), {x});
      }
      case 2:
        return graph_.add(op::binary(PointwiseFn::mul),
                          {x, graph_.add(op::unary(PointwiseFn::sigmoid), {x})});
      case 3: {
        const ValueId other = pick();
        const bool same = graph_.type(other) == graph_.type(x);
        return graph_.add(op::binary(random_.one_in(2) ? PointwiseFn::add : PointwiseFn::sub),
                          {x, same ? other : x});
      }
      case 4: {
        const Shape shapes[] = {{}, {1}, {channels, 1, 1}, {width}, {1, channels, 1, 1}, {1, 1, 1, 1}};
        const PointwiseFn functions[] = {PointwiseFn::add, PointwiseFn::mul, PointwiseFn::sub,
                                         PointwiseFn::max};
        const ValueId c = constant(shapes[random_.below(6)]);
        const PointwiseFn fn = functions[random_.below(4)];
        return random_.one_in(3) ? graph_.add(op::binary(fn), {c, x}) : graph_.add(op::binary(fn), {x, c});
      }
      case 5:
      case 6:
      case 7: {
        op::Conv conv;
        const std::int64_t kernel = random_.one_in(2) && height >= 3 && width >= 3 ? 3 : 1;
        if (random_.one_in(2)) conv.pad = {kernel / 2, kernel / 2, kernel / 2, kernel / 2};
        conv.group = random_.one_in(3) ? channels : 1;
        const std::int64_t out = conv.group * random_.between(1, 2);
        std::vector<ValueId> inputs{x, constant({out, channels / conv.group, kernel, kernel})};
        if (random_.one_in(2)) inputs.push_back(constant({out}));
        return graph_.add(conv, inputs);
      }
      case 8: {
        op::ConvTranspose conv;
        conv.group = random_.one_in(2) ? channels : 1;
        return graph_.add(conv, {x, constant({channels, random_.between(1, 2), 1, 1})});
      }
      case 9:
      case 10:
        return graph_.add(op::BatchNorm{}, {x, constant({channels}), constant({channels}),
                                            constant({channels}), positive({channels})});
      case 11: {
        op::Transpose there{{0, 2, 3, 1}};
        op::Transpose back{{0, 3, 1, 2}};
        const ValueId y = graph_.add(op::unary(PointwiseFn::relu), {graph_.add(there, {x})});
        return graph_.add(back, {y});
      }
      case 12: {
        op::Pad pad;
        pad.pads = std::vector<std::int64_t>{0, 0, random_.between(0, 1), 1, 0, 0, 1, random_.between(0, 1)};
        return graph_.add(pad, {x});
      }
      case 13: {
        op::AveragePool average;
        average.kernel = {random_.one_in(2) ? height : 1, width};
        op::MaxPool max;
        max.kernel = average.kernel;
        return random_.one_in(2) ? graph_.add(average, {x}) : graph_.add(max, {x});
      }
      case 14: {
        op::Reduce mean;
        mean.fn = op::ReduceFn::mean;
        mean.axes = {2, 3};
        const ValueId pooled = graph_.add(mean, {x});
        return graph_.add(op::binary(PointwiseFn::mul), {x, pooled});
      }
      default: {
        op::Slice slice;
        slice.starts = std::vector<std::int64_t>{random_.between(0, 1) % height};
        slice.ends = std::vector<std::int64_t>{height};
        slice.axes = std::vector<std::int64_t>{2};
        const ValueId part = graph_.add(slice, {graph_.add(op::Identity{}, {x})});
        return graph_.add(op::Concat{1}, {part, part});
      }
    }
  }

  Random random_;
  Graph graph_;
  std::vector<ValueId> images_;
};

TEST(RandomGraphs, ComputeTheSameAfterTheDefaultPipeline) {
  const std::uint64_t first = seed_from_environment(1000);
  constexpr int kGraphs = 150;
  std::size_t rewrites = 0;
  for (std::uint64_t seed = first; seed < first + kGraphs; ++seed) {
    const Graph before = RandomGraph(seed).build();
    SCOPED_TRACE("seed " + std::to_string(seed) + "\n" + print(before));
    before.verify();
    Graph after = before;
    PipelineOptions options;
    options.evaluator = reference_evaluator();
    options.rule_order_seed = seed;
    rewrites += run_pipeline(after, default_pipeline(), options).rewrites;
    expect_same_results(before, after, seed);
    if (HasFailure()) FAIL() << print(after);
  }
  EXPECT_GT(rewrites, std::size_t{5} * kGraphs);
}

}  // namespace
}  // namespace tenon::test
