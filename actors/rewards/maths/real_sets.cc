#include "actors/rewards/maths/real_sets.h"

#include "actors/rewards/maths/enclosure.h"
#include "actors/rewards/maths/exact.h"
#include "actors/rewards/maths/intervals.h"
#include "actors/rewards/maths/quantities.h"
#include "actors/rewards/maths/structures.h"

#include <algorithm>
#include <utility>
#include <vector>

namespace tramontane::maths {

namespace {

constexpr std::size_t ends_max = 32;
constexpr slong listed_max = 100;  // whole numbers of a bounded set

enum class Order : std::uint8_t { less, equal, more, unknown };

Order order_of(const Node& a, const Node& b, Context& context) {
  int left = infinite_sign(a);
  int right = infinite_sign(b);
  if (left != 0 || right != 0)
    return left == right ? Order::equal : left < right ? Order::less : Order::more;
  Fraction x;
  Fraction y;
  std::uint32_t bits_max = context.options.number_bits_max;
  bool exact = exact_value(a, bits_max, x) == Exactness::exact &&
               exact_value(b, bits_max, y) == Exactness::exact;
  Judgement same = compare_scalars(a, b, context);
  if (same.yes()) return Order::equal;
  if (exact) return fmpq_cmp(x.get(), y.get()) < 0 ? Order::less : Order::more;
  for (slong bits = 128; bits <= static_cast<slong>(context.options.precision_bits_max);
       bits *= 2) {
    Enclosure low;
    Enclosure high;
    if (!enclose(a, {}, bits, low) || !enclose(b, {}, bits, high)) break;
    if (!low.is_real() || !high.is_real()) break;
    if (arb_lt(acb_realref(low.ball.get()), acb_realref(high.ball.get()))) return Order::less;
    if (arb_gt(acb_realref(low.ball.get()), acb_realref(high.ball.get()))) return Order::more;
  }
  return Order::unknown;
}

bool is_constant(const Node& node) {
  std::vector<std::string> names;
  collect_symbols(node, names);
  return names.empty() && (is_expression(node) || infinite_sign(node) != 0);
}

// "x > 1, x ≠ 2"; where no number is all of it, "x < 1, x > 2" is either.
bool is_conditions(const Node& node) {
  if (node.kind != Kind::list) return false;
  std::vector<std::string> names;
  collect_symbols(node, names);
  std::erase_if(names, [](const std::string& name) { return name.starts_with("\\mathbb"); });
  return names.size() == 1 &&
         std::all_of(node.parts.begin(), node.parts.end(), [](const Node& part) {
           return part.kind == Kind::relation &&
                  part.text.find_first_of("<>{}!E") != std::string::npos;
         });
}

bool is_operation(const Node& node) {
  return node.kind == Kind::unite || node.kind == Kind::intersect || node.kind == Kind::without ||
         is_conditions(node);
}

// [0, 1]^c
bool is_complement(const Node& node) {
  return node.kind == Kind::power && node.parts[1].kind == Kind::symbol &&
         (node.parts[1].text == "c" || node.parts[1].text == "C") &&
         (node.parts[0].kind == Kind::tuple || node.parts[0].kind == Kind::set ||
             is_operation(node.parts[0]));
}

// A^c, A'; an overlined A is turned into that.
bool is_named_complement(const Node& node) {
  return node.kind == Kind::power && node.parts[1].kind == Kind::symbol &&
         (node.parts[1].text == "c" || node.parts[1].text == "C");
}

// All but the exponent of a complement.
void collect_names(const Node& node, std::vector<std::string>& names) {
  if (is_named_complement(node)) return collect_names(node.parts[0], names);
  if (node.kind == Kind::symbol) return collect_symbols(node, names);
  for (const Node& part : node.parts) collect_names(part, names);
}

// The places where either set changes, in order.
class Ends {
 public:
  explicit Ends(Context& context) : context_(context) {}

  // False if the tree is no set of this kind.
  bool collect(const Node& node) {
    if (is_complement(node)) return collect(node.parts[0]);
    if (is_operation(node))
      return std::all_of(
          node.parts.begin(), node.parts.end(), [this](const Node& part) { return collect(part); });
    auto pieces = to_pieces(node);
    if (!pieces) return false;
    for (const Piece& piece : *pieces)
      for (const Node* end : {&piece.low, &piece.high}) {
        if (!is_constant(*end)) return false;
        if (infinite_sign(*end) == 0) insert(*end);
      }
    return true;
  }

  bool ordered() const { return ordered_ && places_.size() <= ends_max; }

  // Cell 2i+1 is the i-th place, 2i the gap before it.
  std::size_t cells() const { return 2 * places_.size() + 1; }

