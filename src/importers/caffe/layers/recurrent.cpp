// LSTM and RNN: sequences [time, batch, …] with marks [time, batch] that are 0 where a new sequence begins.
#include "importers/caffe/layer_context.hpp"
#include "ops/concat.hpp"
#include "ops/constant_of_shape.hpp"
#include "ops/matmul.hpp"
#include "ops/reshape.hpp"
#include "ops/scan.hpp"
#include "ops/split.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <functional>

namespace tenon::caffe {
namespace {

// What one step makes of the states (cut where a sequence begins) and the step's input.
using Step = std::function<Values(const Values& states, ValueId input)>;

class Recurrent {
 public:
  Recurrent(LayerContext& layer, std::int64_t states)
      : layer_(layer), states_(static_cast<std::size_t>(states)) {
    const Message& fields = layer.parameters("recurrent_param");
    fields.ignore({"debug_info"});
    size_ = fields.integer("num_output", 0);
    if (size_ < 1) layer.fail(fmt::format("field 'num_output' has the value {}", size_));
    weights_ = read_filler(fields.find_message("weight_filler"), Filler::xavier());
    biases_ = read_filler(fields.find_message("bias_filler"), Filler::constant(0));
    exposed_ = fields.flag("expose_hidden", false);
    const std::size_t hidden = exposed_ ? states_ : 0;
    layer.require(2 + hidden, 3 + hidden, 1 + hidden, 1 + hidden);
    has_static_ = layer.bottom_count() == 3 + hidden;
    if (layer.rank(layer.bottom(0)) < 2 || layer.rank(layer.bottom(1)) != 2)
      layer.fail("needs a sequence [time, batch, ...] and marks [time, batch]");
  }

  std::int64_t size() const noexcept { return size_; }

  ValueId bias(std::int64_t size) { return layer_.constant(layer_.blob(next_++, {size}, biases_)); }

  // x · wᵀ with the next stored matrix, [outputs, inputs].
  ValueId product(ValueId x, std::int64_t inputs, std::int64_t outputs, bool with_bias) {
    Values operands{x, layer_.constant(layer_.blob(next_++, {outputs, inputs}, weights_))};
    if (with_bias) operands.push_back(bias(outputs));
    op::MatMul matmul;
    matmul.transpose_b = true;
    return layer_.add(matmul, operands);
  }

  // The part of a step that does not depend on states, for all steps at once: [time, batch, outputs].
  ValueId inputs(std::int64_t outputs) {
    const ValueId x = layer_.bottom(0);
    const std::int64_t rank = layer_.rank(x);
    const ValueId rows = matrix(x, layer_.fixed_product(x, 2, rank));
    const ValueId all = product(rows, layer_.fixed_product(x, 2, rank), outputs, true);
    const ValueId steps =
        layer_.add(op::Reshape{},
                   {all, layer_.add(op::Concat{0}, {layer_.shape_of(x, 0, 2), layer_.integers({outputs})})});
    if (!has_static_) return steps;
    const ValueId constant = layer_.bottom(2);
    const std::int64_t length = layer_.fixed_product(constant, 1, layer_.rank(constant));
    return layer_.binary(PointwiseFn::add, steps, product(matrix(constant, length), length, outputs, false));
  }

  // The first state of all steps, then the last ones of each state.
  Values run(ValueId inputs, const Step& step) {
    Graph& graph = layer_.graph();
    Values operands = initial_states();
    operands.push_back(inputs);
    operands.push_back(layer_.bottom(1));
    const RegionId region = graph.add_region();
    Values states;
    for (std::size_t i = 0; i < states_; ++i)
      states.push_back(graph.add_parameter(region, fmt::format("state{}", i), graph.type(operands[i])));
    const auto slice = [&](ValueId sequence, const char* name) {
      Dims dims = layer_.dims(sequence);
      dims.erase(dims.begin());
      return graph.add_parameter(region, name, Type::tensor(DataType::f32, std::move(dims)));
    };
    const ValueId input = slice(inputs, "input");
    const ValueId mark = slice(layer_.bottom(1), "cont");
    const RegionId outer = graph.insertion_region();
    graph.set_insertion_region(region);
    const ValueId cont = layer_.reshaped(mark, {-1, 1});
    for (ValueId& state : states) state = layer_.binary(PointwiseFn::mul, state, cont);
    Values results = step(states, input);
    results.push_back(results[0]);
    graph.set_results(region, std::move(results));
    graph.set_insertion_region(outer);
    op::Scan scan;
    scan.num_scan_inputs = 2;
    Values outputs = graph.add_region_node(scan, std::move(operands), {region});
    std::rotate(outputs.begin(), outputs.end() - 1, outputs.end());
    return outputs;
  }

