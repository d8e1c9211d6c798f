// SavedTensor: a value kept for the backward pass, checked when it is used.
#pragma once
#include <memory>
#include "autograd/grad_mode.h"
#include "autograd/node.h"

namespace adjoint {

// User hooks that pack a saved tensor into something else (autograd.graph.saved_tensors_hooks).
struct PackedTensor {
  virtual ~PackedTensor() = default;
  virtual Tensor unpack() = 0;
};
struct SavedHooks {
  virtual ~SavedHooks() = default;
  virtual std::unique_ptr<PackedTensor> pack(const Tensor& x) = 0;
};
SavedHooks* current_saved_hooks();  // innermost pair, or null
void push_saved_hooks(std::unique_ptr<SavedHooks> h);
void pop_saved_hooks();
const std::string* saved_hooks_disabled();  // the message, or null
void set_saved_hooks_disabled(const std::string* message);

// Note [Saving outputs]: a node that held its own output would be a cycle, so an output is saved as an alias
// without history and gets its grad_fn back when it is unpacked.
class SavedTensor {
 public:
  SavedTensor() = default;
  SavedTensor(const Tensor& given)
      : t_(given), version_(kGiven) {}  // until save_given(), should it be recorded
  SavedTensor(SavedTensor&& o) noexcept { swap(o); }
  SavedTensor& operator=(SavedTensor&& o) noexcept {
    swap(o);
    return *this;
  }
  ~SavedTensor() {
    if (__builtin_expect(extra_ != nullptr, 0)) drop_extra();
  }

  void save(const Tensor& x) {  // an input
    if (!x) return;
    if (__builtin_expect(x->inference() || modes.check_saved || modes.saved_hooks, 0)) return save_slow(x);
    t_ = x;
    version_ = x->version();
    kind_.was_set = true;
  }
  void save_given() { save(Tensor(std::move(t_))); }
  void save_output(const Tensor& y, Node& owner);  // a result of `owner`; call after y's history is set
  // The value, with its history (so that the backward pass itself can be recorded). Throws when it was
  // changed in place since, or freed by an earlier backward pass. Null if nothing was saved.
  Tensor get(Node& owner) const;
  explicit operator bool() const { return bool(t_) || extra_; }
  void reset();
  const Tensor& raw() const { return t_; }
  bool was_set() const { return kind_.was_set; }
  uint32_t saved_version() const { return version_; }
  bool is_output() const { return kind_.is_output; }
  void register_hooks(SavedHooks& h);  // of `_raw_saved_*`: packs the value now

 private:
  void swap(SavedTensor& o) noexcept {
    t_.swap(o.t_);
    std::swap(version_, o.version_);
    std::swap(kind_, o.kind_);
    std::swap(extra_, o.extra_);
  }
  void save_slow(const Tensor& x);
  void drop_extra();
  void save_special();
  Tensor with_history(Tensor t, Node& owner) const;
  [[noreturn, gnu::cold]] void complain_changed(Node& owner) const;
  [[noreturn, gnu::cold]] void complain_freed(Node& owner) const;
  static constexpr uint32_t kGiven = UINT32_MAX;  // no version: what was not saved is not got
  Tensor t_;
  uint32_t version_ = 0;
  struct Kind {
    uint32_t output_nr : 30 = 0;
    bool is_output : 1 = false, was_set : 1 = false;
  } kind_;
  struct SavedExtra* extra_ = nullptr;  // owned: packed by hooks, or a checksum
};

// A list of tensors, some of which may be null, given when the operation is made.
class SavedTensors {
 public:
  SavedTensors(std::span<const Tensor> given) : given_(given) {}
  std::span<const Tensor> given() const { return given_; }  // before save_given()
  void save_given() {
    each_.reserve(given_.size());
    for (const Tensor& t : given_) each_.emplace_back().save(t);
    given_ = {};
  }
  std::vector<Tensor> get(Node& owner) const {
    std::vector<Tensor> v;
    for (const SavedTensor& s : each_) v.push_back(s.get(owner));
    return v;
  }
  void reset() {
    for (SavedTensor& s : each_) s.reset();
  }
  void visit(const char* name, SavedVisitor& v) {
    for (SavedTensor& s : each_) v.tensor(name, s);
  }

 private:
  std::span<const Tensor> given_;
  std::vector<SavedTensor> each_;
};

// An alias of `value` whose gradient goes along `edge`.
Tensor with_edge(const Tensor& value, const Edge& edge);

}  // namespace adjoint
