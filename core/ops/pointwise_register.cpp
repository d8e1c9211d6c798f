// Pointwise operations by name: how each one's record comes into the registry, with the best loops for this processor.
#include <algorithm>
#include <sstream>
#include <unordered_map>
#include "kernels/isa.h"
#include "ops/pointwise_record.h"

namespace adjoint {
namespace {

std::unordered_map<std::string, const PointwiseOp*>& by_name() {
  static auto* m = new std::unordered_map<std::string, const PointwiseOp*>;
  return *m;
}

std::string camel(const std::string& name) {
  std::string s;
  bool up = true;
  for (char c : name) {
    if (c == '_')
      up = true;
    else {
      s += up ? char(std::toupper(c)) : c;
      up = false;
    }
  }
  return s;
}

void register_aliases(const PointwiseOp& op, const char* names, uint32_t flags) {
  std::istringstream words(names);
  for (std::string alias; words >> alias;) {
    auto* r = new OpRecord(op.record);
    r->schema = (new std::string(alias + (op.schema + op.name.size())))->c_str();
    r->flags = flags | kTakesDest;
    r->next = nullptr;
    register_op(r);
  }
}

}  // namespace

const PointwiseOp& find_pointwise(std::string_view name) {
  auto it = by_name().find(std::string(name));
  check_as(it != by_name().end(), ErrorKind::Internal, "adjoint: no formula is named ", name);
  return *it->second;
}

std::vector<const PointwiseOp*> all_pointwise() {
  std::vector<const PointwiseOp*> ops;
  for (const auto& [name, op] : by_name()) ops.push_back(op);
  std::sort(ops.begin(), ops.end(), [](auto* a, auto* b) { return a->name < b->name; });
  return ops;
}

void Formula::find_all() {
  for (Formula* f = first_; f; f = f->next_) {
    f->op_ = &find_pointwise(f->name_);
    if (!f->node_) continue;
    auto* copy = new PointwiseOp(*f->op_);
    copy->node = f->node_;
    if (f->change_) f->change_(*copy);
    f->op_ = copy;
  }
}

void register_pointwise(PointwiseOp* op, const char* doc, uint32_t flags,
                        const PointwiseKernels* const* by_isa) {
  op->name = schema_name(op->schema);
  if (op->node.empty()) op->node = camel(op->name) + "Backward0";
  op->kernels = *by_isa[0];
  int best = int(active_isa());
  for (int i = 1; i <= best; ++i) {
    if (!by_isa[i]) continue;
    std::copy(std::begin(by_isa[i]->narrow), std::end(by_isa[i]->narrow), op->kernels.narrow);
    for (int c : {int(CF32), int(CF64)}) {
      if (by_isa[i]->value[c]) op->kernels.value[c] = by_isa[i]->value[c];
      for (int k = 0; k < kMaxOperands; ++k)
        if (by_isa[i]->pull[k][c]) op->kernels.pull[k][c] = by_isa[i]->pull[k][c];
      if (by_isa[i]->tail[c]) op->kernels.tail[c] = by_isa[i]->tail[c];
    }
  }
  by_name()[op->name] = op;
  op->record.schema = op->schema;
  op->record.flags = flags | kTakesDest;
  op->record.doc = doc;
  op->record.pointwise = op;
  register_op(&op->record);
  register_aliases(*op, op->aliases, flags);
  register_aliases(*op, op->special_aliases, kSpecial | kOut);
}

}  // namespace adjoint
