#pragma once
// The arguments of a call, and how they meet parameters.
//
//   Bound got(arguments, {"width", "first", "blank"}, "indent");
//   Value width = got.value(0, Value::integer(4));
//
// Values: any thread that has them.

#include "actors/model/chat_template/value.h"

#include <string>
#include <utility>
#include <vector>

namespace tramontane::jinja {

struct Arguments {
  Value::Items positional;
  std::vector<std::pair<std::string, Value>> named;
};

class Bound {
 public:
  // Throws Error(bad_input) where an argument has no parameter or two, or one of the first
  // `required` parameters has none.
  Bound(const Arguments& arguments, std::vector<std::string> parameters, const std::string& callee,
      std::size_t required = 0);

  bool has(std::size_t parameter) const { return !values_[parameter].is(Kind::missing); }

  Value value(std::size_t parameter, const Value& otherwise) const {
    return has(parameter) ? values_[parameter] : otherwise;
  }

  const Value& operator[](std::size_t parameter) const { return values_[parameter]; }

  // Throws where the argument is of another type.
  std::int64_t integer(std::size_t parameter, std::int64_t otherwise) const;
  bool truth(std::size_t parameter, bool otherwise) const;
  const std::string& text(std::size_t parameter) const;

 private:
  Value::Items values_;
  std::vector<std::string> parameters_;
  std::string callee_;
};

}  // namespace tramontane::jinja
