// A user's program: sees only what is installed.
#include <tenon/builder.hpp>
#include <tenon/io.hpp>

#include <cstdio>

int main() {
  try {
    const tenon::Engine engine =
        tenon::build(tenon::Network::from_text("graph @twice(%x: f32[2]) {\n"
                                               "  %y = add(%x, %x) : f32[2]\n"
                                               "  return %y as \"y\"\n"
                                               "}\n"));
    const tenon::Tensor x = tenon::random_tensor(tenon::DataType::f32, {2}, 1);
    tenon::Context context = engine.create_context();
    context.set_input("x", x);
    context.run();
    const tenon::Tensor y = context.output("y");
    return y.values<float>()[1] == 2 * x.values<float>()[1] ? 0 : 1;
  } catch (const tenon::Error& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
