// The loops of overhead.py in C++: microseconds of a run, and of a run with inputs and outputs bound anew, on
// the engine named by the argument; zeros as inputs.
#include <tenon/engine.hpp>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <vector>

namespace {

constexpr int kRounds = 31;
constexpr int kCalls = 2000;

template <class Call>
double microseconds(Call call) {
  using Clock = std::chrono::steady_clock;
  std::vector<double> times;
  for (int round = 0; round < kRounds; ++round) {
    const auto start = Clock::now();
    for (int i = 0; i < kCalls; ++i) call();
    times.push_back(std::chrono::duration<double, std::micro>(Clock::now() - start).count() / kCalls);
  }
  std::nth_element(times.begin(), times.begin() + kRounds / 2, times.end());
  return times[kRounds / 2];
}

void measure(const char* path) {
  const tenon::Engine engine = tenon::Engine::load(path);
  tenon::Context context = engine.create_context();
  const tenon::TensorInfo& in = engine.inputs()[0];
  const tenon::TensorInfo& out = engine.outputs()[0];
  const tenon::Tensor x(in.dtype, in.opt);
  context.set_input(0, x);
  const double run = microseconds([&] { context.run(); });
  const double infer = microseconds([&] {
    context.set_input(0, x);
    context.set_output(0, tenon::Tensor(out.dtype, out.opt));
    context.run();
  });
  tenon::Stream stream;
  const double queued = microseconds([&] {
    context.enqueue(stream).throw_if_error();
    stream.synchronize().throw_if_error();
  });
  std::printf("%g %g %g\n", run, infer, queued);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fputs("usage: tenon_call_bench ENGINE\n", stderr);
    return 2;
  }
  try {
    measure(argv[1]);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
