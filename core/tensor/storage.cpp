#include "tensor/storage.h"
#include <algorithm>
#include <cstring>
#include "tensor/error.h"
#include "tensor/lock.h"

namespace adjoint {

static Storage* header() { return new (pool_alloc(sizeof(Storage))) Storage; }

Storage* Storage::make_large(size_t nbytes) {
  void* p = block_alloc(nbytes);
  Storage* s = header();
  s->nbytes = s->capacity = nbytes;
  s->data = static_cast<char*>(p);
  detail::g_storage_bytes += int64_t(nbytes);
  return s;
}

Storage* Storage::make_meta(size_t nbytes) {
  Storage* s = header();
  s->nbytes = nbytes;
  s->flags = Meta;
  return s;
}

Storage* Storage::make_foreign(void* data, size_t nbytes, void (*release)(void*), void* context) {
  Storage* s = header();
  s->nbytes = s->capacity = nbytes;
  s->data = static_cast<char*>(data);
  s->free_external = release;
  s->external = context;
  s->flags = Foreign;
  return s;
}

void Storage::destroy() {
  if (!(flags & (Foreign | Meta))) detail::g_storage_bytes -= int64_t(capacity);
  if (flags & Inline) return pool_free(this, sizeof(Storage) + capacity);
  if (flags & Foreign) {
    if (free_external) free_external(external);
  } else if (data) {
    block_free(data, capacity);
  }
  pool_free(this, sizeof(Storage) + grown_from);
}

void Storage::resize(size_t want) {
  wait_for_kernels();
  if (flags & Meta) {
    nbytes = want;
    return;
  }
  if (want <= capacity) {
    nbytes = want;
    return;
  }
  check(!(flags & (Foreign | Exported)), "Trying to resize storage that is not resizable");
  char* p = static_cast<char*>(block_alloc(want));
  std::memcpy(p, data, std::min(nbytes, want));
  if (flags & Inline) {
    grown_from = uint16_t(capacity);  // header and inline bytes stay one pool block: they are freed together
    flags &= uint16_t(~Inline);
  } else if (data) {
    block_free(data, capacity);
  }
  data = p;
  detail::g_storage_bytes += int64_t(want) - int64_t(capacity);
  nbytes = capacity = want;
}

}  // namespace adjoint
