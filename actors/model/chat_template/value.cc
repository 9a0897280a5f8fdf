#include "actors/model/chat_template/value.h"

#include "actors/model/chat_template/objects.h"
#include "actors/model/chat_template/work.h"

#include <algorithm>

namespace tramontane::jinja {

namespace {

struct Text final : Object {
  std::string text;
};

struct List final : Object {
  Value::Items items;
};

struct Dict final : Object {
  Value::Pairs pairs;
};

int above(int nesting) {
  if (nesting + 1 > nesting_max) fail("its values nest too deeply");
  return nesting + 1;
}

int nesting_of(const Value::Items& items) {
  int nesting = 0;
  for (const Value& item : items) nesting = std::max(nesting, item.nesting());
  return above(nesting);
}

}  // namespace

Value Value::make(Kind kind, std::shared_ptr<Object> object) {
  Value value(kind, 0);
  value.object_ = std::move(object);
  return value;
}

Value Value::undefined(std::string hint) {
  auto object = std::make_shared<Text>();
  object->text = std::move(hint);
  return make(Kind::undefined, std::move(object));
}

Value Value::none() {
  return {Kind::none, 0};
}

Value Value::boolean(bool value) {
  return {Kind::boolean, value ? 1 : 0};
}

Value Value::integer(std::int64_t value) {
  return {Kind::integer, value};
}

Value Value::real(double value) {
  Value made(Kind::real, 0);
  made.real_ = value;
  return made;
}

Value Value::text(std::string value) {
  auto object = std::make_shared<Text>();
  object->text = std::move(value);
  return make(Kind::text, std::move(object));
}

Value Value::safe_text(std::string value) {
  Value made = text(std::move(value));
  made.safe_ = true;
  return made;
}

Value Value::list(Items items) {
  auto object = std::make_shared<List>();
  object->nesting = nesting_of(items);
  object->items = std::move(items);
  return make(Kind::list, std::move(object));
}

Value Value::tuple(Items items) {
  Value made = list(std::move(items));
  made.kind_ = Kind::tuple;
  return made;
}

Value Value::dict(Pairs pairs) {
  auto object = std::make_shared<Dict>();
  int nesting = 0;
  for (const auto& [key, value] : pairs)
    nesting = std::max({nesting, key.nesting(), value.nesting()});
  object->nesting = above(nesting);
  object->pairs = std::move(pairs);
  return make(Kind::dict, std::move(object));
}

Value Value::range(std::int64_t start, std::int64_t stop, std::int64_t step, std::int64_t length) {
  auto object = std::make_shared<Range>();
  object->start = start;
  object->stop = stop;
  object->step = step;
  object->length = length;
  return make(Kind::range, std::move(object));
}

Value Value::generator(Items items, std::exception_ptr error) {
  auto object = std::make_shared<Generator>();
  object->nesting = nesting_of(items);
  object->items = std::move(items);
  object->error = std::move(error);
  return make(Kind::generator, std::move(object));
}

Value Value::function(std::string name, Value self) {
  auto object = std::make_shared<Function>();
  object->nesting = above(self.nesting());
  object->name = std::move(name);
  object->self = std::move(self);
  return make(Kind::function, std::move(object));
}

Value Value::view(char part, Value dict) {
  auto object = std::make_shared<View>();
  object->nesting = above(dict.nesting());
  object->part = part;
  object->dict = std::move(dict);
  return make(Kind::view, std::move(object));
}

// The rendering owns these: the pointer counts nothing.
Value Value::of(Space* space) {
  return make(Kind::space, {std::shared_ptr<Object>{}, space});
}

Value Value::of(Macro* macro) {
  return make(Kind::macro, {std::shared_ptr<Object>{}, macro});
}

Value Value::of(Loop* loop) {
  return make(Kind::loop, {std::shared_ptr<Object>{}, loop});
}

const std::string& Value::as_text() const {
  return static_cast<const Text&>(*object_).text;
}

const Value::Items& Value::items() const {
  return static_cast<const List&>(*object_).items;
}

const Value::Pairs& Value::pairs() const {
  return static_cast<const Dict&>(*object_).pairs;
}

const std::string& Value::hint() const {
  return static_cast<const Text&>(*object_).text;
}

const Range& Value::as_range() const {
  return static_cast<const Range&>(*object_);
}

Generator& Value::as_generator() const {
  return static_cast<Generator&>(*object_);
}

const Function& Value::as_function() const {
  return static_cast<const Function&>(*object_);
}

const View& Value::as_view() const {
  return static_cast<const View&>(*object_);
}

Space& Value::as_space() const {
  return static_cast<Space&>(*object_);
}

Macro& Value::as_macro() const {
  return static_cast<Macro&>(*object_);
}

Loop& Value::as_loop() const {
  return static_cast<Loop&>(*object_);
}

bool Value::same(const Value& other) const {
  if (kind_ != other.kind_) return false;
  if (object_ || other.object_) return object_ == other.object_;
  return kind_ == Kind::real ? real_ == other.real_ : integer_ == other.integer_;
}

}  // namespace tramontane::jinja