  std::vector<bool> members(const Node& node) const {
    std::vector<bool> out(cells(), false);
    if (is_complement(node)) {
      out = members(node.parts[0]);
      out.flip();
      return out;
    }
    if (is_operation(node)) {
      bool list = node.kind == Kind::list;
      Kind kind = !list ? node.kind : node.text == "or" ? Kind::unite : Kind::intersect;
      out = combined_members(kind, node);
      bool nothing = std::find(out.begin(), out.end(), true) == out.end();
      return list && node.text == "," && nothing ? combined_members(Kind::unite, node) : out;
    }
    auto pieces = to_pieces(node);
    if (!pieces) return out;
    for (const Piece& piece : *pieces) {
      // No number is above infinity, and none below its opposite.
      if (infinite_sign(piece.low) > 0 || infinite_sign(piece.high) < 0) continue;
      std::size_t low = cell_of(piece.low);
      std::size_t high = cell_of(piece.high);
      bool first = infinite_sign(piece.low) == 0 && piece.open_low;
      bool last = infinite_sign(piece.high) == 0 && piece.open_high;
      for (std::size_t cell = low; cell <= high; ++cell)
        if (!(cell == low && first) && !(cell == high && last)) out[cell] = true;
    }
    return out;
  }

  std::string text(std::size_t cell) const {
    if (cell % 2 == 1) return to_text(places_[cell / 2]);
    std::string low = cell == 0 ? "-∞" : to_text(places_[cell / 2 - 1]);
    std::string high = cell / 2 == places_.size() ? "∞" : to_text(places_[cell / 2]);
    return "the numbers between " + low + " and " + high;
  }

 private:
  std::vector<bool> combined_members(Kind kind, const Node& node) const {
    std::vector<bool> out = members(node.parts[0]);
    for (std::size_t i = 1; i < node.parts.size(); ++i) combine(kind, out, members(node.parts[i]));
    return out;
  }

  static void combine(Kind kind, std::vector<bool>& out, const std::vector<bool>& other) {
    for (std::size_t i = 0; i < out.size(); ++i) {
      if (kind == Kind::unite) out[i] = out[i] || other[i];
      if (kind == Kind::intersect) out[i] = out[i] && other[i];
      if (kind == Kind::without) out[i] = out[i] && !other[i];
    }
  }

  void insert(const Node& end) {
    if (places_.size() > ends_max) return;
    std::size_t at = 0;
    for (; at < places_.size(); ++at) {
      Order order = order_of(end, places_[at], context_);
      if (order == Order::equal) return alias(end, at);
      if (order == Order::unknown) ordered_ = false;
      if (order != Order::more) break;
    }
    places_.insert(places_.begin() + static_cast<std::ptrdiff_t>(at), end);
    for (auto& [other, place] : aliases_)
      if (place >= at) ++place;
    alias(end, at);
  }

  void alias(const Node& end, std::size_t at) { aliases_.emplace_back(end, at); }

  std::size_t cell_of(const Node& end) const {
    int sign = infinite_sign(end);
    if (sign != 0) return sign < 0 ? 0 : cells() - 1;
    for (const auto& [other, place] : aliases_)
      if (other == end) return 2 * place + 1;
    return 0;
  }

