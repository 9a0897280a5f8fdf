#include "actors/ledger/format.h"
#include "runtime/base/check.h"

namespace tramontane::ledger_key {
namespace {

void append_number(std::string& key, std::uint64_t number, int bytes) {
  for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8) {
    key.push_back(static_cast<char>(number >> shift));
  }
}

std::uint64_t number_at(std::string_view key, std::size_t at, std::size_t bytes) {
  std::uint64_t number = 0;
  for (std::size_t i = at; i < at + bytes; ++i) {
    number = number << 8 | static_cast<unsigned char>(key[i]);
  }
  return number;
}

std::string numbered(char kind, std::uint64_t number) {
  std::string key(1, kind);
  append_number(key, number, 8);
  return key;
}

std::string of_rollout(GroupId group, std::uint32_t sample, char kind) {
  std::string key;
  key.reserve(18);
  key.push_back('g');
  append_number(key, group, 8);
  append_number(key, sample, 4);
  key.push_back(kind);
  return key;
}

}  // namespace

std::string options() {
  return "o";
}

std::string state() {
  return "s";
}

std::string incarnation(std::uint64_t number) {
  return numbered('l', number);
}

std::string fingerprint(Version version) {
  return numbered('f', version);
}

std::string batch(std::uint64_t step) {
  return numbered('b', step);
}

std::string rollout(GroupId group, std::uint32_t sample) {
  return of_rollout(group, sample, 'r');
}

std::string verdict(GroupId group, std::uint32_t sample) {
  return of_rollout(group, sample, 'v');
}

std::string segment(GroupId group, std::uint32_t sample, std::uint32_t begin) {
  auto key = of_rollout(group, sample, 's');
  append_number(key, begin, 4);
  return key;
}

std::string quarantine(std::string_view key) {
  return "q" + std::string(key);
}

std::string incarnations() {
  return "l";
}

std::string fingerprints() {
  return "f";
}

std::string batches() {
  return "b";
}

std::string groups() {
  return "g";
}

std::string group(GroupId group) {
  return numbered('g', group);
}

std::string quarantines() {
  return "q";
}

Parts parse(std::string_view key) {
  if (key.empty()) return {};
  char kind = key[0];
  if ((kind == 'o' || kind == 's') && key.size() == 1) return {kind, 0, 0, 0};
  if (kind == 'q') return {kind, 0, 0, 0};
  if ((kind == 'l' || kind == 'f' || kind == 'b') && key.size() == 9) {
    return {kind, number_at(key, 1, 8), 0, 0};
  }
  if (kind != 'g' || key.size() < 14) return {};
  Parts parts{key[13], number_at(key, 1, 8), static_cast<std::uint32_t>(number_at(key, 9, 4)), 0};
  if ((parts.kind == 'r' || parts.kind == 'v') && key.size() == 14) return parts;
  if (parts.kind != 's' || key.size() != 18) return {};
  parts.kind = 'S';  // 's' alone is the state
  parts.begin = static_cast<std::uint32_t>(number_at(key, 14, 4));
  return parts;
}

std::string describe(std::string_view key) {
  auto parts = parse(key);
  auto of = [&] { return str(" of sample ", parts.sample, " of group ", parts.number); };
  switch (parts.kind) {
    case 'o':
      return "the ledger's options";
    case 's':
      return "the ledger's state";
    case 'l':
      return str("incarnation ", parts.number);
    case 'f':
      return str("the fingerprint of version ", parts.number);
    case 'b':
      return str("batch ", parts.number);
    case 'r':
      return "the rollout" + of();
    case 'v':
      return "the verdict" + of();
    case 'S':
      return str("the segment at ", parts.begin, of());
    case 'q':
      return "a quarantined record: " + describe(key.substr(1));
    default:
      return "a record under an unknown key";
  }
}

}  // namespace tramontane::ledger_key
