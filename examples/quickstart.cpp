// The snippet of README.md.
#include <tenon/builder.hpp>
#include <tenon/image.hpp>

#include <cstdio>

int main() try {
  using namespace tenon;

  const Engine engine = build(Network::load("models/digits/digits.onnx"));  // Engine::save and ::load keep it

  ImageOptions options;  // grey pixels 0…255 become floats 0…1
  options.color = ImageColor::gray;
  options.scale = 1 / 255.0F;
  const Tensor image = to_tensor(load_image("models/digits/images/0000_7.png"), options);

  Context context = engine.create_context();  // one per thread; the engine is shared
  context.set_input("image", image);
  context.run();

  const Tensor logits = context.output("logits");
  for (int digit = 0; digit < 10; ++digit) {
    std::printf("%d: %6.2f\n", digit, static_cast<double>(logits.values<float>()[digit]));
  }
} catch (const tenon::Error& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 1;
}
