#include "actors/rewards/maths/substitution.h"

#include <memory>

namespace tramontane::maths {

namespace {

std::string digits_of(const fmpz* value) {
  std::unique_ptr<char, void (*)(void*)> digits(fmpz_get_str(nullptr, 10, value), flint_free);
  return digits.get();
}

}  // namespace

Node literal(const Fraction& value) {
  Fraction size = value;
  fmpq_abs(size.get(), size.get());
  Node out = make(Kind::number, digits_of(size.top()));
  if (!size.is_integer())
    out = make(Kind::quotient, std::move(out), make(Kind::number, digits_of(size.bottom())));
  return fmpq_sgn(value.get()) < 0 ? make(Kind::negative, std::move(out)) : out;
}

Node substituted(const Node& node, const Point& point) {
  Node out = node;
  for (const auto& [name, value] : point) out = substituted(out, name, literal(value));
  return out;
}

Node substituted(const Node& node, const std::string& name, const Node& value) {
  if (node.kind == Kind::symbol) return node.text == name ? value : node;
  Node out = make(node.kind, node.text);
  out.parts.reserve(node.parts.size());
  bool own = node.kind == Kind::series && node.parts[0].text == name;
  for (std::size_t i = 0; i < node.parts.size(); ++i) {
    // The bounds of a series belong to what is outside.
    bool kept = own && (i == 0 || i == 3);
    out.parts.push_back(kept ? node.parts[i] : substituted(node.parts[i], name, value));
  }
  return out;
}

}  // namespace tramontane::maths
