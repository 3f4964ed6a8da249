#include "opcases/case.hpp"
#include "ops/attention.hpp"

namespace tenon::test {

void add_attention_cases(std::vector<OpCase>& cases) {
  const Dim n = symbol("N"), s = symbol("S");
  const double length = 70 + 24;
  op::Attention apart;
  apart.scale = 0.25F;
  cases.push_back({"attention_apart",
                   apart,
                   {input({n, 3, s, 24}), input({n, 3, 19, 24}), input({n, 3, 19, 20})},
                   length});
  cases.push_back({"attention_mask",
                   apart,
                   {input({n, 3, s, 24}), input({n, 3, s, 24}), input({n, 3, s, 24}), input({n, 1, s, s})},
                   length});
  op::Attention shared = apart;
  shared.causal = op::Causal::top_left;
  cases.push_back({"attention_shared_keys",
                   shared,
                   {input({n, 4, s, 24}), input({n, 2, s, 24}), input({n, 2, s, 24})},
                   length});
  op::Attention beside = apart;
  beside.heads = 2;
  cases.push_back({"attention_side_by_side",
                   beside,
                   {input({n, s, 48}), input({n, 33, 48}), input({n, 33, 40}), input({33})},
                   length});
  cases.push_back(
      {"attention_packed", beside, {input({n, s, 144}), absent(), absent(), input({n, 1, 1, s})}, length});
  beside.heads = 4;
  beside.kv_heads = 2;
  beside.causal = op::Causal::bottom_right;
  cases.push_back({"attention_packed_causal", beside, {input({n, s, 8 * 13})}, length});
}

}  // namespace tenon::test
