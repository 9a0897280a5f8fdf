#include "actors/model/chat_template/filters.h"
#include "actors/model/chat_template/letters.h"
#include "actors/model/chat_template/lexer.h"
#include "actors/model/chat_template/operators.h"
#include "actors/model/chat_template/predicates.h"
#include "actors/model/chat_template/printing.h"

#include <algorithm>
#include <functional>

namespace tramontane::jinja {

namespace {

// A generator of what `fill` adds. Python would run it item by item: an error is told when going
// through it reaches the place.
template <class Fill>
Value lazily(Fill fill) {
  Value::Items items;
  std::exception_ptr error;
  try {
    fill(items);
  } catch (const Error&) {
    error = std::current_exception();
  }
  return Value::generator(std::move(items), std::move(error));
}

Value without_case(const Value& value, bool case_sensitive) {
  return case_sensitive || !value.is(Kind::text) ? value : Value::text(lower(value.as_text()));
}

// The order that a sort compares by: a list of what each path of `attribute` reads.
Value sort_key(const Value& item, const Value& attribute, bool case_sensitive, Work& work) {
  Value::Items keys;
  if (!attribute.is(Kind::text)) {
    keys.push_back(without_case(path_of(item, attribute, Value::none(), work), case_sensitive));
    return Value::list(std::move(keys));
  }
  const std::string& paths = attribute.as_text();
  for (std::size_t begin = 0; begin <= paths.size();) {
    std::size_t end = std::min(paths.find(',', begin), paths.size());
    Value path = Value::text(paths.substr(begin, end - begin));
    keys.push_back(without_case(path_of(item, path, Value::none(), work), case_sensitive));
    begin = end + 1;
  }
  return Value::list(std::move(keys));
}

Value::Items sorted(Value::Items items, bool reverse, Work& work,
    const std::function<Value(const Value&)>& key_of) {
  std::vector<std::pair<Value, Value>> keyed;
  keyed.reserve(items.size());
  for (Value& item : items) keyed.emplace_back(key_of(item), std::move(item));
  std::stable_sort(keyed.begin(), keyed.end(), [&](const auto& a, const auto& b) {
    return reverse ? is_less(b.first, a.first, work) : is_less(a.first, b.first, work);
  });
  items.clear();
  for (auto& [key, item] : keyed) items.push_back(std::move(item));
  return items;
}

Value sort(const Value& value, const Arguments& arguments, Work& work) {
  Bound got(arguments, {"reverse", "case_sensitive", "attribute"}, "sort");
  Value attribute = got.value(2, Value::none());
  return Value::list(sorted(items_of(value, work), got.truth(0, false), work,
      [&](const Value& item) { return sort_key(item, attribute, got.truth(1, false), work); }));
}

Value dictsort(const Value& value, const Arguments& arguments, Work& work) {
  Bound got(arguments, {"case_sensitive", "by", "reverse"}, "dictsort");
  std::string by = got.has(1) ? got.text(1) : "key";
  if (by != "key" && by != "value") fail("`dictsort` sorts by \"key\" or \"value\"");
  want_defined(value);
  if (!value.is(Kind::dict)) fail("`dictsort` of a value of type " + type_name(value));
  Value::Items items = items_of(Value::view('i', value), work);
  return Value::list(sorted(std::move(items), got.truth(2, false), work, [&](const Value& pair) {
    return without_case(pair.items()[by == "key" ? 0 : 1], got.truth(0, false));
  }));
}

Value extreme(const std::string& name, const Value& value, const Arguments& arguments, Work& work) {
  Bound got(arguments, {"case_sensitive", "attribute"}, name);
  Value attribute = got.value(1, Value::none());
  auto key_of = [&](const Value& item) {
    return without_case(path_of(item, attribute, Value::none(), work), got.truth(0, false));
  };
  Value::Items items = items_of(value, work);
  if (items.empty()) return Value::undefined("there is no aggregated item: the list is empty");
  std::size_t best = 0;
  Value best_key = key_of(items[0]);
  for (std::size_t i = 1; i < items.size(); ++i) {
    Value key = key_of(items[i]);
    if (name == "max" ? is_less(best_key, key, work) : is_less(key, best_key, work)) {
      best = i;
      best_key = std::move(key);
    }
  }
  return items[best];
}

Value unique(const Value& value, const Arguments& arguments, Work& work) {
  Bound got(arguments, {"case_sensitive", "attribute"}, "unique");
  Value attribute = got.value(1, Value::none());
  return lazily([&](Value::Items& out) {
    Value::Pairs seen;
    for (Value& item : items_of(value, work)) {
      Value key = without_case(path_of(item, attribute, Value::none(), work), got.truth(0, false));
      std::size_t before = seen.size();
      put(seen, std::move(key), Value::none(), work);
      if (seen.size() > before) out.push_back(std::move(item));
    }
  });
}

Value sum(const Value& value, const Arguments& arguments, Work& work) {
  Bound got(arguments, {"attribute", "start"}, "sum");
  Value total = got.value(1, Value::integer(0));
  if (total.is(Kind::text)) fail("`sum` of texts");
  Value attribute = got.value(0, Value::none());
  for (const Value& item : items_of(value, work))
    total = arithmetic("+", total, path_of(item, attribute, Value::none(), work), work);
  return total;
}

Value join(const Value& value, const Arguments& arguments, Work& work) {
  Bound got(arguments, {"d", "attribute"}, "join");
  std::string between = to_text(got.value(0, Value::text("")), work);
  Value attribute = got.value(1, Value::none());
  std::string out;
  bool first = true;
  for (const Value& item : items_of(value, work)) {
    work.spend(static_cast<std::int64_t>(between.size()));
    if (!first) out += between;
    out += to_text(path_of(item, attribute, Value::none(), work), work);
    first = false;
  }
  return Value::text(std::move(out));
}

Value map(const Value& value, const Arguments& arguments, Work& work) {
  return lazily([&](Value::Items& out) {
    if (!is_true(value)) return;
    if (arguments.positional.empty()) {
      Bound got(arguments, {"attribute", "default"}, "map", 1);
      for (const Value& item : items_of(value, work))
        out.push_back(path_of(item, got[0], got.value(1, Value::none()), work));
      return;
    }
    const Value& name = arguments.positional[0];
    if (!name.is(Kind::text)) fail("`map` wants the name of a filter");
    Arguments rest = arguments;
    rest.positional.erase(rest.positional.begin());
    for (const Value& item : items_of(value, work))
      out.push_back(apply_filter(name.as_text(), item, rest, work));
  });
}

// select, reject, selectattr, rejectattr.
Value selected(
    const std::string& name, const Value& value, const Arguments& arguments, Work& work) {
  return lazily([&](Value::Items& out) {
    if (!is_true(value)) return;
    bool by_attribute = name.ends_with("attr");
    Arguments rest = arguments;
    auto take = [&] {
      Value first = rest.positional.front();
      rest.positional.erase(rest.positional.begin());
      return first;
    };
    if (by_attribute && rest.positional.empty())
      fail("`" + name + "` wants the name of an attribute");
    Value path = by_attribute ? take() : Value::none();
    std::string test;
    if (!rest.positional.empty()) {
      Value given = take();
      if (!given.is(Kind::text)) fail("`" + name + "` wants the name of a test");
      test = given.as_text();
    }
    for (Value& item : items_of(value, work)) {
      Value read = path_of(item, path, Value::none(), work);
      bool passes = test.empty() ? is_true(read) : passes_test(test, read, rest, work);
      if (passes == name.starts_with("select")) out.push_back(std::move(item));
    }
  });
}

Value batch(const Value& value, const Arguments& arguments, Work& work) {
  Bound got(arguments, {"linecount", "fill_with"}, "batch", 1);
  return lazily([&](Value::Items& out) {
    std::int64_t size = got.integer(0, 0);
    Value::Items row;
    for (Value& item : items_of(value, work)) {
      if (static_cast<std::int64_t>(row.size()) == size)
        out.push_back(Value::list(std::exchange(row, {})));
      row.push_back(std::move(item));
    }
    if (row.empty()) return;
    Value fill = got.value(1, Value::none());
    while (!fill.is(Kind::none) && static_cast<std::int64_t>(row.size()) < size) {
      work.spend(32);
      row.push_back(fill);
    }
    out.push_back(Value::list(std::move(row)));
  });
}

Value slice_filter(const Value& value, const Arguments& arguments, Work& work) {
  Bound got(arguments, {"slices", "fill_with"}, "slice", 1);
  return lazily([&](Value::Items& out) {
    Value::Items items = items_of(value, work);
    std::int64_t slices = got.integer(0, 0);
    if (slices == 0) fail("`slice` into 0 slices");
    auto length = static_cast<std::int64_t>(items.size());
    if (slices < 0) return;
    Value fill = got.value(1, Value::none());
    std::int64_t at = 0;
    for (std::int64_t i = 0; i < slices; ++i) {
      work.spend(64);
      std::int64_t size = length / slices + (i < length % slices ? 1 : 0);
      Value::Items row(items.begin() + at, items.begin() + at + size);
      at += size;
      if (!fill.is(Kind::none) && i >= length % slices) row.push_back(fill);
      out.push_back(Value::list(std::move(row)));
    }
  });
}

Value reversed(const Value& value, Work& work) {
  if (value.is(Kind::text)) {
    const std::string& text = value.as_text();
    work.spend(static_cast<std::int64_t>(text.size()));
    auto offsets = point_offsets(text);
    std::string out;
    for (std::size_t i = offsets.size() - 1; i > 0; --i)
      out.append(text, offsets[i - 1], offsets[i] - offsets[i - 1]);
    return value.is_safe() ? Value::safe_text(std::move(out)) : Value::text(std::move(out));
  }
  Value::Items items = items_of(value, work);
  std::reverse(items.begin(), items.end());
  return value.is(Kind::generator) ? Value::list(std::move(items))
                                   : Value::generator(std::move(items));
}

Value first_item(const Value& value, Work& work) {
  if (value.is(Kind::generator)) {
    if (auto item = next_of(value)) return *item;
    return Value::undefined("there is no first item: the list is empty");
  }
  Value::Items items = items_of(value, work);
  return items.empty() ? Value::undefined("there is no first item: the list is empty") : items[0];
}

Value last_item(const Value& value, Work& work) {
  if (value.is(Kind::generator)) fail("`last` of a generator: write `| list` before it");
  Value::Items items = items_of(value, work);
  return items.empty() ? Value::undefined("there is no last item: the list is empty")
                       : items.back();
}

Value items_filter(const Value& value, Work& work) {
  return lazily([&](Value::Items& out) {
    if (value.is(Kind::undefined)) return;
    if (!value.is(Kind::dict)) fail("`items` of a value of type " + type_name(value));
    out = items_of(Value::view('i', value), work);
  });
}

}  // namespace

Value apply_list_filter(
    const std::string& name, const Value& value, const Arguments& arguments, Work& work) {
  if (name == "map") return map(value, arguments, work);
  if (name.starts_with("select") || name.starts_with("reject"))
    return selected(name, value, arguments, work);
  if (name == "join") return join(value, arguments, work);
  if (name == "sort") return sort(value, arguments, work);
  if (name == "dictsort") return dictsort(value, arguments, work);
  if (name == "min" || name == "max") return extreme(name, value, arguments, work);
  if (name == "unique") return unique(value, arguments, work);
  if (name == "sum") return sum(value, arguments, work);
  if (name == "batch") return batch(value, arguments, work);
  if (name == "slice") return slice_filter(value, arguments, work);
  Bound none(arguments, {}, name);
  if (name == "list") return Value::list(items_of(value, work));
  if (name == "first") return first_item(value, work);
  if (name == "last") return last_item(value, work);
  if (name == "reverse") return reversed(value, work);
  if (name == "items") return items_filter(value, work);
  return {};
}

}  // namespace tramontane::jinja
