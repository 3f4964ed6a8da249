#include "ops/matmul.hpp"

#include "backends/ref/epilogue.hpp"
#include "backends/ref/matrix_product.hpp"
#include "backends/ref/numeric.hpp"
#include "backends/ref/registry.hpp"

namespace tenon {
namespace ref {
namespace {

// Wide<T> sums; unsigned for integers, so that they wrap.
template <class T>
using Sum = std::conditional_t<kIsFloat<T>, double, std::uint64_t>;

template <class T>
Tensor product_of(const op::MatMul& matmul, const Call& call) {
  const auto a = elements<T>(call.in(0));
  const auto b = elements<T>(call.in(1));
  const MatrixProduct product =
      matrix_product(call.in(0).shape(), call.in(1).shape(), matmul.transpose_a, matmul.transpose_b);
  Tensor result(call.in(0).dtype(), call.out().shape());
  std::vector<Sum<T>> sums(static_cast<std::size_t>(result.elements()), 0);
  auto read = [](std::span<const T> source) {
    return
        [source](std::int64_t i) { return static_cast<Sum<T>>(widen(source[static_cast<std::size_t>(i)])); };
  };
  multiply(product, read(a), read(b), sums.data());
  const auto y = mutable_elements<T>(result);
  for (std::size_t i = 0; i < sums.size(); ++i) {
    if constexpr (kIsFloat<T>) sums[i] *= static_cast<double>(matmul.alpha);
    if (call.has(2)) {
      const auto bias = elements<T>(call.in(2));
      sums[i] += static_cast<Sum<T>>(widen(bias[i % bias.size()]));
    }
    y[i] = narrow<T>(static_cast<Wide<T>>(sums[i]));
  }
  return result;
}

void run_matmul(const Op& op, const Call& call) {
  const auto& matmul = *op.as<op::MatMul>();
  Tensor main = dispatch_numeric(
      call.in(0).dtype(), [&](auto tag) { return product_of<typename decltype(tag)::type>(matmul, call); });
  store_with_epilogue(std::move(main), matmul.epilogue, call, op::MatMul::kFirstEpilogueOperand);
}

}  // namespace
}  // namespace ref

void register_ref_matmul(ref::Registry& registry) { registry.add("matmul", ref::run_matmul); }

}  // namespace tenon
