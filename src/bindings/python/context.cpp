// tenon.Context and tenon.Stream.
//
// Python may drop arrays and share contexts between threads as it likes, so what the C++ contract forbids is
// an error here: a context that runs, or waits in a stream, is not touched.
#include "bindings/python/arrays.hpp"
#include "bindings/python/bindings.hpp"

#include <tenon/engine.hpp>

#include <nanobind/stl/string.h>
#include <nanobind/stl/string_view.h>
#include <nanobind/stl/vector.h>

#include <algorithm>

namespace tenon::python {
namespace {

using namespace nb::literals;

class BoundContext {
 public:
  explicit BoundContext(const Engine& engine, std::size_t profile = 0)
      : context_(engine.create_context(profile)),
        shapes_(engine.inputs().size()),
        outputs_(engine.outputs().size()) {}

  const Engine& engine() const noexcept { return context_.engine(); }

  void set_profile(std::size_t profile) {
    const Use use(*this);
    release_results();
    context_.set_profile(profile);
  }
  std::size_t profile() const noexcept { return context_.profile(); }

  void set_shape(std::string_view name, const Shape& shape) {
    const Use use(*this);
    release_results();
    context_.set_shape(name, shape);
    shapes_[input_index(nb::str(name.data(), name.size()))] = shape;
  }
  void set_input(nb::handle key, nb::handle value) {
    const Use use(*this);
    input(input_index(key), value);
  }
  void set_output(nb::handle key, nb::object array) {
    const Use use(*this);
    output(output_index(key), std::move(array));
  }
  void bind(const nb::dict& inputs, const nb::dict& outputs) {
    const Use use(*this);
    set_all(inputs, outputs);
    release_results();
    prepare_unlocked();
  }
  void prepare() {
    const Use use(*this);
    release_results();
    prepare_unlocked();
  }
  void run() {
    const Use use(*this);
    release_results();
    const nb::gil_scoped_release unlocked;
    context_.run();
  }
  nb::dict infer(const nb::dict& inputs, const nb::dict& outputs) {
    const Use use(*this);
    set_all(inputs, outputs);
    run_for_results();
    nb::dict results;
    for (std::size_t i = 0; i < outputs_.size(); ++i)
      results[nb::str(engine().outputs()[i].name.c_str())] = result(i);
    return results;
  }
  nb::object call(const nb::args& inputs) {
    const Use use(*this);
    if (inputs.size() != engine().inputs().size()) {
      throw ModelError("expected " + std::to_string(engine().inputs().size()) + " inputs, found " +
                       std::to_string(inputs.size()));
    }
    for (std::size_t i = 0; i < inputs.size(); ++i) input(i, inputs[i]);
    run_for_results();
    if (outputs_.size() == 1) return result(0);
    nb::list results;
    for (std::size_t i = 0; i < outputs_.size(); ++i) results.append(result(i));
    return nb::tuple(results);
  }
  nb::object output_of(nb::handle key) {
    const Use use(*this);
    return result(output_index(key));
  }

  void set_profiling(bool on) {
    const Use use(*this);
    profiling_ = on;
    context_.set_profiling(on);
  }
  bool profiling() const noexcept { return profiling_; }
  std::vector<Context::StepTime> step_times() {
    const Use use(*this);
    const auto times = context_.step_times();
    return {times.begin(), times.end()};
  }

  // From here until left() it is not touched.
  void enqueue(Stream& stream) {
    if (running_) fail_running();
    if (waiting_ == 0) release_results();
    Status status;
    {
      const nb::gil_scoped_release unlocked;  // the queue may be full
      status = context_.enqueue(stream);
    }
    status.throw_if_error();
    ++waiting_;
  }
  bool waits_in(const void* stream) const noexcept { return waiting_ != 0 && stream == stream_; }
  bool waits() const noexcept { return waiting_ != 0; }
  void enter(const void* stream) noexcept { stream_ = stream; }
  void leave() noexcept { waiting_ = 0; }

 private:
  // One thing at a time.
  class Use {
   public:
    explicit Use(BoundContext& context) : context_(context) {
      if (context.running_) fail_running();
      if (context.waiting_ != 0) {
        throw ModelError(
            "the context waits in a stream: synchronize the stream before changing or reading it");
      }
      context.running_ = true;
    }
    ~Use() { context_.running_ = false; }
    Use(const Use&) = delete;
    Use& operator=(const Use&) = delete;

   private:
    BoundContext& context_;
  };

  [[noreturn]] static void fail_running() {
    throw ModelError("the context is running in another thread: each thread needs a context of its own");
  }

