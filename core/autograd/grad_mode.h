// Thread-local switches: is the graph being recorded?
#pragma once

namespace adjoint {

struct Modes {
  bool grad = true;
  bool inference = false;
  bool anomaly = false, anomaly_check_nan = true;
  bool check_saved = false;  // checksums of saved tensors: finds changes made behind the version counter
  bool saved_hooks = false;  // a pair of saved_tensors_hooks is in force
  bool provenance = true;
};
inline constinit thread_local Modes modes{};

inline bool grad_enabled() { return modes.grad; }

struct GradModeGuard {
  bool old;
  explicit GradModeGuard(bool on) : old(modes.grad) { modes.grad = on; }
  ~GradModeGuard() { modes.grad = old; }
  GradModeGuard(const GradModeGuard&) = delete;
};
struct NoGrad : GradModeGuard {
  NoGrad() : GradModeGuard(false) {}
};

}  // namespace adjoint
