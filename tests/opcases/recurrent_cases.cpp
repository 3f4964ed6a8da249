#include "opcases/case.hpp"
#include "ops/gru.hpp"
#include "ops/lstm.hpp"
#include "ops/rnn.hpp"

#include <fmt/format.h>

namespace tenon::test {
namespace {

constexpr std::int64_t kInputs = 7, kHidden = 19;
constexpr double kLength = 70 * (kInputs + kHidden);  // products that go into the last state

struct Form {
  const char* name;
  op::Direction direction;
  bool bias, states, peephole;
};

// lengths are always absent; `states` and `peephole` as far as the operator has them.
std::vector<CaseOperand> operands(const Form& form, std::int64_t gates, bool lstm, Dim steps) {
  const std::int64_t directions = form.direction == op::Direction::bidirectional ? 2 : 1;
  const Dim batch = symbol("N");
  std::vector<CaseOperand> list{input({std::move(steps), batch, kInputs}),
                                weight({directions, gates * kHidden, kInputs}, -0.4, 0.4),
                                weight({directions, gates * kHidden, kHidden}, -0.3, 0.3)};
  const auto state = [&] { return input({directions, batch, kHidden}); };
  list.push_back(form.bias ? weight({directions, 2 * gates * kHidden}, -0.5, 0.5) : absent());
  list.push_back(absent());
  list.push_back(form.states ? state() : absent());
  if (lstm) {
    list.push_back(form.states ? state() : absent());
    list.push_back(form.peephole ? weight({directions, 3 * kHidden}, -0.5, 0.5) : absent());
  }
  while (!list.back().present) list.pop_back();
  return list;
}

}  // namespace

void add_recurrent_cases(std::vector<OpCase>& cases) {
  const Form forms[] = {{"forward", op::Direction::forward, true, false, false},
                        {"reverse", op::Direction::reverse, false, true, true},
                        {"both", op::Direction::bidirectional, true, true, true}};
  for (const Form& form : forms) {
    op::Lstm lstm;
    lstm.hidden_size = kHidden;
    lstm.direction = form.direction;
    cases.push_back({fmt::format("lstm_{}", form.name), lstm, operands(form, 4, true, symbol("S")), kLength});
    lstm.input_forget = true;
    lstm.clip = 0.7F;
    lstm.activations = {"hard_sigmoid", "scaled_tanh", "affine"};
    lstm.activation_alpha = {0.3F, 1.2F, 0.9F};
    lstm.activation_beta = {0.4F, 0.8F, 0.1F};
    if (form.direction != op::Direction::bidirectional)
      cases.push_back({fmt::format("lstm_{}_other", form.name), lstm, operands(form, 4, true, 5), kLength});
    for (const bool before : {false, true}) {
      op::Gru gru;
      gru.hidden_size = kHidden;
      gru.direction = form.direction;
      gru.linear_before_reset = before;
      cases.push_back({fmt::format("gru_{}{}", form.name, before ? "_reset_after" : ""), gru,
                       operands(form, 3, false, symbol("S")), kLength});
    }
    op::Rnn rnn;
    rnn.hidden_size = kHidden;
    rnn.direction = form.direction;
    rnn.clip = 2;
    cases.push_back({fmt::format("rnn_{}", form.name), rnn, operands(form, 1, false, symbol("S")), kLength});
  }
}

}  // namespace tenon::test
