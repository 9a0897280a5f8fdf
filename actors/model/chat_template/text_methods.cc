#include "actors/model/chat_template/format.h"
#include "actors/model/chat_template/letters.h"
#include "actors/model/chat_template/methods.h"
#include "actors/model/chat_template/operators.h"
#include "actors/model/chat_template/printing.h"

#include <algorithm>
#include <functional>

namespace tramontane::jinja {

namespace {

using Pieces = std::vector<std::string_view>;

Value list_of(const Pieces& pieces, Work& work) {
  work.spend(64 * static_cast<std::int64_t>(pieces.size()));
  Value::Items items;
  items.reserve(pieces.size());
  for (std::string_view piece : pieces) items.push_back(Value::text(std::string(piece)));
  return Value::list(std::move(items));
}

// str.split() and rsplit() at white space.
Pieces split_at_space(std::string_view text, std::int64_t most, bool from_right) {
  Pieces pieces;
  std::string_view rest = strip(text, nullptr, from_right ? "r" : "l");
  while (!rest.empty()) {
    if (most >= 0 && static_cast<std::int64_t>(pieces.size()) == most) {
      pieces.push_back(strip(rest, nullptr, from_right ? "r" : "l"));
      break;
    }
    std::size_t cut = from_right ? rest.size() : 0;
    while (from_right ? cut > 0 : cut < rest.size()) {
      std::size_t at = cut;
      if (from_right) {
        do --at;
        while (at > 0 && (static_cast<unsigned char>(rest[at]) & 0xC0U) == 0x80U);
      }
      std::size_t end = at;
      if (is_space(next_point(rest, end))) break;
      cut = from_right ? at : end;
    }
    pieces.push_back(from_right ? rest.substr(cut) : rest.substr(0, cut));
    rest =
        strip(from_right ? rest.substr(0, cut) : rest.substr(cut), nullptr, from_right ? "r" : "l");
  }
  if (from_right) std::reverse(pieces.begin(), pieces.end());
  return pieces;
}

Pieces split_at(std::string_view text, std::string_view mark, std::int64_t most, bool from_right) {
  Pieces pieces;
  while (most < 0 || static_cast<std::int64_t>(pieces.size()) < most) {
    std::size_t at = from_right ? text.rfind(mark) : text.find(mark);
    if (at == std::string_view::npos) break;
    pieces.push_back(from_right ? text.substr(at + mark.size()) : text.substr(0, at));
    text = from_right ? text.substr(0, at) : text.substr(at + mark.size());
  }
  pieces.push_back(text);
  if (from_right) std::reverse(pieces.begin(), pieces.end());
  return pieces;
}

Value split(
    const std::string& text, const std::string& name, const Arguments& arguments, Work& work) {
  Bound got(arguments, {"sep", "maxsplit"}, name);
  std::int64_t most = got.integer(1, -1);
  Value mark = got.value(0, Value::none());
  bool right = name == "rsplit";
  if (mark.is(Kind::none)) return list_of(split_at_space(text, most, right), work);
  if (got.text(0).empty()) fail("`" + name + "` at an empty text");
  return list_of(split_at(text, got.text(0), most, right), work);
}

// The bytes that the optional start and end of find(), count(), startswith() … take.
struct Window {
  std::size_t begin = 0, end = 0;
  bool empty = false;  // its start is behind the text
};

Window window(const std::string& text, const Bound& got) {
  Window all{0, text.size(), false};
  auto given = [&](std::size_t i) { return got.has(i) && !got[i].is(Kind::none); };
  if (!given(1) && !given(2)) return all;
  auto offsets = point_offsets(text);
  auto length = static_cast<std::int64_t>(offsets.size()) - 1;
  auto place = [&](std::int64_t at) {
    return at < 0 ? std::max<std::int64_t>(at, -length) + length : at;
  };
  std::int64_t begin = given(1) ? place(got.integer(1, 0)) : 0;
  std::int64_t end = given(2) ? std::min(place(got.integer(2, 0)), length) : length;
  if (begin > end) return {0, 0, true};
  return {offsets[static_cast<std::size_t>(begin)], offsets[static_cast<std::size_t>(end)], false};
}

Value starts_or_ends(const std::string& text, const std::string& name, const Arguments& arguments) {
  Bound got(arguments, {"prefix", "start", "end"}, name, 1);
  if (!arguments.named.empty()) fail("`" + name + "` takes no named arguments");
  Window part = window(text, got);
  std::string_view inside = std::string_view(text).substr(part.begin, part.end - part.begin);
  auto fits = [&](const Value& affix) {
    if (!affix.is(Kind::text)) {
      want_defined(affix);
      fail("`" + name + "` wants a text, not a value of type " + type_name(affix));
    }
    if (part.empty) return false;
    return name == "startswith" ? inside.starts_with(affix.as_text())
                                : inside.ends_with(affix.as_text());
  };
  if (got[0].is(Kind::tuple)) return Value::boolean(std::ranges::any_of(got[0].items(), fits));
  return Value::boolean(fits(got[0]));
}

Value search(const std::string& text, const std::string& name, const Arguments& arguments) {
  Bound got(arguments, {"sub", "start", "end"}, name, 1);
  const std::string& wanted = got.text(0);
  Window part = window(text, got);
  std::string_view inside = std::string_view(text).substr(part.begin, part.end - part.begin);
  if (name == "count") {
    if (part.empty) return Value::integer(0);
    if (wanted.empty()) return Value::integer(static_cast<std::int64_t>(count_points(inside)) + 1);
    std::int64_t count = 0;
    for (std::size_t at = 0; (at = inside.find(wanted, at)) != std::string_view::npos;) {
      ++count;
      at += wanted.size();
    }
    return Value::integer(count);
  }
  bool right = name[0] == 'r';
  std::size_t at = right ? inside.rfind(wanted) : inside.find(wanted);
  if (part.empty || at == std::string_view::npos) {
    if (name.ends_with("index")) fail("`" + name + "`: the text is not in it");
    return Value::integer(-1);
  }
  return Value::integer(
      static_cast<std::int64_t>(count_points(std::string_view(text).substr(0, part.begin + at))));
}

Value justify(
    const std::string& text, const std::string& name, const Arguments& arguments, Work& work) {
  Bound got(arguments, {"width", "fillchar"}, name, 1);
  std::string fill = got.has(1) ? got.text(1) : " ";
  if (count_points(fill) != 1) fail("`" + name + "` fills with one character");
  auto length = static_cast<std::int64_t>(count_points(text));
  std::int64_t width = got.integer(0, 0);
  if (width <= length) return Value::text(text);
  std::int64_t room = width - length;
  work.spend(room);
  work.spend(room * 3);
  std::int64_t left = name == "rjust"   ? room
                      : name == "ljust" ? 0
                                        : room / 2 + (room & width & 1);  // as CPython's center()
  std::string out;
  for (std::int64_t i = 0; i < left; ++i) out += fill;
  out += text;
  for (std::int64_t i = left; i < room; ++i) out += fill;
  return Value::text(std::move(out));
}

Value zero_fill(const std::string& text, const Arguments& arguments, Work& work) {
  Bound got(arguments, {"width"}, "zfill", 1);
  auto room = got.integer(0, 0) - static_cast<std::int64_t>(count_points(text));
  if (room <= 0) return Value::text(text);
  work.spend(room);
  std::size_t sign = !text.empty() && (text[0] == '+' || text[0] == '-') ? 1 : 0;
  return Value::text(
      text.substr(0, sign) + std::string(static_cast<std::size_t>(room), '0') + text.substr(sign));
}

Value partition(const std::string& text, const std::string& name, const Arguments& arguments) {
  Bound got(arguments, {"sep"}, name, 1);
  const std::string& mark = got.text(0);
  if (mark.empty()) fail("`" + name + "` at an empty text");
  bool right = name == "rpartition";
  std::size_t at = right ? text.rfind(mark) : text.find(mark);
  if (at == std::string::npos)
    return Value::tuple(
        {Value::text(right ? "" : text), Value::text(""), Value::text(right ? text : "")});
  return Value::tuple(
      {Value::text(text.substr(0, at)), got[0], Value::text(text.substr(at + mark.size()))});
}

Value joined(const std::string& text, const Arguments& arguments, Work& work) {
  Bound got(arguments, {"iterable"}, "join", 1);
  std::string out;
  bool first = true;
  for (const Value& item : items_of(got[0], work)) {
    if (!item.is(Kind::text)) fail("`join` of a value of type " + type_name(item));
    work.spend(static_cast<std::int64_t>(item.as_text().size() + text.size()));
    if (!first) out += text;
    out += item.as_text();
    first = false;
  }
  return Value::text(std::move(out));
}

// isalpha() and its like: every character is, and there is one.
bool all_are(std::string_view text, const std::function<bool(char32_t)>& is) {
  for (std::size_t at = 0; at < text.size();)
    if (!is(next_point(text, at))) return false;
  return !text.empty();
}

bool asks(const std::string& name, std::string_view text) {
  auto letter = [](Letter kind) { return [kind](char32_t c) { return is_letter(kind, c); }; };
  if (name == "isalpha") return all_are(text, letter(Letter::alpha));
  if (name == "isdigit") return all_are(text, letter(Letter::digit));
  if (name == "isdecimal") return all_are(text, letter(Letter::decimal));
  if (name == "isnumeric") return all_are(text, letter(Letter::numeric));
  if (name == "isspace") return all_are(text, is_space);
  if (name == "isprintable") return text.empty() || all_are(text, is_printable);
  if (name == "isascii") return text.empty() || all_are(text, [](char32_t c) { return c < 128; });
  if (name == "isalnum")
    return all_are(text,
        [](char32_t c) { return is_letter(Letter::alpha, c) || is_letter(Letter::numeric, c); });
  if (name == "istitle") {
    bool inside = false, any = false;
    for (std::size_t at = 0; at < text.size();) {
      char32_t c = next_point(text, at);
      bool begins = is_letter(Letter::upper, c) || is_letter(Letter::title, c);
      bool follows = is_letter(Letter::lower, c);
      if ((begins && inside) || (follows && !inside)) return false;
      inside = begins || follows;
      any = any || inside;
    }
    return any;
  }
  Letter wanted = name == "isupper" ? Letter::upper : Letter::lower;
  bool any = false;
  for (std::size_t at = 0; at < text.size();) {
    char32_t c = next_point(text, at);
    if (is_letter(wanted, c))
      any = true;
    else if (is_letter(Letter::upper, c) || is_letter(Letter::lower, c) ||
             is_letter(Letter::title, c))
      return false;
  }
  return any;
}

}  // namespace

Value call_text_method(
    const Value& self, const std::string& name, const Arguments& arguments, Work& work) {
  const std::string& text = self.as_text();
  work.spend(static_cast<std::int64_t>(text.size()) + 16);
  auto plain = [&] { Bound none(arguments, {}, name); };
  if (name == "strip" || name == "lstrip" || name == "rstrip") {
    Bound got(arguments, {"chars"}, name);
    bool spaces = !got.has(0) || got[0].is(Kind::none);
    std::string_view ends = name == "strip" ? "lr" : name.substr(0, 1) == "l" ? "l" : "r";
    return Value::text(std::string(strip(text, spaces ? nullptr : &got.text(0), ends)));
  }
  if (name == "split" || name == "rsplit") return split(text, name, arguments, work);
  if (name == "startswith" || name == "endswith") return starts_or_ends(text, name, arguments);
  if (name == "find" || name == "rfind" || name == "index" || name == "rindex" || name == "count")
    return search(text, name, arguments);
  if (name == "replace") {
    Bound got(arguments, {"old", "new", "count"}, name, 2);
    return Value::text(replaced(text, got.text(0), got.text(1), got.integer(2, -1), work));
  }
  if (name == "join") return joined(text, arguments, work);
  if (name == "format") return Value::text(brace_format(text, arguments, work));
  if (name == "splitlines") {
    Bound got(arguments, {"keepends"}, name);
    return list_of(split_lines(text, got.truth(0, false)), work);
  }
  if (name == "partition" || name == "rpartition") return partition(text, name, arguments);
  if (name == "center" || name == "ljust" || name == "rjust")
    return justify(text, name, arguments, work);
  if (name == "zfill") return zero_fill(text, arguments, work);
  if (name == "removeprefix" || name == "removesuffix") {
    Bound got(arguments, {"affix"}, name, 1);
    const std::string& affix = got.text(0);
    bool front = name == "removeprefix";
    if (affix.empty() || !(front ? text.starts_with(affix) : text.ends_with(affix))) return self;
    return Value::text(
        front ? text.substr(affix.size()) : text.substr(0, text.size() - affix.size()));
  }
  plain();
  if (name == "upper") return Value::text(upper(text));
  if (name == "lower") return Value::text(lower(text));
  if (name == "title") return Value::text(title(text));
  if (name == "capitalize") return Value::text(capitalize(text));
  if (name == "casefold") return Value::text(fold(text));
  if (name == "swapcase") return Value::text(swap_case(text));
  return Value::boolean(asks(name, text));
}

}  // namespace tramontane::jinja