  static std::size_t index_of(nb::handle key, const std::vector<TensorInfo>& infos, std::string_view what) {
    if (nb::isinstance<nb::int_>(key)) {
      const auto index = nb::cast<std::int64_t>(key);
      if (index >= 0 && index < static_cast<std::int64_t>(infos.size()))
        return static_cast<std::size_t>(index);
      throw ModelError("the network has " + std::to_string(infos.size()) + " " + std::string(what) +
                       "s, none at " + std::to_string(index));
    }
    const auto name = nb::cast<std::string_view>(key);
    const auto found =
        std::find_if(infos.begin(), infos.end(), [&](const TensorInfo& info) { return info.name == name; });
    if (found != infos.end()) return static_cast<std::size_t>(found - infos.begin());
    std::string names;
    for (const TensorInfo& info : infos) names += (names.empty() ? "'" : ", '") + info.name + "'";
    throw ModelError("the network has no " + std::string(what) + " '" + std::string(name) + "'; it has " +
                     (names.empty() ? "none" : names));
  }
  std::size_t input_index(nb::handle key) const { return index_of(key, engine().inputs(), "input"); }
  std::size_t output_index(nb::handle key) const { return index_of(key, engine().outputs(), "output"); }

  void input(std::size_t index, nb::handle value) {
    const TensorInfo& info = engine().inputs()[index];
    if (!info.is_tensor) return context_.set_value(index, to_data(value, info.type));
    Tensor tensor = to_tensor(value, info.dtype);
    if (shapes_[index] != tensor.shape()) {
      release_results();  // they may get other shapes
      shapes_[index] = tensor.shape();
    }
    context_.set_input(index, std::move(tensor));
  }
  void output(std::size_t index, nb::object array) {
    context_.set_output(index, array.is_none() ? Tensor() : to_output(array));
    outputs_[index] = {array.is_none() ? nb::object() : std::move(array), false};
  }
  void set_all(const nb::dict& inputs, const nb::dict& outputs) {
    for (const auto& [key, value] : inputs) input(input_index(key), value);
    for (const auto& [key, array] : outputs) output(output_index(key), nb::borrow(array));
  }

  void prepare_unlocked() {
    const nb::gil_scoped_release unlocked;
    context_.prepare();
  }

  // Outputs without memory of the caller's get new arrays, which are the caller's from then on.
  void run_for_results() {
    prepare_unlocked();
    for (std::size_t i = 0; i < outputs_.size(); ++i) {
      const TensorInfo& info = engine().profiles()[profile()].outputs[i];
      if (!info.bindable || !same_in_numpy(info.dtype) ||
          (outputs_[i].array.is_valid() && !outputs_[i].given_out)) {
        continue;
      }
      NewArray made = new_array(info.dtype, context_.output(i).shape());
      context_.set_output(i, std::move(made.tensor));
      outputs_[i] = {std::move(made.array), true};
    }
    const nb::gil_scoped_release unlocked;
    context_.run();
  }

  // Later runs must not write to arrays that were given out.
  void release_results() {
    for (std::size_t i = 0; i < outputs_.size(); ++i) {
      if (!outputs_[i].given_out) continue;
      context_.set_output(i, Tensor());
      outputs_[i] = {};
    }
  }

  nb::object result(std::size_t index) const {
    return outputs_[index].array.is_valid() ? outputs_[index].array : to_python(context_.value(index));
  }

  struct Output {
    nb::object array;        // that it is bound to; none: the context's own memory
    bool given_out = false;  // made here, by the last infer() or call
  };

  Context context_;
  std::vector<Shape> shapes_;  // of inputs, as last given
  std::vector<Output> outputs_;
  bool running_ = false;
  bool profiling_ = false;
  std::size_t waiting_ = 0;
  const void* stream_ = nullptr;
};

// Keeps the contexts whose runs it still holds.
class BoundStream {
 public:
  BoundStream() = default;
  BoundStream(const BoundStream&) = delete;
  BoundStream& operator=(const BoundStream&) = delete;
  ~BoundStream() {
    {
      const nb::gil_scoped_release unlocked;
      static_cast<void>(stream_.synchronize());
    }
    leave();
  }

  void enqueue(const nb::object& object) {
    auto& context = nb::cast<BoundContext&>(object);
    if (context.waits() && !context.waits_in(this)) {
      throw ModelError("the context waits in another stream: synchronize that one first");
    }
    const bool first = !context.waits();
    context.enqueue(stream_);
    if (!first) return;
    context.enter(this);
    contexts_.push_back(object);
  }

  void synchronize() {
    Status status;
    {
      const nb::gil_scoped_release unlocked;
      status = stream_.synchronize();
    }
    leave();
    status.throw_if_error();
  }

 private:
  void leave() {
    for (const nb::object& context : contexts_) nb::cast<BoundContext&>(context).leave();
    contexts_.clear();
  }

