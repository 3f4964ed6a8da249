// Where Tenon's messages go.
#include "bindings/python/bindings.hpp"
#include "bindings/python/callback.hpp"

#include <tenon/logging.hpp>

namespace tenon::python {
namespace {

using namespace nb::literals;

// A sink that raises is reported as Python reports what cannot be raised: the message's sender is not to
// blame.
struct Sink {
  Callback callback;

  void operator()(LogLevel level, std::string_view message) const {
    const nb::gil_scoped_acquire lock;
    try {
      const nb::object text =
          nb::steal(PyUnicode_DecodeUTF8(message.data(), static_cast<Py_ssize_t>(message.size()), "replace"));
      callback.function()(level, text);
    } catch (nb::python_error& error) {
      error.discard_as_unraisable(callback.function());
    }
  }
};

void set_sink(nb::object function, LogLevel threshold) {
  LogSink sink;
  if (!function.is_none()) sink = Sink{Callback(std::move(function))};
  const nb::gil_scoped_release unlocked;  // another thread may be in the sink
  set_log_sink(std::move(sink), threshold);
}

}  // namespace

void bind_logging(nb::module_& module) {
  nb::enum_<LogLevel>(module, "LogLevel")
      .value("debug", LogLevel::debug)
      .value("info", LogLevel::info)
      .value("warning", LogLevel::warning)
      .value("error", LogLevel::error);
  module.def(
      "set_log_sink", &set_sink, "sink"_a.none(), "threshold"_a = LogLevel::info,
      nb::sig(
          "def set_log_sink(sink: collections.abc.Callable[[LogLevel, str], typing.Any] | None, threshold: "
          "LogLevel = ...) -> None"),
      "Replaces the process-wide sink, which gets every message from threshold on; None silences. Without "
      "one nothing is reported. use_logging() connects Python's logging.");
}

}  // namespace tenon::python
