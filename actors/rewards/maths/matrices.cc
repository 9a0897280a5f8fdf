#include "actors/rewards/maths/matrices.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace tramontane::maths {

namespace {

constexpr std::size_t side_max = 8;
constexpr std::size_t entries_max = 4000;  // nodes of a result
constexpr int power_max = 12;

using Entries = std::vector<std::vector<Node>>;

// A value of matrix arithmetic. A vector in a row keeps its round brackets.
struct Array {
  Entries rows;
  bool tuple = false;  // "(a, b)": a column, but written in a row
};

std::size_t size_of(const Node& node) {
  std::size_t size = 1;
  for (const Node& part : node.parts) size += size_of(part);
  return size;
}

bool fits(const Array& array) {
  std::size_t size = 0;
  for (const auto& row : array.rows)
    for (const Node& entry : row) size += size_of(entry);
  return size <= entries_max;
}

bool is_number(const Node& node, const char* digits) {
  return node.kind == Kind::number && node.text == digits;
}

Node product_of(const Node& a, const Node& b) {
  if (is_number(a, "0") || is_number(b, "1")) return a;
  if (is_number(b, "0") || is_number(a, "1")) return b;
  return make(Kind::product, a, b);
}

Node sum_of(const Node& a, const Node& b) {
  if (is_number(a, "0")) return b;
  if (is_number(b, "0")) return a;
  return make(Kind::sum, a, b);
}

bool is_rectangle(const Entries& rows) {
  return !rows.empty() && rows.size() <= side_max && !rows[0].empty() &&
         rows[0].size() <= side_max && std::all_of(rows.begin(), rows.end(), [&](const auto& row) {
           return row.size() == rows[0].size();
         });
}

Array transposed(const Array& array) {
  Array out;
  out.rows.resize(array.rows[0].size());
  for (const auto& row : array.rows)
    for (std::size_t i = 0; i < row.size(); ++i) out.rows[i].push_back(row[i]);
  return out;
}

std::optional<Array> added(const Array& a, const Array& b) {
  if (a.rows.size() != b.rows.size() || a.rows[0].size() != b.rows[0].size()) return std::nullopt;
  Array out = a;
  out.tuple = a.tuple && b.tuple;
  for (std::size_t i = 0; i < out.rows.size(); ++i)
    for (std::size_t j = 0; j < out.rows[i].size(); ++j)
      out.rows[i][j] = sum_of(a.rows[i][j], b.rows[i][j]);
  return out;
}

Array scaled(Array array, const Node& factor) {
  for (auto& row : array.rows)
    for (Node& entry : row) entry = product_of(factor, entry);
  return array;
}

std::optional<Array> multiplied(const Array& a, const Array& b) {
  if (a.tuple || a.rows[0].size() != b.rows.size()) return std::nullopt;
  Array out;
  out.tuple = b.tuple;
  for (const auto& row : a.rows) {
    auto& into = out.rows.emplace_back();
    for (std::size_t j = 0; j < b.rows[0].size(); ++j) {
      Node entry = product_of(row[0], b.rows[0][j]);
      for (std::size_t k = 1; k < row.size(); ++k)
        entry = sum_of(entry, product_of(row[k], b.rows[k][j]));
      into.push_back(std::move(entry));
    }
  }
  return fits(out) ? std::optional(std::move(out)) : std::nullopt;
}

// By the first row (Laplace).
Node determinant(const Entries& rows) {
  if (rows.size() == 1) return rows[0][0];
  Node out = integer(0);
  for (std::size_t j = 0; j < rows.size(); ++j) {
    Entries minor;
    for (std::size_t i = 1; i < rows.size(); ++i) {
      auto& row = minor.emplace_back();
      for (std::size_t k = 0; k < rows.size(); ++k)
        if (k != j) row.push_back(rows[i][k]);
    }
    Node term = product_of(rows[0][j], determinant(minor));
    out = sum_of(out, j % 2 == 1 ? make(Kind::negative, std::move(term)) : std::move(term));
  }
  return out;
}

bool is_transposition(const Node& exponent) {
  return (exponent.kind == Kind::symbol && (exponent.text == "T" || exponent.text == "t")) ||
         (exponent.kind == Kind::text && exponent.text == "t");
}

std::optional<Array> array_of(const Node& node);

// [[1, 2], [3, 4]]
std::optional<Array> nested(const Node& node) {
  if (node.kind != Kind::tuple || node.parts.size() < 2) return std::nullopt;
  Array out;
  for (const Node& row : node.parts) {
    if (row.kind != Kind::tuple || row.text != "[]" || node.text != "[]") return std::nullopt;
    out.rows.push_back(row.parts);
  }
  return is_rectangle(out.rows) ? std::optional(std::move(out)) : std::nullopt;
}

std::optional<Array> plain(const Node& node) {
  Array out;
  if (node.kind == Kind::matrix) {
    for (const Node& row : node.parts) out.rows.push_back(row.parts);
  } else if (node.kind == Kind::tuple && node.text == "()") {
    out.tuple = true;
    for (const Node& entry : node.parts) out.rows.push_back({entry});
  } else {
    return nested(node);
  }
  return is_rectangle(out.rows) ? std::optional(std::move(out)) : std::nullopt;
}

std::optional<Array> powered(const Node& node) {
  auto base = array_of(node.parts[0]);
  if (!base) return std::nullopt;
  const Node& exponent = node.parts[1];
  // (1, 2) is a column as it stands, and (1, 2)^T says so.
  if (is_transposition(exponent)) return base->tuple ? base : transposed(*base);
  bool few = exponent.kind == Kind::number && exponent.text.size() <= 2 &&
             exponent.text.find_first_not_of("0123456789") == std::string::npos;
  int times = few ? std::stoi(exponent.text) : 0;
  if (times < 1 || times > power_max) return std::nullopt;
  std::optional<Array> out = base;
  for (int i = 1; i < times && out; ++i) out = multiplied(*out, *base);
  return out;
}

std::optional<Array> factored(const Node& node) {
  std::optional<Array> out;
  Node factor = integer(1);
  for (const Node& part : node.parts) {
    auto next = array_of(part);
    if (!next) {
      if (!is_expression(part)) return std::nullopt;
      factor = product_of(factor, part);
    } else {
      out = out ? multiplied(*out, *next) : std::move(next);
      if (!out) return std::nullopt;
    }
  }
  return out ? std::optional(scaled(std::move(*out), factor)) : std::nullopt;
}

std::optional<Array> array_of(const Node& node) {
  switch (node.kind) {
    case Kind::sum: {
      auto out = array_of(node.parts[0]);
      for (std::size_t i = 1; i < node.parts.size() && out; ++i) {
        auto next = array_of(node.parts[i]);
        out = next ? added(*out, *next) : std::nullopt;
      }
      return out;
    }
    case Kind::product:
      return factored(node);
    case Kind::negative: {
      auto out = array_of(node.parts[0]);
      return out ? std::optional(scaled(std::move(*out), integer(-1))) : std::nullopt;
    }
    case Kind::quotient: {
      auto out = array_of(node.parts[0]);
      if (!out || !is_expression(node.parts[1])) return std::nullopt;
      return scaled(std::move(*out), make(Kind::quotient, integer(1), node.parts[1]));
    }
    case Kind::power:
      return powered(node);
    default:
      return plain(node);
  }
}

Node to_node(const Array& array) {
  if (array.tuple) {
    Node out = make(Kind::tuple, "()");
    for (const auto& row : array.rows) out.parts.push_back(row[0]);
    return out;
  }
  Node out = make(Kind::matrix, std::string());
  for (const auto& row : array.rows) out.parts.push_back(make(Kind::tuple, "[]", row));
  return out;
}

bool is_arithmetic(const Node& node) {
  switch (node.kind) {
    case Kind::sum:
    case Kind::product:
    case Kind::quotient:
    case Kind::negative:
    case Kind::power:
      return true;
    default:
      return false;
  }
}

}  // namespace

Node with_computed_matrices(const Node& node) {
  if (!contains(node, Kind::matrix) && !contains(node, Kind::tuple)) return node;
  if (node.kind == Kind::function && node.text == "det") {
    auto inside = array_of(node.parts[0]);
    bool square = inside && inside->rows.size() == inside->rows[0].size() && !inside->tuple;
    if (square && inside->rows.size() <= 5) return determinant(inside->rows);
  }
  if (is_arithmetic(node) || node.kind == Kind::tuple) {
    bool plain_tuple = node.kind == Kind::tuple && !nested(node);
    auto computed = plain_tuple ? std::nullopt : array_of(node);
    if (computed && fits(*computed)) return to_node(*computed);
  }
  Node out = make(node.kind, node.text);
  for (const Node& part : node.parts) out.parts.push_back(with_computed_matrices(part));
  return out;
}

}  // namespace tramontane::maths
