#pragma once
// What Python's operators, subscripts and attributes do to values.
//
//   add(Value::integer(1), Value::real(0.5), work);    // 1.5
//   attribute(message, "content", work);               // undefined if there is none
//
// Pure but for the work that they spend. Where Python raises, they throw Error(bad_input).

#include "actors/model/chat_template/value.h"
#include "actors/model/chat_template/work.h"

#include <optional>

namespace tramontane::jinja {

bool is_true(const Value& value);
bool is_equal(const Value& a, const Value& b, Work& work);
bool is_less(const Value& a, const Value& b, Work& work);  // throws where there is no order
bool compare(const std::string& op, const Value& a, const Value& b, Work& work);
bool contains(const Value& container, const Value& item, Work& work);

// `op`: + - * / // % **
Value arithmetic(const std::string& op, const Value& a, const Value& b, Work& work);
Value negative(const Value& value);
Value positive(const Value& value);

// value.name and value[key] as Jinja2's sandbox resolves them: undefined where there is nothing.
Value attribute(const Value& value, const std::string& name, Work& work);
Value element(const Value& value, const Value& key, Work& work);

// value[begin:end:step]; nothing or `none` where it is left out.
Value slice(
    const Value& value, const Value& begin, const Value& end, const Value& step, Work& work);

// What a loop over it gives; a generator is used up by it.
Value::Items items_of(const Value& value, Work& work);

// The next item of a generator, which is used up by it; nothing behind the last.
std::optional<Value> next_of(const Value& generator);

// len(); nothing where Python has none.
std::optional<std::int64_t> length_of(const Value& value);

// The value of a key; nullptr if there is none.
const Value* find(const Value::Pairs& pairs, const Value& key, Work& work);
const Value* find(const Value::Pairs& pairs, const std::string& key);

// Adds, or replaces the value of an equal key. Throws for a key that Python cannot hash.
void put(Value::Pairs& pairs, Value key, Value value, Work& work);

Value range_item(const Value& range, std::int64_t index);

// Throws for what is used although it is undefined.
void want_defined(const Value& value);

}  // namespace tramontane::jinja
