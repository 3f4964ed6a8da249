// A Python function that C++ keeps and calls from threads without the interpreter's lock. Copies share it.
#pragma once

#include "bindings/python/bindings.hpp"

#include <memory>

namespace tenon::python {

class Callback {
 public:
  explicit Callback(nb::object function)
      : function_(function.release().ptr(), [](PyObject* object) {
          if (Py_IsInitialized() == 0) return;
          const nb::gil_scoped_acquire lock;
          Py_DECREF(object);
        }) {}

  // Borrowed; to be called with the lock.
  nb::handle function() const noexcept { return function_.get(); }

 private:
  std::shared_ptr<PyObject> function_;
};

}  // namespace tenon::python
