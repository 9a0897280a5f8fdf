#include "actors/model/chat_template/evaluator.h"
#include "actors/model/chat_template/methods.h"
#include "actors/model/chat_template/operators.h"
#include "actors/model/chat_template/printing.h"

#include <algorithm>

namespace tramontane::jinja {

namespace {

constexpr std::int64_t range_max = 100'000;  // Jinja2's sandbox has the same

// Takes the named argument out; missing where it is not given.
Value take(Arguments& arguments, const std::string& name) {
  auto found = std::ranges::find_if(
      arguments.named, [&](const auto& argument) { return argument.first == name; });
  if (found == arguments.named.end()) return {};
  Value value = found->second;
  arguments.named.erase(found);
  return value;
}

}  // namespace

Value Evaluator::call(const Value& callee, Arguments arguments) {
  work_.spend(32);
  switch (callee.kind()) {
    case Kind::undefined:
      want_defined(callee);
      break;
    case Kind::macro:
      return call_macro(callee.as_macro(), std::move(arguments));
    case Kind::loop:
      return call_loop(callee.as_loop(), arguments);
    case Kind::function: {
      const Function& function = callee.as_function();
      if (function.self.is(Kind::undefined)) return call_global(function.name, arguments);
      return call_method(function.self, function.name, arguments, work_);
    }
    default:
      break;
  }
  fail("a value of type " + type_name(callee) + " cannot be called");
}

Value Evaluator::call_global(const std::string& name, const Arguments& arguments) {
  if (name == "range") return range(arguments);
  if (name == "dict") return dict(arguments, name);
  if (name == "raise_exception") {
    Bound got(arguments, {"message"}, name, 1);
    std::string words = to_text(got[0], work_);
    raised_ = true;
    throw Error(Errc::bad_input, words);
  }
  if (name == "strftime_now") {
    Bound got(arguments, {"format"}, name, 1);
    work_.spend(64 * static_cast<std::int64_t>(got.text(0).size()));
    return Value::text(format_date(date_, got.text(0)));
  }
  Space* space = own(std::make_unique<Space>());
  space->pairs = dict(arguments, name).pairs();
  return Value::of(space);
}

Value Evaluator::range(const Arguments& arguments) {
  if (!arguments.named.empty()) fail("`range` takes no named arguments");
  Bound got(arguments, {"start", "stop", "step"}, "range", 1);
  std::int64_t start = got.has(1) ? got.integer(0, 0) : 0;
  std::int64_t stop = got.has(1) ? got.integer(1, 0) : got.integer(0, 0);
  std::int64_t step = got.integer(2, 1);
  if (step == 0) fail("`range` with a step of 0");
  constexpr std::int64_t large = std::int64_t{1} << 60;
  for (std::int64_t value : {start, stop, step})
    if (value < -large || value > large) refuse("`range` of so large an integer");
  std::int64_t distance = step > 0 ? stop - start : start - stop;
  std::int64_t stride = step > 0 ? step : -step;
  std::int64_t length = distance <= 0 ? 0 : (distance - 1) / stride + 1;
  if (length > range_max) fail("`range` of more than 100,000 items");
  return Value::range(start, stop, step, length);
}

Value Evaluator::dict(const Arguments& arguments, const std::string& callee) {
  if (arguments.positional.size() > 1) fail("`" + callee + "` takes one positional argument");
  Value::Pairs pairs;
  for (const Value& from : arguments.positional) {
    if (from.is(Kind::dict)) {
      pairs = from.pairs();
      continue;
    }
    want_defined(from);
    for (const Value& pair : items_of(from, work_)) {
      Value::Items both = items_of(pair, work_);
      if (both.size() != 2) fail("`" + callee + "` wants pairs");
      put(pairs, both[0], both[1], work_);
    }
  }
  for (const auto& [name, value] : arguments.named) put(pairs, Value::text(name), value, work_);
  return Value::dict(std::move(pairs));
}

Value Evaluator::call_macro(const Macro& macro, Arguments arguments) {
  Work::Level level(work_);
  Open opened(*this, macro.definition->scope, macro.frame);
  bind(macro, arguments, *opened);
  std::string text;
  run(macro.definition->body, *opened, text);
  return Value::text(std::move(text));
}

void Evaluator::bind(const Macro& macro, Arguments& arguments, Frame& frame) {
  const Statement& s = *macro.definition;
  std::string called = "the macro `" + macro.name + "`";
  std::size_t given = std::min(arguments.positional.size(), s.parameters.size());
  bool takes_caller = s.takes_caller;
  for (std::size_t i = 0; i < s.parameters.size(); ++i)
    *frame.own(s.parameters[i]) =
        i < given ? arguments.positional[i] : take(arguments, s.parameters[i]);
  if (takes_caller) {
    Value caller = take(arguments, "caller");
    bool none = caller.is(Kind::missing) || caller.is(Kind::none);
    *frame.own("caller") = none ? Value::undefined("no caller is defined") : caller;
  }
  if (s.takes_named_rest) {
    Value::Pairs pairs;
    for (const auto& [name, value] : arguments.named) put(pairs, Value::text(name), value, work_);
    *frame.own("kwargs") = Value::dict(std::move(pairs));
  } else if (!arguments.named.empty()) {
    fail(called + " takes no argument " + text_repr(arguments.named[0].first));
  }
  if (s.takes_rest) {
    auto from = arguments.positional.begin() + static_cast<std::ptrdiff_t>(given);
    *frame.own("varargs") = Value::tuple({from, arguments.positional.end()});
  } else if (arguments.positional.size() > s.parameters.size()) {
    fail(called + " takes fewer arguments");
  }
  std::size_t without = s.parameters.size() - s.expressions.size();
  for (std::size_t i = 0; i < s.parameters.size(); ++i) {
    Value* place = frame.own(s.parameters[i]);
    if (!place->is(Kind::missing)) continue;
    *place = i >= without
                 ? eval(*s.expressions[i - without], frame)
                 : Value::undefined("parameter '" + s.parameters[i] + "' was not provided");
  }
}

Value Evaluator::call_loop(const Loop& loop, const Arguments& arguments) {
  if (loop.recursive == nullptr) fail("a loop that is called must be `recursive`");
  Bound got(arguments, {"iterable"}, "loop", 1);
  std::string text;
  go_through(*loop.recursive, got[0], loop.depth0 + 1, *loop.frame, text);
  return Value::text(std::move(text));
}

}  // namespace tramontane::jinja