  Context& context_;
  std::vector<Node> places_;
  std::vector<std::pair<Node, std::size_t>> aliases_;  // every end as written, and its place
  bool ordered_ = true;
};

// Whole numbers between two constant ends, or nothing.
std::optional<Node> listed_whole(const Node& bounds, Context& context) {
  auto pieces = to_pieces(bounds);
  if (!pieces || pieces->size() != 1) return std::nullopt;
  const Piece& piece = pieces->front();
  Fraction low;
  Fraction high;
  std::uint32_t bits_max = context.options.number_bits_max;
  if (exact_value(piece.low, bits_max, low) != Exactness::exact ||
      exact_value(piece.high, bits_max, high) != Exactness::exact)
    return std::nullopt;
  bool skip_low = low.is_integer() && piece.open_low;
  bool skip_high = high.is_integer() && piece.open_high;
  fmpz_cdiv_q(low.top(), low.top(), low.bottom());
  fmpz_fdiv_q(high.top(), high.top(), high.bottom());
  if (fmpz_bits(low.top()) > 40 || fmpz_bits(high.top()) > 40) return std::nullopt;
  slong first = fmpz_get_si(low.top()) + (skip_low ? 1 : 0);
  slong last = fmpz_get_si(high.top()) - (skip_high ? 1 : 0);
  if (last - first >= listed_max) return std::nullopt;
  Node out = make(Kind::set, std::string());
  for (slong k = first; k <= last; ++k) out.parts.push_back(integer(k));
  return out;
}

bool holds(const Node& set, const Node& element, Context& context) {
  return std::any_of(set.parts.begin(), set.parts.end(), [&](const Node& other) {
    return other == element || compare_trees(other, element, context).yes();
  });
}

Node combined(Kind kind, Node left, const Node& right, Context& context) {
  Node out = make(Kind::set, std::string());
  for (Node& element : left.parts) {
    bool both = kind == Kind::unite || holds(right, element, context) == (kind == Kind::intersect);
    if (both) out.parts.push_back(std::move(element));
  }
  if (kind != Kind::unite) return out;
  for (const Node& element : right.parts)
    if (!holds(out, element, context)) out.parts.push_back(element);
  return out;
}

}  // namespace

namespace {

// A set that only has a name, and what is made of such.
bool is_named_set(const Node& node) {
  if (is_operation(node) && node.kind != Kind::list)
    return std::all_of(node.parts.begin(), node.parts.end(), is_named_set);
  if (is_named_complement(node)) return is_named_set(node.parts[0]);
  return node.kind == Kind::symbol && !node.text.starts_with("\\mathbb");
}

bool holds_named(const Node& node, const std::vector<std::string>& names, std::size_t inside) {
  auto part = [&](std::size_t i) { return holds_named(node.parts[i], names, inside); };
  switch (node.kind) {
    case Kind::unite:
    case Kind::intersect: {
      bool all = node.kind == Kind::intersect;
      for (std::size_t i = 0; i < node.parts.size(); ++i)
        if (part(i) != all) return !all;
      return all;
    }
    case Kind::without:
      return part(0) && !part(1);
    case Kind::power:
      return !part(0);
    default: {
      auto place = std::find(names.begin(), names.end(), node.text) - names.begin();
      return (inside >> place & 1) != 0;
    }
  }
}

// By every way in which an element may lie in the sets that are named.
std::optional<Judgement> compare_named_sets(const Node& gold, const Node& answer) {
  constexpr std::size_t names_max = 8;
  std::vector<std::string> names;
  collect_names(gold, names);
  collect_names(answer, names);
  if (!is_named_set(gold) || !is_named_set(answer) || names.size() > names_max) return std::nullopt;
  for (std::size_t inside = 0; inside < std::size_t{1} << names.size(); ++inside)
    if (holds_named(gold, names, inside) != holds_named(answer, names, inside))
      return judged(false, "different sets, whatever the names stand for");
  return judged(true, "as sets, whatever the names stand for");
}

}  // namespace

std::optional<Judgement> compare_real_sets(const Node& gold, const Node& answer, Context& context) {
  if (auto said = compare_named_sets(gold, answer)) return said;
  Ends ends(context);
  if (!ends.collect(gold) || !ends.collect(answer)) return std::nullopt;
  if (!ends.ordered()) {
    Ends alone(context);
    alone.collect(gold);
    if (context.wants_symbolic || !alone.ordered())
      return unknown("the ends of the sets cannot be put in order");
    return judged(false, "the ends of the answer cannot be put in order");
  }
  std::vector<bool> wanted = ends.members(gold);
  std::vector<bool> given = ends.members(answer);
  for (std::size_t cell = 0; cell < ends.cells(); ++cell)
    if (wanted[cell] != given[cell])
      return judged(false, ends.text(cell) + (wanted[cell] ? " is missing" : " is too much"));
  return judged(true, "as sets of real numbers");
}

Node with_listed_sets(const Node& node, Context& context) {
  // "\\overline{A}" beside another set.
  if (node.kind == Kind::symbol && node.text.starts_with("\\overline ") &&
      node.text.size() == std::string("\\overline A").size())
    return make(Kind::power, make(Kind::symbol, node.text.substr(node.text.size() - 1)),
        make(Kind::symbol, "c"));
  if (!is_operation(node) || node.kind == Kind::list) return node;
  Node out = make(node.kind, node.text);
  for (const Node& part : node.parts) out.parts.push_back(with_listed_sets(part, context));
  if (out.kind == Kind::intersect && out.parts[0].kind == Kind::symbol &&
      out.parts[0].text == "\\mathbbZ")
    if (auto listed = listed_whole(out.parts[1], context)) return *listed;
  bool finite = std::all_of(out.parts.begin(), out.parts.end(),
      [](const Node& part) { return part.kind == Kind::set && part.parts.size() <= ends_max; });
  if (!finite) return out;
  Node set = out.parts[0];
  for (std::size_t i = 1; i < out.parts.size(); ++i)
    set = combined(out.kind, std::move(set), out.parts[i], context);
  return set;
}

}  // namespace tramontane::maths
