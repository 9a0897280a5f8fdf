#pragma once
// The objects behind values that are more than a text or a container.
//
//   Value next = loop.items[loop.index0 + 1];
//
// Of one rendering, which owns spaces, macros and loops until its end (evaluator.h).

#include "actors/model/chat_template/value.h"

#include <functional>
#include <limits>
#include <optional>

namespace tramontane::jinja {

struct Range final : Object {
  std::int64_t start = 0, stop = 0, step = 1, length = 0;
};

struct Generator final : Object {
  Value::Items items;
  std::size_t next = 0;
  std::exception_ptr error;
};

struct Function final : Object {
  std::string name;
  Value self;  // undefined for a global
};

struct View final : Object {
  char part = 'k';
  Value dict;
};

struct Space final : Object {
  Value::Pairs pairs;
};

struct Statement;
class Frame;

struct Macro final : Object {
  const Statement* definition = nullptr;
  std::string name;        // empty for the body of a call
  Frame* frame = nullptr;  // that it was defined in
};

struct Loop final : Object {
  Value::Items items;  // that were come to
  // The next one, where they are found one by one; nothing behind the last.
  std::function<std::optional<Value>()> more;
  std::int64_t index0 = 0;
  std::int64_t depth0 = 0;
  std::optional<Value::Items> changed;  // what loop.changed() was last called with
  const Statement* recursive = nullptr;
  Frame* frame = nullptr;
  bool ended = false;

  // Whether there is an item at the place, which may have to be found.
  bool reaches(std::int64_t index) {
    while (more && static_cast<std::int64_t>(items.size()) <= index) {
      std::optional<Value> item = more();
      if (item)
        items.push_back(std::move(*item));
      else
        more = nullptr;
    }
    return index < static_cast<std::int64_t>(items.size());
  }

  std::int64_t length() {
    reaches(std::numeric_limits<std::int64_t>::max());
    return static_cast<std::int64_t>(items.size());
  }
};

}  // namespace tramontane::jinja
