#include "autograd/changes.h"
#include <cstring>
#include "autograd/grad_mode.h"

namespace adjoint {
namespace {

struct Change {
  const Storage* storage = nullptr;
  uint32_t version = 0;  // after the change
  char name[20] = {};
  Where where;
};
constexpr unsigned kKept = 512;
Change g_changes[kKept];
unsigned g_next = 0;

}  // namespace

void note_change(const TensorImpl& x, const char* name) {
  if (!modes.provenance || !host.here) return;
  Change& c = g_changes[g_next++ % kKept];
  if (c.where.code && host.forget) host.forget(c.where);
  c.storage = x.storage;
  c.version = x.storage->version;
  std::strncpy(c.name, name, sizeof c.name - 1);
  c.where = host.here();
}

std::string operation_of(const Node& n) {
  std::string name = n.name();
  if (size_t at = name.find("Backward"); at != std::string::npos) name.erase(at, 8);
  if (name.ends_with('0')) name.pop_back();
  return name;
}

// Back from the latest change of this storage to the first one past `version`. Versions fall on the way back;
// where they do not, an older storage lay at the same address.
std::string change_after(const Storage* s, uint32_t version) {
  const Change* first = nullptr;
  uint32_t latest = UINT32_MAX;
  for (unsigned i = 1; i <= kKept; ++i) {
    const Change& c = g_changes[(g_next - i) % kKept];
    if (c.storage != s) continue;
    if (c.version >= latest || c.version <= version) break;
    latest = c.version;
    first = &c;
  }
  if (!first) return "";
  std::string text = first->name;
  if (first->where.code && host.describe) text += " at " + host.describe(first->where);
  return text;
}

}  // namespace adjoint
