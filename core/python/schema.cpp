// Reads schemas: "name(Tensor self, int dim, *, bool keepdim=False) -> (Tensor values, Tensor indices)".
#include "python/schema.h"
#include <charconv>
#include <cmath>
#include <cstring>

namespace adjoint::python {
namespace {

struct KindName {
  std::string_view text;
  Kind kind;
};
constexpr KindName kinds[] = {{"Tensor", Kind::Tensor},
                              {"Number", Kind::Number},
                              {"Scalar", Kind::Scalar},
                              {"int", Kind::Int},
                              {"SymInt", Kind::Int},
                              {"float", Kind::Float},
                              {"bool", Kind::Bool},
                              {"str", Kind::Str},
                              {"dtype", Kind::Dtype},
                              {"ScalarType", Kind::Dtype},
                              {"device", Kind::Device},
                              {"Device", Kind::Device},
                              {"memory_format", Kind::Format},
                              {"MemoryFormat", Kind::Format},
                              {"layout", Kind::Layout},
                              {"Generator", Kind::Generator}};

PyObject* intern(std::string_view s) {
  PyObject* o = must(PyUnicode_FromStringAndSize(s.data(), Py_ssize_t(s.size())));
  PyUnicode_InternInPlace(&o);
  return o;
}

std::string_view trim(std::string_view s) {
  while (!s.empty() && s.front() == ' ') s.remove_prefix(1);
  while (!s.empty() && s.back() == ' ') s.remove_suffix(1);
  return s;
}

class Reader {
 public:
  explicit Reader(const OpRecord& r) : record_(r), text_(r.schema) {}

  Overload read() {
    Overload o;
    o.record = &record_;
    size_t open = text_.find('(');
    size_t close = matching(open);
    bool keyword_only = false;
    for (std::string_view part : split(text_.substr(open + 1, close - open - 1))) {
      if (part == "*")
        keyword_only = true;
      else
        o.params.push_back(param(part, keyword_only));
    }
    results(o, trim(text_.substr(close + 1)));
    finish(o);
    return o;
  }

 private:
  [[noreturn]] void bad(std::string_view where) const {
    raise(PyExc_SystemError, "adjoint: schema '%s': cannot read '%s'", record_.schema,
          std::string(where).c_str());
  }
  size_t matching(size_t open) const {
    if (open == std::string_view::npos) bad(text_);
    int depth = 0;
    for (size_t i = open; i < text_.size(); ++i) {
      if (text_[i] == '(') ++depth;
      if (text_[i] == ')' && --depth == 0) return i;
    }
    bad(text_);
  }
  static std::vector<std::string_view> split(std::string_view s) {  // at top-level commas
    std::vector<std::string_view> parts;
    size_t begin = 0;
    int depth = 0;
    for (size_t i = 0; i <= s.size(); ++i) {
      if (i < s.size() && (s[i] == '[' || s[i] == '(')) ++depth;
      if (i < s.size() && (s[i] == ']' || s[i] == ')')) --depth;
      if (i == s.size() || (s[i] == ',' && depth == 0)) {
        std::string_view part = trim(s.substr(begin, i - begin));
        if (!part.empty()) parts.push_back(part);
        begin = i + 1;
      }
    }
    return parts;
  }

  void type(Param& p, std::string_view t) const {
    if (t.ends_with('?')) {
      p.optional = true;
      t.remove_suffix(1);
    }
    bool list = false;
    if (t.ends_with(']')) {
      size_t open = t.find('[');
      p.lone_int = t.substr(open) == "[1]";
      list = true;
      t = t.substr(0, open);
      if (t.ends_with('?')) {
        p.null_elements = true;
        t.remove_suffix(1);
      }
    }
    if (size_t alias = t.find('('); alias != std::string_view::npos) t = t.substr(0, alias);  // Tensor(a!)
    for (const KindName& k : kinds) {
      if (k.text != t) continue;
      p.kind = k.kind;
      if (list && p.kind == Kind::Tensor)
        p.kind = Kind::TensorList;
      else if (list && p.kind == Kind::Int)
        p.kind = Kind::IntList;
      else if (list)
        bad(t);
      return;
    }
    bad(t);
  }

