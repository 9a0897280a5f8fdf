#include "actors/model/chat_template/operators.h"

#include "actors/model/chat_template/letters.h"
#include "actors/model/chat_template/objects.h"
#include "actors/model/chat_template/printing.h"

#include <algorithm>
#include <cmath>

namespace tramontane::jinja {

namespace {

// Numbers as Python orders them: an integer is not rounded to a float for it.
int order_of(const Value& a, const Value& b) {
  if (a.is_whole() && b.is_whole()) {
    std::int64_t x = a.as_integer();
    std::int64_t y = b.as_integer();
    return x < y ? -1 : x > y ? 1 : 0;
  }
  auto x = static_cast<long double>(a.as_real());
  auto y = static_cast<long double>(b.as_real());
  if (a.is_whole()) x = static_cast<long double>(a.as_integer());
  if (b.is_whole()) y = static_cast<long double>(b.as_integer());
  return x < y ? -1 : x > y ? 1 : x == y ? 0 : 2;  // 2: not a number
}

bool equal_items(const Value::Items& a, const Value::Items& b, Work& work) {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i)
    if (!a[i].same(b[i]) && !is_equal(a[i], b[i], work)) return false;
  return true;
}

bool equal_pairs(const Value::Pairs& a, const Value::Pairs& b, Work& work) {
  if (a.size() != b.size()) return false;
  for (const auto& [key, value] : a) {
    const Value* other = find(b, key, work);
    if (other == nullptr || (!value.same(*other) && !is_equal(value, *other, work))) return false;
  }
  return true;
}

void want_hashable(const Value& key) {
  switch (key.kind()) {
    case Kind::list:
    case Kind::dict:
      fail("unhashable type: " + type_name(key));
    case Kind::tuple:
      for (const Value& item : key.items()) want_hashable(item);
      return;
    case Kind::view:
    case Kind::loop:
    case Kind::space:
    case Kind::generator:
    case Kind::function:
      refuse("a dict with a key of type " + type_name(key));
    default:
      return;
  }
}

[[noreturn]] void no_order(const Value& a, const Value& b) {
  want_defined(a);
  want_defined(b);
  fail("cannot order a value of type " + type_name(a) + " and one of type " + type_name(b));
}

bool view_equal(const Value& a, const Value& b, Work& work) {
  if (a.same(b)) return true;
  if (a.as_view().part == 'v' || b.as_view().part == 'v') return false;
  if (a.as_view().part != b.as_view().part) refuse("comparing views of different kinds");
  if (a.as_view().part == 'i')
    return equal_pairs(a.as_view().dict.pairs(), b.as_view().dict.pairs(), work);
  const Value::Pairs& left = a.as_view().dict.pairs();
  const Value::Pairs& right = b.as_view().dict.pairs();
  return left.size() == right.size() && std::ranges::all_of(left, [&](const auto& pair) {
    return find(right, pair.first, work) != nullptr;
  });
}

}  // namespace

void want_defined(const Value& value) {
  if (value.is(Kind::undefined)) fail(value.hint());
}

bool is_true(const Value& value) {
  switch (value.kind()) {
    case Kind::missing:
    case Kind::undefined:
    case Kind::none:
      return false;
    case Kind::boolean:
    case Kind::integer:
      return value.as_integer() != 0;
    case Kind::real:
      return value.as_real() != 0;
    case Kind::text:
      return !value.as_text().empty();
    default: {
      auto length = length_of(value);
      return !length || *length != 0;
    }
  }
}

bool is_equal(const Value& a, const Value& b, Work& work) {
  Work::Level level(work);
  work.spend(8);
  if (a.is_number() && b.is_number()) return order_of(a, b) == 0;
  if (a.kind() != b.kind()) return false;
  switch (a.kind()) {
    case Kind::missing:
    case Kind::undefined:
    case Kind::none:
      return true;
    case Kind::text:
      work.spend(static_cast<std::int64_t>(std::min(a.as_text().size(), b.as_text().size())));
      return a.as_text() == b.as_text();
    case Kind::list:
    case Kind::tuple:
      return equal_items(a.items(), b.items(), work);
    case Kind::dict:
      return equal_pairs(a.pairs(), b.pairs(), work);
    case Kind::range: {
      const Range& x = a.as_range();
      const Range& y = b.as_range();
      return x.length == y.length && (x.length == 0 || x.start == y.start) &&
             (x.length < 2 || x.step == y.step);
    }
    case Kind::view:
      return view_equal(a, b, work);
    case Kind::function:
      if (!a.same(b) && !a.as_function().self.is(Kind::undefined)) refuse("comparing methods");
      return a.same(b) || a.as_function().name == b.as_function().name;
    default:
      return a.same(b);
  }
}

bool is_less(const Value& a, const Value& b, Work& work) {
  Work::Level level(work);
  work.spend(8);
  if (a.is_number() && b.is_number()) return order_of(a, b) == -1;
  if (a.is(Kind::text) && b.is(Kind::text)) {
    work.spend(static_cast<std::int64_t>(std::min(a.as_text().size(), b.as_text().size())));
    return a.as_text() < b.as_text();  // the bytes of UTF-8 have the order of their points
  }
  if (a.kind() == b.kind() && (a.is(Kind::list) || a.is(Kind::tuple))) {
    const Value::Items& x = a.items();
    const Value::Items& y = b.items();
    for (std::size_t i = 0; i < std::min(x.size(), y.size()); ++i)
      if (!x[i].same(y[i]) && !is_equal(x[i], y[i], work)) return is_less(x[i], y[i], work);
    return x.size() < y.size();
  }
  if (a.is(Kind::view) || b.is(Kind::view)) refuse("ordering views of a dict");
  no_order(a, b);
}

