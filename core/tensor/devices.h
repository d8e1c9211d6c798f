// Which device the tensors of a call are on.
//
// Note [Devices of a call]: a kernel takes tensors of one device. So the tensors of a call are on one, save CPU tensors
// without dimensions, which count as numbers. It is checked where calls come in (ops/registry.h: all tensors that were
// given) and where they are recorded (autograd/door.h, ops/pointwise.cpp: the operands). Operations for which it is not
// so (copies, shapes of another tensor) say `across_devices`, and kAcrossDevices in their records.
#pragma once
#include "tensor/tensor.h"

namespace adjoint {

class CommonDevice {
 public:
  void add(const TensorImpl& x) {
    if (x.ndim == 0 && x.device == Device::Cpu) return;
    if (known_ && x.device != device_) refuse(device_, x.device);
    known_ = true;
    device_ = x.device;
  }
  Device get() const { return device_; }  // the CPU where there was no tensor

 private:
  [[noreturn, gnu::cold]] static void refuse(Device a, Device b);
  Device device_ = Device::Cpu;
  bool known_ = false;
};

}  // namespace adjoint
