#include "actors/model/chat_template/evaluator.h"

#include "actors/model/chat_template/lexer.h"
#include "actors/model/chat_template/operators.h"
#include "actors/model/chat_template/printing.h"
#include "runtime/base/check.h"

namespace tramontane::jinja {

Value* Frame::own(const std::string& name) {
  for (std::size_t i = 0; i < values_.size(); ++i)
    if (scope_.entries[i].name == name) return &values_[i];
  return nullptr;
}

Value* Frame::find(const std::string& name) {
  for (Frame* frame = this; frame != nullptr; frame = frame->outer_)
    if (Value* value = frame->own(name)) return value;
  return nullptr;
}

Evaluator::Evaluator(
    const Template& tree, std::map<std::string, Value> variables, ChatDate date, std::int64_t work)
    : tree_(tree), variables_(std::move(variables)), date_(date), work_(work) {
  for (const char* name : {"dict", "namespace", "raise_exception", "range", "strftime_now"})
    variables_.emplace(name, Value::function(name, Value::undefined("")));
}

std::string Evaluator::render() {
  try {
    std::string out;
    Open frame(*this, tree_.scope, nullptr);
    run(tree_.body, *frame, out);
    return out;
  } catch (const Error& error) {
    if (raised_) throw;
    throw Error(error.errc(), place_of(tree_.source, at_) + ": " + error.text());
  }
}

void Evaluator::write(const std::string& text, std::string& out) {
  work_.spend(static_cast<std::int64_t>(text.size()));
  out += text;
}

// Gives a frame's names their first values.
void Evaluator::enter(Frame& frame) {
  work_.spend(16 + 16 * static_cast<std::int64_t>(frame.scope().entries.size()));
  for (const auto& [name, from] : frame.scope().entries) {
    if (from == Scope::From::outer) {
      *frame.own(name) = *frame.outer()->find(name);
    } else if (from == Scope::From::context) {
      auto found = variables_.find(name);
      if (found != variables_.end()) *frame.own(name) = found->second;
    }
  }
}

Evaluator::Flow Evaluator::run(const Body& body, Frame& frame, std::string& out) {
  Work::Level level(work_);
  for (const auto& statement : body) {
    Flow flow = run(*statement, frame, out);
    if (flow != Flow::goes_on) return flow;
  }
  return Flow::goes_on;
}

Evaluator::Flow Evaluator::run(const Statement& s, Frame& frame, std::string& out) {
  work_.spend(16);
  switch (s.type) {
    case Statement::Type::text:
      write(s.text, out);
      break;
    case Statement::Type::output:
      for (const auto& e : s.expressions) write(to_text(eval(*e, frame), work_), out);
      break;
    case Statement::Type::set:
      assign(*s.target, eval(*s.value, frame), frame);
      break;
    case Statement::Type::block_set:
      block_set(s, frame);
      break;
    case Statement::Type::choice:
      return run(is_true(eval(*s.value, frame)) ? s.body : s.otherwise, frame, out);
    case Statement::Type::loop:
      return run_loop(s, frame, out);
    case Statement::Type::macro:
      *frame.own(s.text) = macro_of(s, frame);
      break;
    case Statement::Type::call: {
      const Expression& e = *s.value;
      Value callee = eval(*e.parts[0], frame);
      Arguments given = arguments(e, frame);
      at_ = e.at;
      given.named.emplace_back("caller", macro_of(s, frame));
      write(to_text(call(callee, std::move(given)), work_), out);
      break;
    }
    case Statement::Type::with:
      return run_with(s, frame, out);
    case Statement::Type::filter:
      filter_block(s, frame, out);
      break;
    case Statement::Type::generation:
      generation(s, frame, out);
      break;
    case Statement::Type::leave:
      return Flow::leaves;
    case Statement::Type::skip:
      return Flow::skips;
  }
  return Flow::goes_on;
}

Evaluator::Flow Evaluator::inner(
    const Body& body, const Scope& scope, Frame& frame, std::string& out) {
  Open opened(*this, scope, &frame);
  return run(body, *opened, out);
}

// A macro without parameters that is called where it stands.
void Evaluator::generation(const Statement& s, Frame& frame, std::string& out) {
  Open opened(*this, s.scope, &frame);
  Macro macro;
  macro.definition = &s;
  Arguments none;
  bind(macro, none, *opened);
  std::string text;
  run(s.body, *opened, text);
  write(text, out);
}

void Evaluator::block_set(const Statement& s, Frame& frame) {
  Open opened(*this, s.scope, &frame);
  std::string text;
  run(s.body, *opened, text);
  Value value = Value::text(std::move(text));
  if (s.value) value = filter(*s.value, *opened, &value);
  assign(*s.target, value, frame);
}

void Evaluator::filter_block(const Statement& s, Frame& frame, std::string& out) {
  Open opened(*this, s.scope, &frame);
  std::string text;
  run(s.body, *opened, text);
  Value input = Value::text(std::move(text));
  Value value = filter(*s.value, *opened, &input);
  if (!value.is(Kind::text)) fail("a filter block that gives a value of type " + type_name(value));
  write(value.as_text(), out);
}

Evaluator::Flow Evaluator::run_with(const Statement& s, Frame& frame, std::string& out) {
  Open opened(*this, s.scope, &frame);
  for (std::size_t i = 0; i < s.targets.size(); ++i)
    assign(*s.targets[i], eval(*s.expressions[i], frame), *opened);
  return run(s.body, *opened, out);
}

Evaluator::Flow Evaluator::run_loop(const Statement& s, Frame& frame, std::string& out) {
  Value over = eval(*s.value, frame);
  at_ = s.at;
  if (!s.recursive) return go_through(s, over, 0, frame, out);
  for (Frame* kept = &frame; kept != nullptr; kept = kept->outer()) kept->kept = true;
  // Python calls a function for it, so that nothing in it leaves a loop around it.
  go_through(s, over, 0, frame, out);
  return Flow::goes_on;
}

// Where items are left out, or come from a generator, they are found one by one: what the body does
// may change which ones they are.
void Evaluator::begin(Loop& loop, const Statement& s, const Value& over, Frame& frame) {
  bool one_by_one = s.condition || over.is(Kind::generator);
  Value::Items items;
  if (!over.is(Kind::generator)) items = items_of(over, work_);
  if (!one_by_one) {
    loop.items = std::move(items);
    return;
  }
  Value source = over.is(Kind::generator) ? over : Value::generator(std::move(items));
  loop.more = [this, &s, source, &frame]() -> std::optional<Value> {
    while (auto item = next_of(source)) {
      work_.spend(32);
      if (!s.condition) return item;
      Open opened(*this, s.condition_scope, &frame);
      assign(*s.target, *item, *opened);
      if (is_true(eval(*s.condition, *opened))) return item;
    }
    return std::nullopt;
  };
}

Evaluator::Flow Evaluator::go_through(
    const Statement& s, const Value& over, std::int64_t depth0, Frame& frame, std::string& out) {
  Loop* loop = own(std::make_unique<Loop>());
  begin(*loop, s, over, frame);
  loop->depth0 = depth0;
  loop->recursive = s.recursive ? &s : nullptr;
  loop->frame = &frame;
  bool finished = false;  // a body, without leaving it early
  for (std::int64_t i = 0; loop->reaches(i); ++i) {
    loop->index0 = i;
    Open opened(*this, s.scope, &frame);
    *opened->own("loop") = Value::of(loop);
    assign(*s.target, loop->items[static_cast<std::size_t>(i)], *opened);
    Flow flow = run(s.body, *opened, out);
    if (flow == Flow::leaves) break;
    if (flow == Flow::goes_on) finished = true;
  }
  loop->ended = true;
  loop->more = nullptr;
  loop->changed.reset();
  if (finished || s.otherwise.empty()) return Flow::goes_on;
  return inner(s.otherwise, s.otherwise_scope, frame, out);
}

void Evaluator::assign(const Expression& target, const Value& value, Frame& frame) {
  if (target.type == Expression::Type::attribute) return assign_to_space(target, value, frame);
  if (target.type == Expression::Type::name) {
    Value* place = frame.own(target.text);
    TRAM_CHECK(place != nullptr, "a name without a place", target.text);
    *place = value;
    return;
  }
  Value::Items items = items_of(value, work_);
  if (items.size() != target.parts.size())
    fail(str("a value of ", items.size(), " items for ", target.parts.size(), " names"));
  for (std::size_t i = 0; i < items.size(); ++i) assign(*target.parts[i], items[i], frame);
}

void Evaluator::assign_to_space(const Expression& target, const Value& value, Frame& frame) {
  Value space = eval(*target.parts[0], frame);
  if (!space.is(Kind::space)) fail("an attribute is set of what is no namespace");
  put(space.as_space().pairs, Value::text(target.text), value, work_);
}

Value Evaluator::macro_of(const Statement& definition, Frame& frame) {
  Macro* macro = own(std::make_unique<Macro>());
  macro->definition = &definition;
  if (definition.type == Statement::Type::macro) macro->name = definition.text;
  macro->frame = &frame;
  for (Frame* kept = &frame; kept != nullptr; kept = kept->outer()) kept->kept = true;
  return Value::of(macro);
}

}  // namespace tramontane::jinja
