// The grammar of schemas: names, brackets, commas. ops/schema.cpp reads all of a schema with it, the templates of
// pointwise operations count their operands with it when they are compiled.
#pragma once
#include <string_view>

namespace adjoint {

// "add" of "add(Tensor self, Number other) -> Tensor".
constexpr std::string_view schema_name(std::string_view schema) { return schema.substr(0, schema.find('(')); }

constexpr std::string_view trimmed(std::string_view s) {
  while (!s.empty() && s.front() == ' ') s.remove_prefix(1);
  while (!s.empty() && s.back() == ' ') s.remove_suffix(1);
  return s;
}

// Takes the first part off a list, up to a comma that stands in no brackets.
constexpr std::string_view next_part(std::string_view& list) {
  size_t end = 0;
  for (int depth = 0; end < list.size() && (depth > 0 || list[end] != ','); ++end)
    depth += (list[end] == '(' || list[end] == '[') - (list[end] == ')' || list[end] == ']');
  const std::string_view part = list.substr(0, end);
  list.remove_prefix(end < list.size() ? end + 1 : end);
  return trimmed(part);
}

// What stands between the brackets after the name, and what follows them; empty where they do not match.
struct SchemaHalves {
  std::string_view parameters, result;
};
constexpr SchemaHalves schema_halves(std::string_view schema) {
  const size_t open = schema.find('(');
  int depth = 0;
  for (size_t i = open; i < schema.size(); ++i) {
    depth += (schema[i] == '(') - (schema[i] == ')');
    if (depth == 0) return {schema.substr(open + 1, i - open - 1), trimmed(schema.substr(i + 1))};
  }
  return {};
}

constexpr int count_parameters(std::string_view schema) {
  int n = 0;
  for (std::string_view rest = schema_halves(schema).parameters; !rest.empty();) n += next_part(rest) != "*";
  return n;
}

}  // namespace adjoint
