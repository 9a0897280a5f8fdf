#pragma once
// A Value is what an expression of a chat template gives: what Python's object would be.
//
//   Value text = Value::text("<|user|>");
//   Value both = Value::list({text, Value::integer(3)});
//   both.items()[1].as_integer();         // 3
//
// Values are immutable and copied cheaply: texts and containers are shared. Containers nest
// nesting_max deep, deeper is Error(bad_input). What can change (a namespace) or refers back to
// what it was made in (a macro, a loop) is owned by the rendering, and a Value only points to it.
// Of one rendering, which is of one thread.

#include <cstdint>
#include <exception>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tramontane::jinja {

enum class Kind : std::uint8_t {
  missing,    // of a name that has not been given a value yet; no expression gives it
  undefined,  // printed as nothing; what it is in detail is told when it is used
  none,
  boolean,
  integer,  // 64 bits, where Python's has no bound: more is refused
  real,
  text,  // valid UTF-8
  list,
  tuple,
  dict,  // in the order of insertion
  view,  // of a dict: its items, keys or values
  range,
  generator,  // what a filter such as `select` gives: can be gone through once
  function,   // built in, or a method of a value
  space,      // namespace()
  macro,
  loop,
};

constexpr int nesting_max = 100;

struct Object {
  Object() = default;
  Object(const Object&) = delete;
  Object& operator=(const Object&) = delete;
  virtual ~Object() = default;

  int nesting = 0;
};

struct Space;  // of objects.h, as are the next
struct Macro;
struct Loop;
struct Range;
struct Generator;
struct Function;
struct View;

class Value {
 public:
  using Items = std::vector<Value>;
  using Pairs = std::vector<std::pair<Value, Value>>;

  Value() = default;  // missing

  static Value undefined(std::string hint);
  static Value none();
  static Value boolean(bool value);
  static Value integer(std::int64_t value);
  static Value real(double value);
  static Value text(std::string value);
  // One that the filter `escape` does not touch: Python's Markup.
  static Value safe_text(std::string value);
  static Value list(Items items);
  static Value tuple(Items items);
  static Value dict(Pairs pairs);  // keys differ and are hashable
  static Value range(std::int64_t start, std::int64_t stop, std::int64_t step, std::int64_t length);
  // `error`: what going on after the last item throws; nothing for an ordinary end.
  static Value generator(Items items, std::exception_ptr error = nullptr);
  static Value function(std::string name, Value self);
  static Value view(char part, Value dict);  // part: 'i'tems, 'k'eys, 'v'alues
  static Value of(Space* space);
  static Value of(Macro* macro);
  static Value of(Loop* loop);

  Kind kind() const { return kind_; }

  bool is(Kind kind) const { return kind_ == kind; }

  bool is_safe() const { return safe_; }

  bool is_number() const {
    return kind_ == Kind::integer || kind_ == Kind::real || kind_ == Kind::boolean;
  }

  // A boolean counts as 0 or 1, as in Python.
  bool is_whole() const { return kind_ == Kind::integer || kind_ == Kind::boolean; }

  // Each of these wants the kind that it names.
  bool as_boolean() const { return integer_ != 0; }

  std::int64_t as_integer() const { return integer_; }

  double as_real() const { return kind_ == Kind::real ? real_ : static_cast<double>(integer_); }

  const std::string& as_text() const;
  const Items& items() const;  // of a list or tuple
  const Pairs& pairs() const;  // of a dict
  const std::string& hint() const;
  const Range& as_range() const;
  Generator& as_generator() const;
  const Function& as_function() const;
  const View& as_view() const;
  Space& as_space() const;
  Macro& as_macro() const;
  Loop& as_loop() const;

  int nesting() const { return object_ ? object_->nesting : 0; }

  // The same object, as Python's `is`.
  bool same(const Value& other) const;

 private:
  Value(Kind kind, std::int64_t integer) : kind_(kind), integer_(integer) {}

  static Value make(Kind kind, std::shared_ptr<Object> object);

  Kind kind_ = Kind::missing;
  bool safe_ = false;

  union {
    std::int64_t integer_ = 0;
    double real_;
  };

  std::shared_ptr<Object> object_;
};

}  // namespace tramontane::jinja
