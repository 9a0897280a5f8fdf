#include "actors/view/draw.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <limits>

namespace tramontane {

namespace {

struct Symbol {
  char32_t code = 0;
  std::size_t bytes = 1;
};

Symbol symbol(std::string_view rest) {
  auto first = static_cast<unsigned char>(rest[0]);
  std::size_t bytes = first < 0x80 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
  bytes = std::min(bytes, rest.size());
  char32_t code = bytes == 1 ? first : first & (0xFFU >> (bytes + 1));
  for (std::size_t i = 1; i < bytes; ++i)
    code = (code << 6U) | (static_cast<unsigned char>(rest[i]) & 0x3FU);
  return {code, bytes};
}

int columns(char32_t code) {
  bool mark = (code >= 0x300 && code <= 0x36F) || (code >= 0x200B && code <= 0x200F) ||
              (code >= 0xFE00 && code <= 0xFE0F) || (code >= 0x20D0 && code <= 0x20F0);
  if (mark) return 0;
  bool wide = (code >= 0x1100 && code <= 0x115F) || (code >= 0x2E80 && code <= 0xA4CF) ||
              (code >= 0xAC00 && code <= 0xD7A3) || (code >= 0xF900 && code <= 0xFAFF) ||
              (code >= 0xFE30 && code <= 0xFE6F) || (code >= 0xFF00 && code <= 0xFF60) ||
              (code >= 0xFFE0 && code <= 0xFFE6) || (code >= 0x1F300 && code <= 0x1FAFF) ||
              (code >= 0x20000 && code <= 0x3FFFD);
  return wide ? 2 : 1;
}

std::string utf8(char32_t code) {  // of a symbol below U+10000
  return {static_cast<char>(0xE0U | (code >> 12U)),
      static_cast<char>(0x80U | ((code >> 6U) & 0x3FU)), static_cast<char>(0x80U | (code & 0x3FU))};
}

std::string print(const char* form, double value) {
  std::array<char, 64> buffer{};
  std::snprintf(buffer.data(), buffer.size(), form, value);
  return buffer.data();
}

const std::string absent = "–";

// The text of a tone, as SGR parameters.
const char* code_of(Tone tone) {
  switch (tone) {
    case Tone::plain:
      return "";
    case Tone::dim:
      return "2";
    case Tone::strong:
      return "1";
    case Tone::first:
      return "36";
    case Tone::second:
      return "33";
    case Tone::good:
      return "32";
    case Tone::warn:
      return "33;1";
    case Tone::bad:
      return "31;1";
  }
  return "";
}

}  // namespace

int columns(std::string_view utf8) {
  int sum = 0;
  while (!utf8.empty()) {
    Symbol next = symbol(utf8);
    sum += columns(next.code);
    utf8.remove_prefix(next.bytes);
  }
  return sum;
}

std::string cut(std::string_view utf8, int width) {
  if (width <= 0) return "";
  if (columns(utf8) <= width) return std::string(utf8);
  std::string out;
  int used = 0;
  while (!utf8.empty()) {
    Symbol next = symbol(utf8);
    if (used + columns(next.code) > width - 1) break;
    used += columns(next.code);
    out += utf8.substr(0, next.bytes);
    utf8.remove_prefix(next.bytes);
  }
  return out + "…";
}

std::string fit(std::string_view utf8, int width) {
  std::string out = cut(utf8, width);
  return out + std::string(static_cast<std::size_t>(std::max(0, width - columns(out))), ' ');
}

std::string fit_right(std::string_view utf8, int width) {
  std::string out = cut(utf8, width);
  return std::string(static_cast<std::size_t>(std::max(0, width - columns(out))), ' ') + out;
}

std::string fixed(double value, int digits) {
  if (!std::isfinite(value)) return absent;
  std::array<char, 400> buffer{};
  std::snprintf(buffer.data(), buffer.size(), "%.*f", digits, value);
  return std::abs(value) < 1e15 ? std::string(buffer.data()) : print("%.3g", value);
}

std::string whole(double value) {
  if (!std::isfinite(value)) return absent;
  if (std::abs(value) >= 1e15) return print("%.3g", value);
  std::string digits = print("%.0f", std::abs(value));
  for (std::size_t at = digits.size(); at > 3;) {
    at -= 3;
    digits.insert(at, ",");
  }
  return value < 0 && digits != "0" ? "-" + digits : digits;
}

std::string count(double value) {
  double size = std::abs(value);
  if (!std::isfinite(value)) return absent;
  if (size < 9999.5) return whole(value);
  if (size < 99950) return print("%.1fk", value / 1e3);
  if (size < 999500) return print("%.0fk", value / 1e3);
  if (size < 99.95e6) return print("%.2fM", value / 1e6);
  if (size < 999.5e6) return print("%.0fM", value / 1e6);
  return size < 1e15 ? print("%.2fG", value / 1e9) : print("%.3g", value);
}

std::string share(double value) {
  if (!std::isfinite(value)) return absent;
  return fixed(value * 100, 0) + " %";
}

std::string duration(double seconds) {
  if (!std::isfinite(seconds)) return absent;
  if (seconds < 0) seconds = 0;
  if (seconds < 9.95) return print("%.1f s", seconds);
  if (seconds < 59.5) return print("%.0f s", seconds);
  if (seconds > 1e12) return absent;
  auto total = static_cast<long long>(std::llround(seconds));
  std::array<char, 64> buffer{};
  if (total < 3600)
    std::snprintf(buffer.data(), buffer.size(), "%lld:%02lld", total / 60, total % 60);
  else
    std::snprintf(buffer.data(), buffer.size(), "%lld:%02lld:%02lld", total / 3600, total / 60 % 60,
        total % 60);
  return buffer.data();
}

std::string micros(double microseconds) {
  if (!std::isfinite(microseconds)) return absent;
  if (microseconds < 9.95) return print("%.1f µs", microseconds);
  if (microseconds < 999.5) return print("%.0f µs", microseconds);
  if (microseconds < 999.5e3) return print("%.1f ms", microseconds / 1e3);
  return print("%.1f s", microseconds / 1e6);
}

std::string bytes_text(double bytes) {
  if (!std::isfinite(bytes)) return absent;
  if (bytes < 999.5) return print("%.0f B", bytes);
  if (bytes < 999.5e3) return print("%.0f kB", bytes / 1e3);
  if (bytes < 999.5e6) return print("%.1f MB", bytes / 1e6);
  return print("%.1f GB", bytes / 1e9);
}

std::string bar(double share, int width) {
  if (width <= 0) return "";
  double filled = std::isfinite(share) ? std::clamp(share, 0.0, 1.0) * width : 0;
  auto eighths = static_cast<int>(std::lround(filled * 8));
  std::string out;
  for (int i = 0; i < width; ++i) {
    int here = std::clamp(eighths - 8 * i, 0, 8);
    out += here == 0 ? "░" : utf8(static_cast<char32_t>(0x2590 - here));
  }
  return out;
}

std::string sparkline(const std::vector<double>& values, int width) {
  std::size_t from = values.size() > static_cast<std::size_t>(std::max(0, width))
                         ? values.size() - static_cast<std::size_t>(std::max(0, width))
                         : 0;
  double low = std::numeric_limits<double>::infinity();
  double high = -low;
  for (std::size_t i = from; i < values.size(); ++i)
    if (std::isfinite(values[i])) {
      low = std::min(low, values[i]);
      high = std::max(high, values[i]);
    }
  std::string out;
  for (std::size_t i = from; i < values.size(); ++i) {
    double height = high > low ? (values[i] - low) / (high - low) : 0;
    out += std::isfinite(values[i]) ? utf8(static_cast<char32_t>(0x2581 + std::lround(height * 7)))
                                    : " ";
  }
  return out;
}

Line& Line::add(std::string_view utf8, Tone tone) {
  if (!pieces_.empty() && pieces_.back().second == tone)
    pieces_.back().first += utf8;
  else
    pieces_.emplace_back(utf8, tone);
  width_ += columns(utf8);
  return *this;
}

Line& Line::add(const Line& other) {
  for (const auto& [piece, tone] : other.pieces_) add(piece, tone);
  return *this;
}

Line& Line::to(int column) {
  if (width_ < column) add(std::string(static_cast<std::size_t>(column - width_), ' '));
  return *this;
}

std::string Line::str(int width, bool colour) const {
  std::string out;
  int left = std::max(0, width);
  for (std::size_t i = 0; i < pieces_.size() && left > 0; ++i) {
    const auto& [piece, tone] = pieces_[i];
    std::string shown = cut(piece, left);
    left -= columns(shown);
    bool wrap = colour && tone != Tone::plain && !shown.empty();
    if (wrap) out += "\x1b[" + std::string(code_of(tone)) + "m";
    out += shown;
    if (wrap) out += "\x1b[0m";
  }
  return out;
}

namespace {

struct Cell {
  std::string_view bytes;
  int columns = 0;
  Tone tone = Tone::plain;

