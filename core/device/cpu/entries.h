// The CPU's entries in the table, by the file that has them.
#pragma once
#include "device/backend.h"

namespace adjoint::cpu {

// pointwise.cpp
void pointwise(const FormulaLoop& loop, std::span<const LoopOperand> operands);
// index.cpp
void gather(const TensorImpl& x, int64_t dim, const TensorImpl& index, const TensorImpl& y);
void scatter(Combine how, const TensorImpl& x, int64_t dim, const TensorImpl& index,
             const TensorImpl& source);
void select(const TensorImpl& x, int64_t dim, const TensorImpl& index, const TensorImpl& y);
std::optional<int64_t> outside(const TensorImpl& index, int64_t low, int64_t high);
void nonzero(const TensorImpl& mask, const TensorImpl& places);
void search_rows(const TensorImpl& sorted, const TensorImpl& v, bool upper, const TensorImpl& y);
// positions.cpp
void take(const TensorImpl& x, const Positions& at, const TensorImpl& y);
void put(const TensorImpl& x, const Positions& at, const TensorImpl& values, bool accumulate);
void add_overlapping(const TensorImpl& y, const TensorImpl& x);
void share_overlapping(const TensorImpl& y, const TensorImpl& view);
// tails.cpp
bool any_outside(const TensorImpl& x, double low, double high);
Outside find_outside(const TensorImpl& x, double low, double high);
void pick(const TensorImpl& x, const TensorImpl& at, const TensorImpl& y);
void place(const TensorImpl& x, const TensorImpl& at, const TensorImpl& values);
// sequence.cpp
void sequence(const TensorImpl& y, const Sequence& s);
// random.cpp
void draw(const Draw& what, const TensorImpl& y, Generator& g);

}  // namespace adjoint::cpu
