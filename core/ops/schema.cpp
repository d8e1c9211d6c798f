#include "ops/schema.h"
#include <charconv>
#include <cmath>
#include "ops/schema_text.h"

namespace adjoint {
namespace {

struct KindName {
  std::string_view text;
  Kind kind;
};
constexpr KindName kinds[] = {{"Tensor", Kind::Tensor},
                              {"Number", Kind::Number},
                              {"Scalar", Kind::Scalar},
                              {"int", Kind::Int},
                              {"float", Kind::Float},
                              {"bool", Kind::Bool},
                              {"str", Kind::Str},
                              {"dtype", Kind::Dtype},
                              {"device", Kind::Device},
                              {"memory_format", Kind::Format},
                              {"Generator", Kind::Generator},
                              {"layout", Kind::Layout}};

class Reader {
 public:
  explicit Reader(const char* schema) : text_(schema) {}

  Schema read() const {
    auto [inside, result] = schema_halves(text_);
    if (!result.starts_with("->")) bad(text_);
    Schema s;
    s.name = schema_name(text_);
    bool keyword_only = false;
    while (!inside.empty()) {
      const std::string_view part = next_part(inside);
      if (part == "*")
        keyword_only = true;
      else
        s.parameters.push_back(parameter(part, keyword_only));
    }
    read_results(s, trimmed(result.substr(2)));
    return s;
  }

 private:
  [[noreturn]] void bad(std::string_view where) const {
    fail(ErrorKind::Internal, "adjoint: schema '", text_, "': cannot read '", where, "'");
  }

  void read_type(Parameter& p, std::string_view t) const {
    p.type = t;
    if (t.ends_with('?')) {
      p.optional = true;
      t.remove_suffix(1);
    }
    const bool list = t.ends_with(']');
    if (list) {
      const size_t open = t.find('[');
      p.lone_int = t.substr(open) == "[1]";
      t = t.substr(0, open);
      if (t.ends_with('?')) {
        p.null_elements = true;
        t.remove_suffix(1);
      }
    }
    for (const KindName& k : kinds) {
      if (k.text != t) continue;
      p.kind = !list                    ? k.kind
               : k.kind == Kind::Tensor ? Kind::TensorList
               : k.kind == Kind::Int    ? Kind::IntList
                                        : Kind::Layout;
      if (p.kind != Kind::Layout) return;
    }
    bad(t);
  }

  Parameter parameter(std::string_view part, bool keyword_only) const {
    Parameter p;
    p.keyword_only = keyword_only;
    const size_t equal = part.find('=');
    const std::string_view head = trimmed(part.substr(0, equal));
    const size_t space = head.rfind(' ');
    if (space == std::string_view::npos) bad(part);
    read_type(p, trimmed(head.substr(0, space)));
    p.text = head.substr(space + 1);
    if (equal != std::string_view::npos) read_default(p, trimmed(part.substr(equal + 1)));
    return p;
  }

  void read_default(Parameter& p, std::string_view t) const {
    p.has_default = true;
    p.default_text = t;
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
        v.b = truth(t);
        break;
      case Kind::Number:
      case Kind::Scalar:
        v.kind = Value::Number;
        v.scalar = scalar(t);
        break;
      case Kind::Str:
        if (t.size() < 2 || t.front() != '\'' || t.back() != '\'') bad(t);
        p.default_text = t.substr(1, t.size() - 2);
        v.kind = Value::Str;
        v.str = {p.default_text.data(), p.default_text.size()};
        break;
      case Kind::IntList: read_ints(v, t); break;
      default: bad(t);
    }
  }
  bool truth(std::string_view t) const {
    if (t != "True" && t != "False") bad(t);
    return t == "True";
  }
  template <class T> T number(std::string_view t) const {
    T n{};
    auto [end, error] = std::from_chars(t.data(), t.data() + t.size(), n);  // of floats, "inf" too
    if (error != std::errc() || end != t.data() + t.size()) bad(t);
    return n;
  }
  Scalar scalar(std::string_view t) const {
    if (t.find_first_of(".en") == std::string_view::npos) return Scalar(number<int64_t>(t));
    return Scalar(number<double>(t));
  }
  void read_ints(Value& v, std::string_view t) const {
    std::vector<int64_t> values;
    if (!t.starts_with('[') && !t.starts_with('(')) {
      values.push_back(number<int64_t>(t));
    } else {
      for (std::string_view rest = t.substr(1, t.size() - 2); !rest.empty();)
        values.push_back(number<int64_t>(next_part(rest)));
    }
    auto* kept = new int64_t[values.size() + 1];
    std::copy(values.begin(), values.end(), kept);
    v.kind = Value::IntList;
    v.ints = {kept, values.size()};
  }

  void read_results(Schema& s, std::string_view t) const {
    if (t.starts_with('(')) t = t.substr(1, t.size() - 2);
    while (!t.empty()) {
      const std::string_view part = next_part(t);
      const size_t space = part.rfind(' ');
      Parameter p;
      read_type(p, part.substr(0, space));
      if (space != std::string_view::npos) p.text = part.substr(space + 1);
      s.results.push_back(p);
    }
    s.named_results = !s.results.empty() && !s.results[0].text.empty();
    for (const Parameter& p : s.results)
      if (p.text.empty() == s.named_results) bad(text_);
  }

  std::string_view text_;
};

}  // namespace

std::string_view kind_name(Kind k) {
  const Kind element = k == Kind::TensorList ? Kind::Tensor : k == Kind::IntList ? Kind::Int : k;
  for (const KindName& name : kinds)
    if (name.kind == element) return name.text;
  return "";
}

const Schema& schema_of(const OpRecord& record) {
  if (!record.parsed) record.parsed = new Schema(Reader(record.schema).read());
  return *record.parsed;
}

}  // namespace adjoint