  bool space() const { return bytes == " "; }
};

// Where a line from `begin` on is broken: at or before `limit`, the first cell that finds no room,
// and after `least`, what a broken line must have. `room` is that of the line that would follow.
std::size_t break_of(
    const std::vector<Cell>& cells, std::size_t least, std::size_t limit, int room) {
  auto is_space = [&](std::size_t i) { return i < cells.size() && cells[i].space(); };
  std::size_t single = 0;
  for (std::size_t at = std::min(limit, cells.size() - 1); at > least; --at) {
    if (!is_space(at) || is_space(at - 1)) continue;
    if (single == 0) single = at;
    if (!is_space(at + 1)) continue;
    // Before a gap between figures, if what follows the gap then stays whole.
    int whole = 0;
    std::size_t i = at + 2;
    for (; i < cells.size() && !(is_space(i) && is_space(i + 1)); ++i) whole += cells[i].columns;
    return whole <= room ? at : single;
  }
  if (single != 0) return single;
  while (limit < cells.size() && !is_space(limit)) ++limit;
  return limit;
}

}  // namespace

std::vector<Line> Line::folded(int width, int indent) const {
  std::vector<Cell> cells;
  for (const auto& [piece, tone] : pieces_)
    for (std::string_view rest = piece; !rest.empty();) {
      Symbol next = symbol(rest);
      cells.push_back({rest.substr(0, next.bytes), columns(next.code), tone});
      rest.remove_prefix(next.bytes);
    }
  std::vector<Line> out;
  std::size_t begin = 0;
  do {
    int used = begin == 0 ? 0 : indent;
    std::size_t least = begin;
    std::size_t end = begin;
    for (; end < cells.size() && used + cells[end].columns <= width; ++end) {
      used += cells[end].columns;
      if (used <= indent) least = end + 1;
    }
    if (end < cells.size()) end = break_of(cells, least, end, width - indent);
    Line line;
    if (begin != 0) line.to(indent);
    for (std::size_t i = begin; i < end; ++i) line.add(cells[i].bytes, cells[i].tone);
    out.push_back(std::move(line));
    for (begin = end; begin < cells.size() && cells[begin].space();) ++begin;
  } while (begin < cells.size());
  return out;
}

void Series::add(double x, double y) {
  if (!std::isfinite(x) || !std::isfinite(y)) return;
  // A step told again (a replay after a resume) replaces what was known from there on.
  while (!points_.empty() && points_.back().first >= x) points_.pop_back();
  if (points_.size() == capacity) {
    for (std::size_t i = 0; i < capacity / 2; ++i) points_[i] = points_[2 * i];
    points_.resize(capacity / 2);
  }
  points_.emplace_back(x, y);
}

double Series::last() const {
  return points_.empty() ? std::numeric_limits<double>::quiet_NaN() : points_.back().second;
}

Chart::Chart(int columns, int rows, Axes axes)
    : columns_(std::max(1, columns)), rows_(std::max(1, rows)), axes_(axes) {
  auto cells = static_cast<std::size_t>(columns_ * rows_);
  dots_.resize(cells, 0);
  tones_.resize(cells, Tone::plain);
}

void Chart::dot(int x, int y, Tone tone) {
  if (x < 0 || y < 0 || x >= 2 * columns_ || y >= 4 * rows_) return;
  static constexpr std::array<std::array<unsigned char, 2>, 4> bits = {
      {{0x01, 0x08}, {0x02, 0x10}, {0x04, 0x20}, {0x40, 0x80}}};
  auto cell = static_cast<std::size_t>(y / 4 * columns_ + x / 2);
  dots_[cell] |= bits[static_cast<std::size_t>(y % 4)][static_cast<std::size_t>(x % 2)];
  tones_[cell] = tone;
}

void Chart::curve(const Series& series, Tone tone) {
  double x_span = axes_.x_to > axes_.x_from ? axes_.x_to - axes_.x_from : 1;
  double y_span = axes_.y_to > axes_.y_from ? axes_.y_to - axes_.y_from : 1;
  int before_x = 0;
  int before_y = 0;
  bool first = true;
  for (auto [px, py] : series.points()) {
    double at = std::clamp((px - axes_.x_from) / x_span, 0.0, 1.0);
    double up = std::clamp((py - axes_.y_from) / y_span, 0.0, 1.0);
    auto x = static_cast<int>(std::lround(at * (2 * columns_ - 1)));
    auto y = static_cast<int>(std::lround((1 - up) * (4 * rows_ - 1)));
    int steps = first ? 0 : std::max(std::abs(x - before_x), std::abs(y - before_y));
    for (int i = 1; i < steps; ++i)
      dot(before_x + (x - before_x) * i / steps, before_y + (y - before_y) * i / steps, tone);
    dot(x, y, tone);
    before_x = x;
    before_y = y;
    first = false;
  }
}

std::vector<Line> Chart::lines() const {
  std::vector<Line> out;
  for (int row = 0; row < rows_; ++row) {
    Line line;
    for (int column = 0; column < columns_; ++column) {
      auto cell = static_cast<std::size_t>(row * columns_ + column);
      if (dots_[cell])
        line.add(utf8(0x2800U + dots_[cell]), tones_[cell]);
      else
        line.add(" ");
    }
    out.push_back(std::move(line));
  }
  return out;
}

}  // namespace tramontane
