// What losses make of their elements, and how users say so.
#pragma once
#include <optional>
#include <string_view>
#include "tensor/tensor.h"

namespace adjoint {

enum class Reduce : uint8_t { None, Mean, Sum };  // PyTorch's numbers

// reduction= by its name, where neither of the arguments that it was made of before is given. A ValueError for others.
Reduce reduction_of(std::string_view name, std::optional<bool> size_average = {},
                    std::optional<bool> reduce = {});
inline Reduce reduction_of(int64_t number) {  // of torch.kl_div and its like
  return number == 1 ? Reduce::Mean : number == 2 ? Reduce::Sum : Reduce::None;
}
Tensor reduced(const Tensor& loss, Reduce how);

// Where the element at a flat index stands, for messages.
Dims place_of(const TensorImpl& x, int64_t flat);

// PyTorch's warning before two sizes are broadcast in a loss.
void warn_sizes(const Tensor& x, const Tensor& target);

}  // namespace adjoint
