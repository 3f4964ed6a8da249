// Networks defined in C++, layer by layer: a small image classifier with random weights, and the power
// method, a loop whose answer is known.
#include <tenon/io.hpp>
#include <tenon/network.hpp>

#include <array>
#include <cstdio>

namespace {

using namespace tenon;

// Pictures of any size, in batches of any size, to ten probabilities.
Network classifier() {
  NetworkBuilder net("classifier");
  const auto weights = [&](Shape shape, std::uint64_t seed) {
    return net.constant(random_tensor(DataType::f32, shape, seed));
  };
  const NetworkValue image = net.input("image", DataType::f32, {"N", 3, "H", "W"});
  const NetworkValue stem = net.convolution(image, weights({16, 3, 3, 3}, 1), weights({16}, 2),
                                            {.stride = {2, 2}, .pad = {1, 1, 1, 1}}, "stem");
  const NetworkValue x = net.activation("relu", stem);
  const NetworkValue branch =
      net.convolution(x, weights({16, 16, 3, 3}, 3), {}, {.pad = {1, 1, 1, 1}}, "branch");
  const NetworkValue block = net.activation("silu", x + branch, "residual");
  const NetworkValue features = net.flatten(net.global_average_pool(block));
  net.output(net.softmax(net.linear(features, weights({16, 10}, 4))), "probabilities");
  return net.network();
}

// The largest eigenvalue of a symmetric matrix: v becomes A v / |A v| thirty times over.
Network power_method() {
  NetworkBuilder net("power_method");
  const NetworkValue a = net.input("a", DataType::f32, {"N", "N"});
  const NetworkValue start = net.reduce("sum", a, {1});  // any vector that is not orthogonal to the answer
  const NetworkValue trips = net.constant(std::array<std::int64_t, 1>{30});
  const NetworkValues results =
      net.loop(trips, {}, {start}, [&](const NetworkValue&, const NetworkValues& carried) {
        const NetworkValue product = net.matmul(a, carried[0]);
        const NetworkValue length = net.add("reduce_l2", {product});  // every operator is there by its name
        return NetworkBuilder::Iteration{.carried = {product / length}, .stacked = {length}};
      });
  net.output(results[0], "vector");
  net.output(results[1], "lengths");
  return net.network();
}

}  // namespace

int main() try {
  BuildOptions options;
  options.shapes["image"] = {{1, 3, 16, 16}, {1, 3, 32, 32}, {4, 3, 64, 64}};
  Context context = build(classifier(), options).create_context();
  for (const Shape& shape : {Shape{1, 3, 32, 32}, Shape{4, 3, 64, 48}}) {
    context.set_input("image", random_tensor(DataType::f32, shape, 5));
    context.run();
    std::printf("%ld pictures of %ld x %ld:", shape[0], shape[2], shape[3]);
    for (const float p : context.output("probabilities").values<float>().first(3))
      std::printf(" %.3f", static_cast<double>(p));
    std::printf(" …\n");
  }

  BuildOptions square;
  square.shapes["a"] = {{1, 1}, {2, 2}, {8, 8}};
  Context power = build(power_method(), square).create_context();
  power.set_input("a", Tensor::of<float>({2, 2}, std::array{2.0F, 1.0F, 1.0F, 3.0F}));
  power.run();
  const Tensor lengths = power.output("lengths");
  std::printf("largest eigenvalue: %.5f\n",
              static_cast<double>(lengths.values<float>().back()));  // (5 + √5) / 2
} catch (const tenon::Error& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 1;
}