bool compare(const std::string& op, const Value& a, const Value& b, Work& work) {
  if (op == "==") return is_equal(a, b, work);
  if (op == "!=") return !is_equal(a, b, work);
  if (op == "in") return contains(b, a, work);
  if (op == "not in") return !contains(b, a, work);
  if (op == "<") return is_less(a, b, work);
  if (op == ">") return is_less(b, a, work);
  if (a.is_number() && b.is_number()) {
    int order = order_of(a, b);
    return order == 0 || order == (op == "<=" ? -1 : 1);
  }
  return op == "<=" ? !is_less(b, a, work) : !is_less(a, b, work);
}

bool contains(const Value& container, const Value& item, Work& work) {
  work.spend(8);
  switch (container.kind()) {
    case Kind::text:
      if (!item.is(Kind::text)) {
        fail("`in` a text wants a text, not a value of type " + type_name(item));
      }
      work.spend(static_cast<std::int64_t>(container.as_text().size()));
      return container.as_text().find(item.as_text()) != std::string::npos;
    case Kind::dict:
      want_hashable(item);
      return find(container.pairs(), item, work) != nullptr;
    case Kind::view:
      if (container.as_view().part == 'k') {
        want_hashable(item);
        return find(container.as_view().dict.pairs(), item, work) != nullptr;
      }
      break;
    case Kind::generator:
      while (auto next = next_of(container))
        if (next->same(item) || is_equal(*next, item, work)) return true;
      return false;
    case Kind::loop:
      refuse("`in` a loop");
    default:
      break;
  }
  return std::ranges::any_of(items_of(container, work),
      [&](const Value& next) { return next.same(item) || is_equal(next, item, work); });
}

const Value* find(const Value::Pairs& pairs, const Value& key, Work& work) {
  for (const auto& [name, value] : pairs)
    if (name.same(key) || is_equal(name, key, work)) return &value;
  return nullptr;
}

const Value* find(const Value::Pairs& pairs, const std::string& key) {
  for (const auto& [name, value] : pairs)
    if (name.is(Kind::text) && name.as_text() == key) return &value;
  return nullptr;
}

void put(Value::Pairs& pairs, Value key, Value value, Work& work) {
  want_hashable(key);
  work.spend(64);
  for (auto& [name, old] : pairs)
    if (name.same(key) || is_equal(name, key, work)) {
      old = std::move(value);
      return;
    }
  pairs.emplace_back(std::move(key), std::move(value));
}

std::optional<Value> next_of(const Value& value) {
  Generator& generator = value.as_generator();
  if (generator.next < generator.items.size()) return generator.items[generator.next++];
  if (generator.error) std::rethrow_exception(std::exchange(generator.error, nullptr));
  return std::nullopt;
}

std::optional<std::int64_t> length_of(const Value& value) {
  switch (value.kind()) {
    case Kind::undefined:
      return 0;
    case Kind::text:
      return static_cast<std::int64_t>(count_points(value.as_text()));
    case Kind::list:
    case Kind::tuple:
      return static_cast<std::int64_t>(value.items().size());
    case Kind::dict:
      return static_cast<std::int64_t>(value.pairs().size());
    case Kind::view:
      return static_cast<std::int64_t>(value.as_view().dict.pairs().size());
    case Kind::range:
      return value.as_range().length;
    case Kind::loop:
      return value.as_loop().length();
    default:
      return std::nullopt;
  }
}

Value range_item(const Value& range, std::int64_t index) {
  return Value::integer(range.as_range().start + index * range.as_range().step);
}

Value::Items items_of(const Value& value, Work& work) {
  Value::Items items;
  if (auto length = length_of(value)) {
    work.spend(32 * *length);
    items.reserve(static_cast<std::size_t>(*length));
  }
  switch (value.kind()) {
    case Kind::undefined:
      break;
    case Kind::text: {
      const std::string& text = value.as_text();
      for (std::size_t at = 0; at < text.size();) {
        std::size_t begin = at;
        next_point(text, at);
        items.push_back(Value::text(text.substr(begin, at - begin)));
      }
      break;
    }
    case Kind::list:
    case Kind::tuple:
      items = value.items();
      break;
    case Kind::dict:
      for (const auto& [key, element] : value.pairs()) items.push_back(key);
      break;
    case Kind::view:
      for (const auto& [key, element] : value.as_view().dict.pairs())
        items.push_back(value.as_view().part == 'i'   ? Value::tuple({key, element})
                        : value.as_view().part == 'k' ? key
                                                      : element);
      break;
    case Kind::range:
      for (std::int64_t i = 0; i < value.as_range().length; ++i)
        items.push_back(range_item(value, i));
      break;
    case Kind::generator: {
      Generator& generator = value.as_generator();
      auto from = static_cast<std::ptrdiff_t>(generator.next);
      items.assign(generator.items.begin() + from, generator.items.end());
      work.spend(32 * static_cast<std::int64_t>(items.size()));
      generator.next = generator.items.size();
      if (generator.error) std::rethrow_exception(std::exchange(generator.error, nullptr));
      break;
    }
    case Kind::loop:
      refuse("going through a loop's `loop`");
    default:
      fail("a value of type " + type_name(value) + " is not iterable");
  }
  return items;
}

}  // namespace tramontane::jinja