  // Tops: the sequence, and the states where they are exposed, as [1, batch, size].
  Values tops(ValueId sequence, const Values& outputs) {
    Values tops{sequence};
    for (std::size_t i = 0; exposed_ && i < states_; ++i)
      tops.push_back(layer_.reshaped(outputs[i + 1], {1, -1, size_}));
    return tops;
  }

 private:
  ValueId matrix(ValueId x, std::int64_t columns) { return layer_.reshaped(x, {-1, columns}); }

  Values initial_states() {
    Values states;
    for (std::size_t i = 0; i < states_; ++i) {
      if (exposed_) {
        states.push_back(matrix(layer_.bottom(layer_.bottom_count() - states_ + i), size_));
        continue;
      }
      const ValueId batch = layer_.shape_of(layer_.bottom(1), 1, 2);
      const ValueId shape = layer_.add(op::Concat{0}, {batch, layer_.integers({size_})});
      states.push_back(layer_.add(op::ConstantOfShape{}, {shape}));
    }
    return states;
  }

  LayerContext& layer_;
  std::size_t states_;
  std::int64_t size_ = 0;
  Filler weights_, biases_;
  bool exposed_ = false;
  bool has_static_ = false;
  std::size_t next_ = 0;  // stored blob
};

// Gates in order input, forget, output, cell.
Values lstm(LayerContext& layer) {
  Recurrent recurrent(layer, 2);
  const std::int64_t size = recurrent.size();
  const ValueId inputs = recurrent.inputs(4 * size);
  const Values outputs = recurrent.run(inputs, [&](const Values& states, ValueId input) -> Values {
    const ValueId recurrence = recurrent.product(states[0], size, 4 * size, false);
    op::Split split;
    split.axis = 1;
    split.sizes = Ints(4, size);
    const Values gates =
        layer.graph().add_node(std::move(split), {layer.binary(PointwiseFn::add, input, recurrence)}, 4);
    const auto sigmoid = [&](ValueId x) { return layer.unary(PointwiseFn::sigmoid, x); };
    const ValueId kept = layer.binary(PointwiseFn::mul, sigmoid(gates[1]), states[1]);
    const ValueId added =
        layer.binary(PointwiseFn::mul, sigmoid(gates[0]), layer.unary(PointwiseFn::tanh, gates[3]));
    const ValueId cell = layer.binary(PointwiseFn::add, kept, added);
    return {layer.binary(PointwiseFn::mul, sigmoid(gates[2]), layer.unary(PointwiseFn::tanh, cell)), cell};
  });
  return recurrent.tops(outputs[0], outputs);
}

Values rnn(LayerContext& layer) {
  Recurrent recurrent(layer, 1);
  const std::int64_t size = recurrent.size();
  const ValueId inputs = recurrent.inputs(size);
  const Values outputs = recurrent.run(inputs, [&](const Values& states, ValueId input) -> Values {
    const ValueId recurrence = recurrent.product(states[0], size, size, false);
    return {layer.unary(PointwiseFn::tanh, layer.binary(PointwiseFn::add, input, recurrence))};
  });
  const ValueId sequence = layer.unary(PointwiseFn::tanh, recurrent.product(outputs[0], size, size, true));
  return recurrent.tops(sequence, outputs);
}

}  // namespace
}  // namespace tenon::caffe

namespace tenon {

void register_caffe_recurrent(caffe::Registry& registry) {
  registry.add("LSTM", caffe::lstm);
  registry.add("RNN", caffe::rnn);
}

}  // namespace tenon
