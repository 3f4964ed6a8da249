// Gaussian elimination with partial pivoting, in double.
#include "ops/det.hpp"

#include "backends/ref/numeric.hpp"
#include "backends/ref/ref.hpp"

#include <cmath>
#include <utility>

namespace tenon {
namespace ref {
namespace {

// `a` holds n rows of n elements and is used up.
double determinant(std::span<double> a, std::size_t n) {
  double product = 1;
  for (std::size_t column = 0; column < n; ++column) {
    std::size_t pivot = column;
    for (std::size_t row = column + 1; row < n; ++row) {
      if (std::abs(a[row * n + column]) > std::abs(a[pivot * n + column])) pivot = row;
    }
    const double diagonal = a[pivot * n + column];
    if (diagonal == 0) return 0;
    if (pivot != column) {
      for (std::size_t k = column; k < n; ++k) std::swap(a[pivot * n + k], a[column * n + k]);
      product = -product;
    }
    product *= diagonal;
    for (std::size_t row = column + 1; row < n; ++row) {
      const double factor = a[row * n + column] / diagonal;
      for (std::size_t k = column; k < n; ++k) a[row * n + k] -= factor * a[column * n + k];
    }
  }
  return product;
}

void run_det(const Op&, const Call& call) {
  const Tensor& x = call.in(0);
  TENON_REQUIRE(x.shape().at(x.shape().size() - 2) == x.shape().back(),
                "det: the matrices are {} by {}, expected square ones", x.shape()[x.shape().size() - 2],
                x.shape().back());
  const auto n = static_cast<std::size_t>(x.shape().back());
  std::vector<double> matrices = to_doubles(x);
  std::vector<double> results(static_cast<std::size_t>(call.out().elements()));
  for (std::size_t i = 0; i < results.size(); ++i) {
    results[i] = determinant(std::span(matrices).subspan(i * n * n, n * n), n);
  }
  store_doubles(results, call.out());
}

}  // namespace
}  // namespace ref

void register_ref_det(ref::Registry& registry) { registry.add("det", ref::run_det); }

}  // namespace tenon
