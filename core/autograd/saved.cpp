#include "autograd/saved.h"
#include "autograd/changes.h"
#include "autograd/engine.h"
#include "autograd/needs.h"
#include "autograd/door.h"

namespace adjoint {
namespace {

struct HookStack {
  std::vector<std::unique_ptr<SavedHooks>> hooks;
  std::unique_ptr<std::string> disabled;
};
HookStack& stack() {
  static thread_local HookStack* s =
      new HookStack;  // Python objects inside: never destroyed behind the interpreter
  return *s;
}

uint64_t checksum(const TensorImpl& x) {  // FNV-1a over the elements in storage order of the view's rows
  uint64_t h = 1469598103934665603ull;
  auto mix = [&](const char* p, size_t n) {
    for (size_t i = 0; i < n; ++i) h = (h ^ uint8_t(p[i])) * 1099511628211ull;
  };
  if (x.meta_device()) return h;
  if (x.contiguous()) {
    mix(x.host(), size_t(x.numel) * x.itemsize());
    return h;
  }
  Dims at(x.ndim);
  for (int64_t k = 0; k < x.numel; ++k) {
    int64_t off = 0;
    for (int d = 0; d < x.ndim; ++d) off += at[d] * x.stride(d);
    mix(x.host() + off * int64_t(x.itemsize()), x.itemsize());
    for (int d = x.ndim - 1; d >= 0 && ++at[d] == x.size(d); --d) at[d] = 0;
  }
  return h;
}

// A value whose gradient goes along an edge without change: gives an unpacked value its history.
struct PassThrough {
  static constexpr const char* node = "AliasBackward0";
  static constexpr const char* rule = "gx = g";
  void vjp(Backward& b) { b.gx[0] = b.grad(); }
};

}  // namespace

SavedHooks* current_saved_hooks() { return stack().hooks.empty() ? nullptr : stack().hooks.back().get(); }
void push_saved_hooks(std::unique_ptr<SavedHooks> h) {
  if (const std::string* why = saved_hooks_disabled()) fail(*why);
  stack().hooks.push_back(std::move(h));
  modes.saved_hooks = true;
}
void pop_saved_hooks() {
  if (!stack().hooks.empty()) stack().hooks.pop_back();
  modes.saved_hooks = !stack().hooks.empty();
}
const std::string* saved_hooks_disabled() { return stack().disabled.get(); }
void set_saved_hooks_disabled(const std::string* message) {
  check(!message || stack().hooks.empty(), message ? *message : std::string());
  stack().disabled = message ? std::make_unique<std::string>(*message) : nullptr;
}

// What few saved tensors have: a hook's packed form with the edge to restore, or a checksum.
struct SavedExtra {
  std::unique_ptr<PackedTensor> packed;
  Dims sizes;  // of what was packed
  Dtype dtype;
  Device device;
  Edge edge;
  uint64_t sum = 0;
  bool has_sum = false;
};
void SavedTensor::drop_extra() { delete std::exchange(extra_, nullptr); }

void SavedTensor::save_slow(const Tensor& x) {
  check(
      !x->inference(),
      "Inference tensors cannot be saved for backward. Please do not use Tensors created in inference mode "
      "in computation tracked by autograd. To work around this, you can make a clone to get a normal tensor "
      "and use it in autograd, or use `torch.no_grad()` instead of `torch.inference_mode()`.");
  t_ = x;
  version_ = x->version();
  kind_.was_set = true;
  save_special();
}

void SavedTensor::save_output(const Tensor& y, Node&) {
  t_ = alias(y);
  version_ = t_->version();
  kind_ = {y->output_nr, true, true};
  if (__builtin_expect(modes.check_saved || modes.saved_hooks, 0)) save_special();
}

void SavedTensor::save_special() {
  if (SavedHooks* h = current_saved_hooks()) return register_hooks(*h);
  drop_extra();
  extra_ = new SavedExtra;
  extra_->sum = checksum(*t_);
  extra_->has_sum = true;
}

void SavedTensor::register_hooks(SavedHooks& h) {
  check(bool(t_),
        "Calling register_hooks on a saved tensor whose value has been freed or that already has hooks is "
        "not allowed.");
  auto extra = std::make_unique<SavedExtra>();
  extra->sizes = Dims(t_->sizes());
  extra->dtype = t_->dtype;
  extra->device = t_->device;
  if (!kind_.is_output) extra->edge.set(*t_);
  {
    NoGrad no_grad;
    uint32_t before = t_->version();
    extra->packed = h.pack(kind_.is_output ? t_ : detach(t_));
    check(
        t_->version() == before,
        "A saved tensor pack hook is modifying its input in place. Tensors provided as input to pack hook "
        "can "
        "not be modified by in-place operations as this can lead to unexpected side-effects. Please open an "
        "issue if you need to perform in-place operations on the input to a pack hook.");
  }
  drop_extra();
  extra_ = extra.release();
  t_.reset();
}

Tensor with_edge(const Tensor& value, const Edge& edge) {
  Tensor y = alias(value);
  if (edge.is_leaf())
    door::record(PassThrough{}, y, Tensor::share(edge.leaf()));
  else
    set_history(*y, *edge.node(), edge.nr);
  return y;
}

Tensor SavedTensor::with_history(Tensor t, Node& owner) const {
  if (!grad_enabled()) return t;
  if (kind_.is_output) {
    Tensor y = alias(t);
    set_history(*y, owner, kind_.output_nr);
    return y;
  }
  return extra_ && extra_->packed && extra_->edge ? with_edge(t, extra_->edge) : t;
}

// Rules read what they saved without looking again, so what an unpack hook gives must have its device, shape
// (or broadcast to it) and dtype (or be cast to it).
static Tensor fitted(Tensor t, const SavedExtra& was, const Node& owner) {
  if (t->dtype == was.dtype && t->device == was.device && equal(t->sizes(), was.sizes)) return t;
  auto name = [](Device d) { return d == Device::Meta ? "meta" : "cpu"; };
  check(t->device == was.device, owner.name(),
        ": a saved tensor's unpack hook returned another device's: ", "Tensor on device ", name(t->device),
        " is not on the expected device ", name(was.device), "!");
  Tensor seen = broadcast_view(t, was.sizes);
  check(bool(seen), owner.name(), ": a saved tensor's unpack hook returned another shape: expected ",
        text_of(was.sizes), ", got ", text_of(t->sizes()),
        ". The size of the unpacked tensor must match the size of the one that was packed");
  return seen->dtype == was.dtype ? seen : graph_ops.to(seen, was.dtype);
}

Tensor SavedTensor::get(Node& owner) const {
  if (__builtin_expect(!t_, 0)) {
    if (extra_ && extra_->packed)
      return with_history(fitted(extra_->packed->unpack(), *extra_, owner), owner);
    if (kind_.was_set) complain_freed(owner);
    return Tensor();
  }
  if (__builtin_expect(t_->version() != version_, 0)) complain_changed(owner);
  if (__builtin_expect(extra_ && extra_->has_sum && checksum(*t_) != extra_->sum, 0)) complain_changed(owner);
  return kind_.is_output ? with_history(t_, owner) : t_;
}

void SavedTensor::reset() {
  t_.reset();
  if (extra_) drop_extra();
}

static std::string line_of(const Node& n) {
  return n.where.code && host.describe ? ", at " + host.describe(n.where) : std::string();
}

void SavedTensor::complain_freed(Node& owner) const {
  fail(owner.name(),
       ": Trying to backward through the graph a second time (or directly access saved tensors after they "
       "have already been "
       "freed)",
       line_of(owner),
       ". Saved intermediate values of the graph are freed when you call .backward() or autograd.grad(). "
       "Specify "
       "retain_graph=True if you need to backward through the graph a second time or if you need to access "
       "saved tensors after calling "
       "backward.");
}

void SavedTensor::complain_changed(Node& owner) const {
  bool behind = t_->version() == version_;  // found by its checksum
  std::string how =
      behind ? std::string("its bytes changed without an operation of this library (a shared NumPy array?)")
             : str("version ", t_->version());
  if (!behind)
    if (std::string who = change_after(t_->storage, version_ - t_->version_bias); !who.empty())
      how += ", by " + who;
  const Node* maker = kind_.is_output ? &owner : t_->grad_fn;
  std::string label = label_of(t_->dtype);
  std::string shape = text_of(t_->sizes());
  fail(
      owner.name(), ": a value saved for backward was changed in place\n  saved:   ", *t_, ", version ",
      version_, line_of(owner), "\n  changed: ", how,
      "\n  one of the variables needed for gradient computation has been modified by an inplace operation: "
      "[torch.",
      label, "Tensor ", shape, "]",
      maker ? str(", which is output ", kind_.is_output ? kind_.output_nr : t_->output_nr, " of ",
                  operation_of(*maker), ",")
            : std::string(),
      " is at version ", t_->version(), "; expected version ", version_,
      " instead. Clone it before changing it. Hint: ",
      modes.anomaly
          ? "the backtrace further above shows the operation that failed to compute its gradient. The variable "
            "in question was changed in there or anywhere later. Good luck!"
          : "enable anomaly detection to find the operation that failed to compute its gradient, with "
            "torch.autograd.set_detect_anomaly(True, check_nan=False).");
}

}  // namespace adjoint
