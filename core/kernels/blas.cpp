// Finds, loads and sets up OpenBLAS. See blas.h.
#include "kernels/blas.h"

#include <dlfcn.h>

#include <atomic>
#include <cstdlib>
#include <string>

#include "tensor/error.h"

namespace adjoint {
namespace {

constexpr const char* kPrefix = "scipy_";  // the build we ship marks its names, to live beside others

std::atomic<bool> g_loaded{false};

// An environment variable that has a value for as long as this object lives, and then its old one again.
class Environment {
 public:
  Environment(const char* name, const char* value) : name_(name) {
    if (const char* old = std::getenv(name)) old_ = old, was_set_ = true;
    ::setenv(name, value, 1);
  }
  ~Environment() {
    if (was_set_)
      ::setenv(name_, old_.c_str(), 1);
    else
      ::unsetenv(name_);
  }
  Environment(const Environment&) = delete;
  Environment& operator=(const Environment&) = delete;

 private:
  const char* name_;
  std::string old_;
  bool was_set_ = false;
};

// Beside the extension module: adjoint/_lib/.
std::string library_path() {
  Dl_info info;
  if (!::dladdr(reinterpret_cast<void*>(&blas_symbol), &info) || !info.dli_fname) return "";
  std::string here = info.dli_fname;
  return here.substr(0, here.rfind('/') + 1) + "_lib/libscipy_openblas.so";
}

// OpenBLAS takes AVX-512 processors that it does not know, AMD's among them, for Haswells and runs at
// half their speed. The user's own choice stands.
const char* core_type() {
  if (const char* chosen = std::getenv("OPENBLAS_CORETYPE")) return chosen;
#if defined(__x86_64__)
  __builtin_cpu_init();
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
      __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl")) {
    return "SkylakeX";
  }
#endif
  return nullptr;
}

void* load() {
  std::string path = library_path();
  // Told at load time, it starts no threads of its own; child processes must not inherit our choice.
  Environment threads("OPENBLAS_NUM_THREADS", "1");
  const char* type = core_type();
  void* library;
  if (type) {
    Environment core("OPENBLAS_CORETYPE", std::string(type).c_str());
    library = ::dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  } else {
    library = ::dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  }
  if (!library) {
    fail("linear algebra: the library that comes with adjoint could not be loaded from ", path, ": ",
         ::dlerror(), "; reinstalling adjoint puts it back");
  }
  g_loaded = true;
  return library;
}

}  // namespace

void* blas_symbol(const char* name) {
  static void* library = load();
  void* symbol = ::dlsym(library, (std::string(kPrefix) + name).c_str());
  check(symbol, "linear algebra: the BLAS library has no routine ", name);
  return symbol;
}

bool blas_loaded() { return g_loaded; }

const char* blas_core_name() { return blas<char*()>("openblas_get_corename")(); }

}  // namespace adjoint