  Param param(std::string_view part, bool keyword_only) const {
    Param p;
    p.keyword_only = keyword_only;
    size_t equal = part.find('=');
    std::string_view head = trim(part.substr(0, equal));
    size_t space = head.rfind(' ');
    if (space == std::string_view::npos) bad(part);
    type(p, trim(head.substr(0, space)));
    std::string_view name = head.substr(space + 1);
    p.text = std::string(name);
    p.name = intern(name);
    if (equal != std::string_view::npos) default_value(p, trim(part.substr(equal + 1)));
    if (name == "requires_grad") p.role = Role::Argument;
    return p;
  }

  void default_value(Param& p, std::string_view t) const {
    p.has_default = true;
    p.default_text = std::string(t);
    Value& v = p.value;
    if (t == "None") {
      p.optional = true;
      v.kind = Value::None;
      return;
    }
    switch (p.kind) {
      case Kind::Int:
        v.kind = Value::Int;
        v.i = number<int64_t>(t);
        break;
      case Kind::Float:
        v.kind = Value::Float;
        v.d = number<double>(t);
        break;
      case Kind::Bool:
        v.kind = Value::Bool;
        v.b = t == "True" || t == "true";
        break;
      case Kind::Number:
      case Kind::Scalar:
        v.kind = Value::Number;
        v.scalar = scalar(t);
        break;
      case Kind::Str:
        if (t.size() < 2) bad(t);
        p.default_text = std::string(t.substr(1, t.size() - 2));
        v.kind = Value::Str;
        break;  // the pointer is set once the parameter has its final place
      case Kind::IntList: int_list(p, t); break;
      case Kind::Format: format(v, t); break;
      case Kind::Dtype: dtype(v, t); break;
      default: bad(t);
    }
  }
  template <class T> T number(std::string_view t) const {
    T n{};
    auto [end, error] = std::from_chars(t.data(), t.data() + t.size(), n);
    if (error != std::errc() || end != t.data() + t.size()) {
      if constexpr (std::is_floating_point_v<T>) {
        if (t == "inf" || t == "-inf") return t == "inf" ? T(HUGE_VAL) : -T(HUGE_VAL);
      }
      bad(t);
    }
    return n;
  }
  Scalar scalar(std::string_view t) const {
    if (t == "True" || t == "False") return Scalar(t == "True");
    if (t.find_first_of(".en") == std::string_view::npos) return Scalar(number<int64_t>(t));
    return Scalar(number<double>(t));
  }
  void int_list(Param& p, std::string_view t) const {
    std::vector<int64_t> values;
    if (t.starts_with('[') || t.starts_with('(')) {
      for (std::string_view part : split(t.substr(1, t.size() - 2))) values.push_back(number<int64_t>(part));
    } else {
      values.push_back(number<int64_t>(t));
    }
    p.ints.reset(new int64_t[values.size() + 1]);
    std::copy(values.begin(), values.end(), p.ints.get());
    p.value.kind = Value::IntList;
    p.value.ints = {p.ints.get(), values.size()};
  }
  void format(Value& v, std::string_view t) const {
    if (t.starts_with("torch.")) t.remove_prefix(6);
    v.kind = Value::Format;
    if (t.starts_with("contiguous"))
      v.format = MemoryFormat::Contiguous;
    else if (t.starts_with("preserve"))
      v.format = MemoryFormat::Preserve;
    else if (t == "channels_last")
      v.format = MemoryFormat::ChannelsLast;
    else
      bad(t);
  }
  void dtype(Value& v, std::string_view t) const {
    v.kind = Value::DtypeK;
    for (int i = 0; i < kDtypes; ++i)
      if (t == name_of(Dtype(i)) || (t == "long" && Dtype(i) == Dtype::I64)) {
        v.dtype = Dtype(i);
        return;
      }
    bad(t);
  }

