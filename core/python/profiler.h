// The profiler's recorder: what ran, from when to when, and how much it allocated. Off, it costs one test of
// a flag on a call; on, two readings of the clock and a row in a list.
#pragma once
#include <Python.h>
#include <cstdint>

namespace adjoint::python {

extern bool profiling;  // some thread takes a profile

// One operation that a Python call runs. `name` must live on (an interned string's text, a literal).
class Profiled {
 public:
  explicit Profiled(const char* name);
  ~Profiled();
  Profiled(const Profiled&) = delete;

 private:
  int32_t row_;
};

void init_profiler(PyObject* module);

}  // namespace adjoint::python
