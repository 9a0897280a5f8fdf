#include "actors/rewards/maths/magnitude.h"

#include "actors/rewards/maths/exact.h"

#include <algorithm>
#include <optional>

namespace tramontane::maths {

namespace {

constexpr std::uint32_t exact_bits_max = 1U << 12;  // of the parts that are computed
constexpr std::uint64_t exponent_bits = 64;         // an exponent above 2^64 is above any `bits`
constexpr std::uint64_t terms_bits = 12;            // a sum has fewer than 2^12 terms

std::optional<Fraction> computed(const Node& node) {
  Fraction value;
  if (exact_value(node, exact_bits_max, value) != Exactness::exact) return std::nullopt;
  return value;
}

bool at_least_one(const Node& node) {
  auto value = computed(node);
  if (!value) return exceeds(node, 0);
  return fmpz_cmp(value->top(), value->bottom()) >= 0;
}

bool at_least_two(const Node& node) {
  auto value = computed(node);
  if (!value) return exceeds(node, 1);
  return fmpq_cmp_ui(value->get(), 2) >= 0;
}

// The others take away less than 2^bits each.
bool harmless(const Node& node, std::uint64_t bits) {
  auto value = computed(node);
  return value ? value->bits() <= bits : exceeds(node, 0);
}

// Of an exponent n, or of n!, which is above 2^n from 4 on.
bool number_exceeds(const Node& node, std::uint64_t number) {
  auto value = computed(node);
  if (!value) return exceeds(node, exponent_bits);
  return fmpq_cmp_ui(value->get(), number) > 0 && number >= 4;
}

}  // namespace

bool exceeds(const Node& node, std::uint64_t bits) {
  const auto& parts = node.parts;
  switch (node.kind) {
    case Kind::number: {
      auto value = computed(node);
      return value && value->is_integer() && fmpz_bits(value->top()) > bits + 1;
    }
    case Kind::power:
      return at_least_two(parts[0]) && number_exceeds(parts[1], std::max<std::uint64_t>(bits, 4));
    case Kind::factorial:
      return number_exceeds(parts[0], std::max<std::uint64_t>(bits, 4));
    case Kind::quotient: {
      auto below = computed(parts[1]);
      return below && fmpq_sgn(below->get()) > 0 && exceeds(parts[0], bits + below->bits());
    }
    case Kind::product:
      return std::all_of(parts.begin(), parts.end(), at_least_one) &&
             std::any_of(parts.begin(), parts.end(),
                 [bits](const Node& part) { return exceeds(part, bits); });
    case Kind::sum: {
      auto large = std::find_if(parts.begin(), parts.end(),
          [bits](const Node& part) { return exceeds(part, bits + terms_bits); });
      return large != parts.end() && std::all_of(parts.begin(), parts.end(), [&](const Node& part) {
        return &part == &*large || harmless(part, bits);
      });
    }
    default:
      return false;
  }
}

}  // namespace tramontane::maths
