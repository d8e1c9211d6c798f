// Radix sort of one row. An item is one 64-bit number, the upper bits of a key above the position of its element, so
// that items are distinct, equal keys keep their order, and whatever sorts items gives the same result.
#pragma once
#include <cstdint>
#include <memory>

namespace adjoint {

constexpr int64_t kRadixMost = int64_t(1) << 32;  // elements of a row: positions have 32 bits

// Grows, and is not cleared.
struct Items {
  uint64_t* of(int64_t n) {
    if (n > size_) {
      items_.reset(new uint64_t[size_t(n)]);
      size_ = n;
    }
    return items_.get();
  }

 private:
  std::unique_ptr<uint64_t[]> items_;
  int64_t size_ = 0;
};

// Items [0, n) whose bits from `low` to `high` are to be sorted; those above are equal. The bits below `low` are
// positions, and ascend.
struct RadixRange {
  uint64_t *items, *scratch;  // n each; the contents of both are lost
  int64_t n;
  int low, high;
};

// Where sorted pieces go; called from several threads, for different pieces.
struct RadixSink {
  virtual void take(uint64_t* sorted, uint64_t* scratch, int64_t n, int64_t at) const = 0;

 protected:
  ~RadixSink() = default;
};

// Hands all pieces to the sink, each with the place of its first item.
void radix_sort(const RadixRange& r, int64_t at, const RadixSink& sink);
// The same in this thread and at once; gives back where the sorted items are, `items` or `scratch`.
uint64_t* radix_sort_here(const RadixRange& r);

// The first step of a long row: elements [begin, end) are counted, and then placed, by a digit that ends at bit `shift`.
struct RadixSource {
  virtual void count(int64_t begin, int64_t end, int shift, uint32_t* counts) const = 0;
  virtual void place(int64_t begin, int64_t end, int shift, uint32_t* places, uint64_t* to) const = 0;

 protected:
  ~RadixSource() = default;
};
void radix_sort_source(const RadixSource& source, const RadixRange& r, const RadixSink& sink);
// Where one digit, of at most kDistributeBits, is all of the key. The source knows itself where to place.
constexpr int kDistributeBits = 11;
void radix_distribute(const RadixSource& source, int64_t n, int bits);

}  // namespace adjoint