  Stream stream_;
  std::vector<nb::object> contexts_;
};

}  // namespace

void bind_context(nb::module_& module) {
  nb::class_<Context::StepTime>(module, "StepTime", "Time of one step, summed over runs.")
      .def_ro("total_ns", &Context::StepTime::total_ns)
      .def_ro("runs", &Context::StepTime::runs);

  nb::class_<BoundStream>(module, "Stream", "An ordered queue of work on a thread of its own.")
      .def(nb::init<>())
      .def("synchronize", &BoundStream::synchronize,
           "Waits until all that is queued is done; raises the first failure since the last synchronize().");

  nb::class_<BoundContext>(module, "Context",
                           "The state of one execution: memory, shapes, bound arrays. One per thread.\n\n"
                           "ctx(x) and ctx.infer({\"x\": x}) return results in new arrays. Without any "
                           "allocation: bind() once, then run() "
                           "as often as the contents of the bound arrays change.")
      .def(nb::init<const Engine&, std::size_t>(), "engine"_a, "profile"_a = 0)
      .def("__call__", &BoundContext::call, "inputs"_a,
           nb::sig("def __call__(self, *inputs: typing.Any) -> typing.Any"),
           "Runs with the inputs in the engine's order; returns the only output, or a tuple of all.")
      .def("infer", &BoundContext::infer, "inputs"_a = nb::dict(), "outputs"_a = nb::dict(),
           nb::sig(
               "def infer(self, inputs: dict[str, typing.Any] = {}, outputs: dict[str, typing.Any] = {}) -> "
               "dict[str, typing.Any]"),
           "Runs and returns the outputs by name: in the arrays that are bound to them, or in new ones. "
           "Sequences are "
           "lists, maps dicts, empty optionals None.")
      .def("bind", &BoundContext::bind, "inputs"_a = nb::dict(), "outputs"_a = nb::dict(),
           nb::sig("def bind(self, inputs: dict[str, typing.Any] = {}, outputs: dict[str, typing.Any] = {}) "
                   "-> None"),
           "set_input() and set_output() for each, then prepare().")
      .def("set_input", &BoundContext::set_input, "name"_a, "value"_a.none(),
           nb::sig("def set_input(self, name: str | int, value: typing.Any) -> None"),
           "An array that is contiguous and aligned is shared until it is replaced: change its contents "
           "between runs. "
           "Others are copied. Lists for sequences, dicts for maps, None for an empty optional. Sets the "
           "shape too.")
      .def("set_output", &BoundContext::set_output, "name"_a, "array"_a.none(),
           nb::sig("def set_output(self, name: str | int, array: typing.Any | None) -> None"),
           "Results are written to this array, of the shape that the output has at run time; None: to memory "
           "of the "
           "context's own.")
      .def("set_shape", &BoundContext::set_shape, "name"_a, "shape"_a,
           nb::sig("def set_shape(self, name: str, shape: collections.abc.Sequence[int]) -> None"),
           "Inside the profile's range, else ModelError naming input, dim, value and range.")
      .def_prop_rw("profile", &BoundContext::profile, &BoundContext::set_profile,
                   "Number of the engine's profile that is in use; bound arrays stay bound.")
      .def("prepare", &BoundContext::prepare,
           "Evaluates all shapes and specialises the steps. run() does it when needed; enqueue() wants it "
           "done.")
      .def("run", &BoundContext::run, "Runs with what is bound. Other Python threads run meanwhile.")
      .def(
          "enqueue", [](const nb::object& self, BoundStream& stream) { stream.enqueue(self); }, "stream"_a,
          nb::sig("def enqueue(self, stream: Stream) -> None"),
          "Queues one run. Until the stream is synchronized the context cannot be changed or read, and bound "
          "arrays "
          "must stay as they are.")
      .def("output", &BoundContext::output_of, "name"_a,
           nb::sig("def output(self, name: str | int) -> typing.Any"),
           "The array that is bound to it, or a copy of what the last run gave.")
      .def_prop_ro("engine", &BoundContext::engine, nb::rv_policy::copy)
      .def_prop_rw("profiling", &BoundContext::profiling, &BoundContext::set_profiling)
      .def("step_times", &BoundContext::step_times, "Per step of the engine, while profiling is on.");

  nb::object engine = module.attr("Engine");
  engine.attr("create_context") = nb::cpp_function(
      [](const Engine& self, std::size_t profile) { return new BoundContext(self, profile); },
      nb::arg("profile") = 0, nb::is_method(), nb::scope(engine), nb::name("create_context"),
      nb::rv_policy::take_ownership, "The state of one execution; one per thread.");
}

}  // namespace tenon::python
