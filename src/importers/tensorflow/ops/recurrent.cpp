// Recurrent blocks: cells become arithmetic, whole sequences a scan over the cell.
#include "importers/tensorflow/converters.hpp"
#include "importers/tensorflow/importer.hpp"
#include "ops/range.hpp"
#include "ops/scan.hpp"
#include "ops/split.hpp"
#include "ops/where.hpp"

namespace tenon::tensorflow {
namespace {

using Fn = PointwiseFn;

Values parts(NodeContext& node, ValueId x, std::int64_t count) {
  op::Split op;
  op.axis = -1;
  op.num_outputs = count;
  return node.add_node(std::move(op), {x}, as_index(count));
}

struct LstmCell {
  ValueId w;  // [inputs + units, 4 · units]
  ValueId peephole_input, peephole_forget, peephole_output;
  ValueId bias;
  double forget_bias = 1;
  float clip = 0;  // not above 0: none
  bool peephole = false;
  bool forget_second =
      false;  // gates in the order input, forget, cell, output; else input, cell, forget, output
};

LstmCell read_cell(NodeContext& node, std::size_t w, bool second_version, float default_clip) {
  LstmCell cell;
  cell.w = node.input(w);
  cell.peephole_input = node.input(w + 1);
  cell.peephole_forget = node.input(w + 2);
  cell.peephole_output = node.input(w + 3);
  cell.bias = node.input(w + 4);
  cell.forget_bias = second_version ? 0 : static_cast<double>(node.attr_float("forget_bias", 1));
  cell.clip = node.attr_float("cell_clip", default_clip);
  cell.peephole = node.attr_bool("use_peephole", false);
  cell.forget_second = second_version;
  return cell;
}

// i, cs, f, o, ci, co, h.
Values lstm_step(NodeContext& node, const LstmCell& cell, ValueId x, ValueId state, ValueId hidden) {
  const ValueId products = matmul(node, concat(node, {x, hidden}, 1), cell.w);
  const Values gates = parts(node, binary(node, Fn::add, products, cell.bias), 4);
  ValueId input = gates[0];
  ValueId forget = gates[cell.forget_second ? 1 : 2];
  ValueId output = gates[3];
  const auto peep = [&](ValueId gate, ValueId from, ValueId weights) {
    return cell.peephole ? binary(node, Fn::add, gate, binary(node, Fn::mul, from, weights)) : gate;
  };
  if (cell.forget_bias != 0)
    forget = binary(node, Fn::add, forget, scalar_like(node, forget, cell.forget_bias));
  input = unary(node, Fn::sigmoid, peep(input, state, cell.peephole_input));
  forget = unary(node, Fn::sigmoid, peep(forget, state, cell.peephole_forget));
  const ValueId candidate = unary(node, Fn::tanh, gates[cell.forget_second ? 2 : 1]);
  ValueId next =
      binary(node, Fn::add, binary(node, Fn::mul, candidate, input), binary(node, Fn::mul, state, forget));
  if (cell.clip > 0) next = unary(node, Fn::clip, next, -cell.clip, cell.clip);
  output = unary(node, Fn::sigmoid, peep(output, next, cell.peephole_output));
  const ValueId shown = unary(node, Fn::tanh, next);
  return {input, next, forget, output, candidate, shown, binary(node, Fn::mul, shown, output)};
}

Values lstm_block_cell(NodeContext& node) {
  node.require_inputs(8);
  const LstmCell cell = read_cell(node, 3, false, 3);
  return lstm_step(node, cell, node.input(0), node.input(1), node.input(2));
}

// Operands: the number of steps, x [time, batch, inputs], state, hidden, then the cell's. Steps behind the
// number give zeros.
Values block_lstm(NodeContext& node, bool second_version) {
  node.require_inputs(9);
  const LstmCell cell = read_cell(node, 4, second_version, second_version ? 0.0F : 3.0F);
  const ValueId x = node.input(1);
  if (node.rank_of(x) != 3) node.fail("the sequence must have rank 3");
  const auto slice_type = [&](ValueId id, bool drop_first) {
    Type type = node.type_of(id);
    auto& dims = type.as_tensor().dims;
    if (drop_first && dims) dims->erase(dims->begin());
    return type;
  };
  Graph& graph = node.graph();
  RegionId region;
  Values results;
  region = node.importer().build_region([&] {
    const RegionId inside = graph.insertion_region();
    const ValueId state = graph.add_parameter(inside, "state", slice_type(node.input(2), false));
    const ValueId hidden = graph.add_parameter(inside, "hidden", slice_type(node.input(3), false));
    const ValueId step = graph.add_parameter(inside, "x", slice_type(x, true));
    const Values outputs = lstm_step(node, cell, step, state, hidden);
    Values all = {outputs[1], outputs[6]};
    all.insert(all.end(), outputs.begin(), outputs.end());
    return all;
  });
  constexpr std::size_t kStates = 2;
  constexpr std::size_t kOutputs = 7;
  op::Scan scan;
  scan.num_scan_inputs = 1;
  results =
      graph.add_region_node(std::move(scan), {node.input(2), node.input(3), x}, {region}, kStates + kOutputs);
  Values outputs(results.begin() + kStates, results.end());

  const auto& time = (*node.dims_of(x))[0];
  const auto steps = node.known_dims(0);
  if (steps && steps->size() == 1 && provably_equal(steps->front(), time)) return outputs;
  const ValueId count = cast(node, node.input(0), DataType::i64);
  const ValueId total = squeeze(node, dim_of(node, x, 0), {0});
  const ValueId positions = node.add(op::Range{}, {node.int_scalar(0), total, node.int_scalar(1)});
  const ValueId runs = reshape(node, binary(node, Fn::less, positions, count), {-1, 1, 1});
  for (ValueId& output : outputs)
    output = node.add(op::Where{}, {runs, output, scalar_like(node, output, 0)});
  return outputs;
}

Values block_lstm_v1(NodeContext& node) { return block_lstm(node, false); }
Values block_lstm_v2(NodeContext& node) { return block_lstm(node, true); }

Values gru_block_cell(NodeContext& node) {
  node.require_inputs(6);
  const ValueId x = node.input(0);
  const ValueId hidden = node.input(1);
  const ValueId both =
      binary(node, Fn::add, matmul(node, concat(node, {x, hidden}, 1), node.input(2)), node.input(4));
  const Values gates = parts(node, unary(node, Fn::sigmoid, both), 2);
  const ValueId reset = binary(node, Fn::mul, hidden, gates[0]);
  const ValueId candidate =
      unary(node, Fn::tanh,
            binary(node, Fn::add, matmul(node, concat(node, {x, reset}, 1), node.input(3)), node.input(5)));
  const ValueId keep = binary(node, Fn::mul, gates[1], hidden);
  const ValueId fresh = binary(node, Fn::sub, candidate, binary(node, Fn::mul, gates[1], candidate));
  return {gates[0], gates[1], candidate, binary(node, Fn::add, keep, fresh)};
}

}  // namespace
}  // namespace tenon::tensorflow

namespace tenon {

void register_tensorflow_recurrent(tensorflow::Registry& registry) {
  using namespace tensorflow;  // NOLINT: the tables read better without prefixes
  registry.add("BlockLSTM", block_lstm_v1, {"i", "cs", "f", "o", "ci", "co", "h"});
  registry.add("BlockLSTMV2", block_lstm_v2, {"i", "cs", "f", "o", "ci", "co", "h"});
  registry.add("GRUBlockCell", gru_block_cell, {"r", "u", "c", "h"});
  registry.add("LSTMBlockCell", lstm_block_cell, {"i", "cs", "f", "o", "ci", "co", "h"});
}

}  // namespace tenon