  void results(Overload& o, std::string_view t) const {
    if (!t.starts_with("->")) bad(t);
    t = trim(t.substr(2));
    if (t.starts_with('(')) t = t.substr(1, t.size() - 2);
    for (std::string_view part : split(t)) {
      size_t space = part.rfind(' ');
      o.result_types.emplace_back(part.substr(0, space));
      if (space != std::string_view::npos) o.results.emplace_back(part.substr(space + 1));
    }
    if (o.results.size() != o.result_types.size()) o.results.clear();
  }

  // What the binding adds: out=, and what PyTorch's creation functions take for other kinds of devices.
  void extra(Overload& o, const char* name, Kind kind, Role role, bool optional) const {
    for (const Param& p : o.params)
      if (p.text == name) return;
    Param p;
    p.text = name;
    p.name = intern(name);
    p.kind = kind;
    p.role = role;
    p.optional = optional;
    p.keyword_only = p.has_default = true;
    p.default_text = optional ? "None" : "False";
    o.params.push_back(std::move(p));
  }

  void finish(Overload& o) const {
    o.arguments = int(o.params.size());
    bool has_device = false;
    for (int i = 0; i < o.arguments; ++i) {
      Param& p = o.params[size_t(i)];
      if (!p.keyword_only) ++o.positional;
      if (p.text == "self") o.self = i;
      if (p.kind == Kind::Tensor || p.kind == Kind::TensorList) o.any_tensor = true;
      has_device = has_device || (p.kind == Kind::Device && p.has_default);
    }
    if (record_.flags & kOut) extra(o, "out", Kind::Tensor, Role::Out, true);
    if (has_device) {
      extra(o, "layout", Kind::Layout, Role::Ignored, true);
      extra(o, "requires_grad", Kind::Bool, Role::RequiresGrad, false);
      extra(o, "pin_memory", Kind::Bool, Role::PinMemory, true);
    }
    for (Param& p : o.params) {
      aliases(p);
      if (p.kind == Kind::Str && p.has_default && p.value.kind == Value::Str)
        p.value.str = {p.default_text.data(), p.default_text.size()};
    }
  }
  static void aliases(Param& p) {
    auto set = [&p](std::initializer_list<const char*> names) {
      int i = 0;
      for (const char* n : names) p.alias[i++] = intern(n);
    };
    if (p.text == "dim")
      set({"axis"});
    else if (p.text == "keepdim")
      set({"keepdims"});
    else if (p.text == "self" || p.text == "input") {
      p.name = intern("input");
      set({"x", "a", "x1"});
    } else if (p.text == "other")
      set({"x2"});
  }

  const OpRecord& record_;
  std::string_view text_;
};

}  // namespace

std::string_view schema_name(const char* schema) { return {schema, std::strcspn(schema, "(.")}; }

Overload parse_schema(const OpRecord& record) { return Reader(record).read(); }

const char* kind_text(const Param& p) {
  switch (p.kind) {
    case Kind::Tensor: return p.role == Role::Out ? "Tensor" : "Tensor";
    case Kind::TensorList: return "tuple of Tensors";
    case Kind::Number: return "Tensor";
    case Kind::Scalar: return "Number";
    case Kind::Int: return "int";
    case Kind::Float: return "float";
    case Kind::Bool: return "bool";
    case Kind::Str: return "str";
    case Kind::Dtype: return "torch.dtype";
    case Kind::Device: return "torch.device";
    case Kind::IntList: return "tuple of ints";
    case Kind::Format: return "torch.memory_format";
    case Kind::Layout: return "torch.layout";
    default: return "torch.Generator";
  }
}

std::string signature_text(const Overload& o, bool with_self) {
  std::string s = "(";
  bool star = false;
  for (size_t i = 0; i < o.params.size(); ++i) {
    const Param& p = o.params[i];
    if (!with_self && (int(i) == o.self || p.role == Role::Out)) continue;
    if (s.size() > 1) s += ", ";
    if (p.keyword_only && !star) {
      s += "*, ";
      star = true;
    }
    s += kind_text(p);
    s += " ";
    s += p.text == "self" ? "input" : p.text;
    if (p.has_default) s += " = " + p.default_text;
  }
  return s + ")";
}

}  // namespace adjoint::python
