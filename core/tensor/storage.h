// Storage: a block of bytes shared by views, with the version counter that guards saved tensors.
#pragma once
#include <new>
#include "tensor/alloc.h"

namespace adjoint {

namespace detail {
inline constinit int64_t g_storage_bytes = 0;  // of memory that is ours: what tensors hold now
}

struct alignas(64) Storage {
  uint32_t refs = 1;
  uint32_t version = 0;                            // bumped by every in-place change, whichever view makes it
  size_t nbytes = 0;                               // visible size
  char* data = nullptr;                            // null on the meta device
  size_t capacity = 0;                             // bytes owned at `data` when external
  void (*free_external)(void* context) = nullptr;  // memory that someone else owns (NumPy, DLPack, ...)
  void* external = nullptr;
  void* pyobj = nullptr;  // weak: the Python storage object, if one was made
  // Exported: another library sees our memory (a NumPy array): changes may come from there, and it cannot
  // move.
  enum : uint16_t { Inline = 1, Foreign = 2, Meta = 4, ReadOnly = 8, Exported = 16 };
  uint16_t flags = 0;
  uint16_t grown_from = 0;  // inline bytes behind the header that a resize left unused

  static Storage* make(size_t nbytes) {
    if (__builtin_expect(sizeof(Storage) + nbytes <= detail::kPoolMax, 1)) {
      auto* s = new (pool_alloc(sizeof(Storage) + nbytes)) Storage;
      s->nbytes = s->capacity = nbytes;
      s->data = reinterpret_cast<char*>(s + 1);
      s->flags = Inline;
      detail::g_storage_bytes += int64_t(nbytes);
      return s;
    }
    return make_large(nbytes);
  }
  static Storage* make_large(size_t nbytes);
  static Storage* make_meta(size_t nbytes);
  static Storage* make_foreign(void* data, size_t nbytes, void (*release)(void*), void* context);
  void retain() { ++refs; }
  void release() {
    if (--refs == 0) destroy();
  }
  void resize(size_t nbytes);  // keeps the contents; a foreign block cannot grow
  bool meta() const { return flags & Meta; }

 private:
  void destroy();
};
static_assert(sizeof(Storage) == 64);

}  // namespace adjoint
